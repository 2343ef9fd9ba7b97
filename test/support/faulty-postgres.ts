import { type ChildProcess, execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@cairn/platform';
import { eventually, isGone } from './launched-cairn.js';
import { query } from './projection-kit.js';

const run = promisify(execFile);
const SIZE = '220m';
/** A cluster that has room on a small disk; everything about durability is as the product has it. */
const SETTINGS = { shared_buffers: '32MB', min_wal_size: '32MB', max_wal_size: '64MB', max_connections: '120' };

/**
 * A PostgreSQL as the product embeds it, on a disk of its own and behind a wire that the test holds: both can fail.
 * It needs a root that may mount, and strace; where these are not there it says so.
 */
export class FaultyPostgres {
  private readonly sockets = new Set<net.Socket>();
  private delayMs = 0;
  private isCut = false;
  private tracing: ChildProcess | undefined;

  private constructor(
    readonly folder: string,
    private readonly dataDir: string,
    private readonly wire: net.Server,
    private readonly wireDir: string,
    private server: EmbeddedPostgres,
  ) {}

  static async start(): Promise<FaultyPostgres> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-faulty-'));
    fs.chmodSync(folder, 0o755);
    const [dataDir, wireDir] = [path.join(folder, 'disk'), path.join(folder, 'w')];
    for (const each of [dataDir, wireDir]) fs.mkdirSync(each);
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=755`, 'tmpfs', dataDir]).catch((error: Error) => {
      throw new Error(`this test mounts a small disk, which takes a root that may: ${error.message}`);
    });
    const server = await startEmbeddedPostgres({ dir: dataDir, settings: SETTINGS });
    const wire = net.createServer();
    const faulty = new FaultyPostgres(folder, dataDir, wire, wireDir, server);
    wire.on('connection', (socket) => faulty.connect(socket));
    await new Promise<void>((resolve) => wire.listen(path.join(wireDir, '.s.PGSQL.5432'), resolve));
    return faulty;
  }

  /** Through the wire, as the services connect. */
  get url(): string {
    return this.wired(this.ownUrl);
  }

  /** The same login through the wire. */
  wired(url: string): string {
    const through = new URL(url);
    through.searchParams.set('host', this.wireDir);
    return through.toString();
  }

  /** Past the wire, as whoever looks after it connects. */
  get ownUrl(): string {
    return this.server.url;
  }

  /** Every piece of what is said comes so much later. */
  slow(delayMs: number): void {
    this.delayMs = delayMs;
  }

  /** Nothing gets through, and nobody is told. Mended, what was on its way is lost with its connections. */
  cut(isCut: boolean): void {
    this.isCut = isCut;
    if (!isCut) for (const socket of this.sockets) socket.destroy();
  }

  async setReadOnly(isReadOnly: boolean): Promise<void> {
    await query(this.ownUrl, `alter system set default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`);
    await query(this.ownUrl, 'select pg_reload_conf()');
  }

  /** Takes all room that is left on the disk. */
  fill(): void {
    const file = fs.openSync(this.ballast, 'w');
    const block = Buffer.alloc(64 * 1024);
    try {
      for (;;) fs.writeSync(file, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      fs.closeSync(file);
    }
  }

  /** Room again; a server that gave up meanwhile is started again, as whoever looks after it does. */
  async makeRoom(): Promise<void> {
    fs.rmSync(this.ballast, { force: true });
    await this.restartIfEnded();
  }

  /** No fsync of any of the server's processes succeeds. */
  async failFsync(): Promise<void> {
    const pids = this.processes().flatMap((pid) => ['-p', String(pid)]);
    const inject = ['-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO'];
    const tracing = spawn('strace', ['-f', '-qq', '-o', '/dev/null', ...inject, ...pids], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let words = '';
    tracing.stderr.on('data', (chunk) => (words += String(chunk)));
    tracing.on('error', (error) => (words += error.message));
    this.tracing = tracing;
    await eventually('strace is attached', () => {
      if (tracing.exitCode !== null || words.includes('not permitted') || words.includes('ENOENT'))
        throw new Error(`this test injects errors by strace, which may not attach here: ${words}`);
      return isTraced(this.server.pid);
    });
  }

  async mendFsync(): Promise<void> {
    const { tracing } = this;
    this.tracing = undefined;
    if (tracing && tracing.exitCode === null && tracing.signalCode === null) {
      const gone = new Promise((resolve) => tracing.once('exit', resolve));
      tracing.kill('SIGTERM');
      await gone;
    }
    await this.restartIfEnded();
    // A child that ended as it was let go is one that its server waits for in vain: whoever looks after it starts it again.
    for (let attempt = 0; attempt < 20; attempt++) {
      const answers = await query(this.ownUrl, 'select').then(
        () => true,
        () => false,
      );
      if (answers) return;
      await pause(200);
    }
    await this.restart('SIGKILL');
  }

  /** Ends the server, and starts it again: SIGINT is `stop -m fast`, SIGQUIT `-m immediate`, SIGKILL nobody's wish. */
  async restart(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void> {
    process.kill(this.server.pid, signal);
    await this.server.exited;
    // As long as whoever looks after it takes to notice.
    await pause(1_000);
    await this.restartIfEnded();
  }

  async stop(): Promise<void> {
    this.tracing?.kill('SIGKILL');
    fs.rmSync(this.ballast, { force: true });
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.wire.close(resolve));
    await this.server.stop();
    await run('umount', ['-l', this.dataDir]);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private get ballast(): string {
    return path.join(this.dataDir, 'ballast');
  }

  private async restartIfEnded(): Promise<void> {
    // Whether it is about to give up, it shows within a moment of its last failure.
    await pause(200);
    if (!isGone(this.server.pid)) return;
    await this.server.exited;
    this.server = await startEmbeddedPostgres({ dir: this.dataDir, settings: SETTINGS });
  }

  private processes(): readonly number[] {
    const data = fs.realpathSync(path.join(this.dataDir, 'pgdata'));
    return fs.readdirSync('/proc').flatMap((name) => {
      try {
        return /^\d+$/.test(name) && fs.readlinkSync(`/proc/${name}/cwd`) === data ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
  }

  private connect(client: net.Socket): void {
    const host = decodeURIComponent(new URL(this.server.url).searchParams.get('host')!);
    const server = net.connect(path.join(host, '.s.PGSQL.5432'));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(from);
      let free = 0;
      from.on('data', (piece) => {
        if (this.isCut) return;
        // Pieces keep their order, also when the wire becomes fast again.
        const now = performance.now();
        free = Math.max(free, now + this.delayMs);
        if (free <= now) to.write(piece);
        else setTimeout(() => to.writable && to.write(piece), free - now);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}

const isTraced = (pid: number): boolean => !/^TracerPid:\s+0$/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
