import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@cairn/platform';
import pg from 'pg';

const SMALL = { shared_buffers: '16MB', max_connections: '20' };
const NOBODY = 65534;

describe('embedded PostgreSQL', () => {
  let dir: string;
  beforeAll(() => {
    dir = newDirectory(0o755);
  });
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));
  const start = () => startEmbeddedPostgres({ dir, settings: SMALL });

  it('keeps its data over a stop and a start', async () => {
    const first = await start();
    await query(first.url, 'create table kept (what text)');
    await query(first.url, `insert into kept values ('before')`);
    await first.stop();
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select what from kept')).toEqual([{ what: 'before' }]);
    expect(await query(second.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
    await second.stop();
  });

  it('leaves no socket behind', async () => {
    const server = await start();
    const sockets = new URL(server.url).searchParams.get('host')!;
    expect(fs.statSync(sockets).mode & 0o777).toBe(0o700);
    await server.stop();
    expect(fs.existsSync(sockets)).toBe(false);
  });

  it('says that a directory is in use, in this process and in another', async () => {
    const server = await start();
    await expect(start()).rejects.toMatchObject({ name: 'DirectoryInUse', message: expect.stringContaining(dir) });
    const other = startInAnotherProcess(dir);
    expect(await firstLine(other)).toMatch(/^DirectoryInUse/);
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.stop();
  });

  it('goes on after the server was killed', async () => {
    const server = await start();
    await query(server.url, `insert into kept values ('acknowledged')`);
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    await keeps('acknowledged');
  });

  it('goes on after the process that started it was killed', async () => {
    const parent = startInAnotherProcess(dir);
    const url = await firstLine(parent);
    expect(url).toMatch(/^postgres:/);
    await query(url, `insert into kept values ('orphaned')`);
    parent.kill('SIGKILL');
    await keeps('orphaned');
  });

  it('goes on after both were killed at once', async () => {
    const parent = startInAnotherProcess(dir);
    const url = await firstLine(parent);
    const [{ pid }] = (await query(url, 'select pg_backend_pid() as pid')) as [{ pid: number }];
    expect(pid).toBeGreaterThan(0);
    process.kill(Number.parseInt(fs.readFileSync(path.join(dir, 'pgdata/postmaster.pid'), 'utf8'), 10), 'SIGKILL');
    parent.kill('SIGKILL');
    await keeps('orphaned');
  });

  it('is not stopped by a lock file that names a process of something else', async () => {
    const lockFile = path.join(dir, 'pgdata/postmaster.pid');
    fs.writeFileSync(lockFile, `${process.ppid}\n${dir}/pgdata\n1600000000\n5432\n/tmp\n\n0 0\nready\n`);
    await keeps('before');
  });

  it('makes anew what an interrupted first start left half made', async () => {
    const other = newDirectory(0o755);
    fs.mkdirSync(path.join(other, 'pgdata.unfinished/base'), { recursive: true });
    fs.writeFileSync(path.join(other, 'pgdata.unfinished/PG_VERSION'), '18\n');
    await worksAndStops(await startEmbeddedPostgres({ dir: other, database: 'other "name"', settings: SMALL }));
    fs.rmSync(other, { recursive: true });
  });

  it('says what PostgreSQL said when it does not start', async () => {
    await expect(startEmbeddedPostgres({ dir, settings: { shared_buffers: 'much' } })).rejects.toThrow(
      /did not start:[^]*shared_buffers/,
    );
    await keeps('before');
  });

  it('works in a directory that no other user can enter', async () => {
    const closed = newDirectory(0o700);
    await worksAndStops(await startEmbeddedPostgres({ dir: closed, settings: SMALL }));
    fs.rmSync(closed, { recursive: true });
  });

  it('works for a user who is not root', async () => {
    const own = newDirectory(0o755);
    if (process.getuid?.() === 0) fs.chownSync(own, NOBODY, NOBODY);
    const parent = startInAnotherProcess(own, process.getuid?.() === 0 ? NOBODY : undefined);
    expect(await firstLine(parent)).toMatch(/^postgres:/);
    parent.kill('SIGTERM');
    await once(parent, 'exit');
    fs.rmSync(own, { recursive: true });
  });

  async function keeps(what: string): Promise<void> {
    const server = await start();
    expect(await query(server.url, `select what from kept where what = '${what}'`)).toEqual([{ what }]);
    await server.stop();
  }

  async function worksAndStops(server: EmbeddedPostgres): Promise<void> {
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.stop();
  }
});

/** As short as a data directory may not be long: sockets live elsewhere. */
function newDirectory(mode: number): string {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), `cairn-embedded-${'x'.repeat(60)}-`));
  fs.chmodSync(made, mode);
  return made;
}

/** Prints the server's URL, or the error, and runs until it is told to stop. */
function startInAnotherProcess(dir: string, uid?: number): ChildProcess {
  const script = `
    import { startEmbeddedPostgres } from '@cairn/platform';
    try {
      const server = await startEmbeddedPostgres({ dir: ${JSON.stringify(dir)}, settings: ${JSON.stringify(SMALL)} });
      process.once('SIGTERM', () => void server.stop());
      console.log(server.url);
    } catch (error) {
      console.log(error.name + ': ' + error.message);
    }`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
  return chunk.toString().split('\n')[0]!;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}
