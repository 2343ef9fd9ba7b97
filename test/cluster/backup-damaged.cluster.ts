import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { leaseDirectory, PostgresEventStore } from '@cairn/platform';
import { prepareKeyRing, rotateKeyRing } from '@cairn/platform/signing';
import { digestOf, readStone, type Stone, stoneText } from '../../apps/cli/src/backup/stone.js';
import { cairn } from '../support/cairn-command.js';
import { eventually, repository } from '../support/launched-cairn.js';
import { query } from '../support/projection-kit.js';
import { runNotary, type RunningNotary } from '../support/running-notary.js';
import { recordTrials } from '../support/signed-log.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENTS = 4_000;

let folder: string;
let database: TestDatabase;
let store: PostgresEventStore;
let notary: RunningNotary;
let keyRing: string;
/** Two stones, and another backup of the same log. */
let sound: string;
let other: string;
const empty: TestDatabase[] = [];

const inFolder = (name: string): string => path.join(folder, name);
const environment = (url: string) => ({ DATABASE_URL: url, CAIRN_SIGNING_KEYS: keyRing });
const backUp = (out: string) => cairn(environment(database.url), 'backup', '--out', out);
const verify = (directory: string, ...more: readonly string[]) => cairn({}, 'backup', 'verify', directory, ...more);

async function recordAndSign(count: number): Promise<void> {
  for (const tenant of ['one', 'two']) await recordTrials(store, tenant, { count, trials: ['A', 'B', 'C'] });
  await eventually('all is signed', async () => {
    const [row] = await query<{ open: string }>(
      database.url,
      'select count(*) as open from cairn.log l left join cairn.notary n using (tenant) where l.head > coalesce(n.position, 0)',
    );
    return row?.open === '0';
  });
}

beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-backup-'));
  keyRing = inFolder('signing-keys.json');
  await prepareKeyRing(keyRing, new Date());
  database = await createTestDatabase();
  store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
  notary = await runNotary(database.url, keyRing);
  [sound, other] = [inFolder('sound'), inFolder('other')];
  await recordAndSign(EVENTS / 2);
  expect(await backUp(sound)).toMatchObject({ exitCode: 0 });
  expect(await backUp(other)).toMatchObject({ exitCode: 0 });
  await rotateKeyRing(keyRing, new Date());
  await recordAndSign(EVENTS / 2);
  expect(await backUp(sound)).toMatchObject({ exitCode: 0 });
  expect(await backUp(other)).toMatchObject({ exitCode: 0 });
}, 120_000);
afterAll(async () => {
  await notary.stop();
  await store.close();
  await Promise.all([database, ...empty].map((each) => each.drop()));
  await fs.rm(folder, { recursive: true, force: true });
});

async function emptyDatabase(): Promise<TestDatabase> {
  const made = await createTestDatabase();
  empty.push(made);
  return made;
}

let copies = 0;
async function copyOf(directory: string): Promise<string> {
  const copy = inFolder(`copy-${copies++}`);
  await fs.cp(directory, copy, { recursive: true });
  return copy;
}

async function filesOf(directory: string): Promise<readonly string[]> {
  const entries = await fs.readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();
}

it('is sound as it was made, by its own keys and by those from elsewhere, and brings both logs back as they are', async () => {
  expect(await verify(sound)).toMatchObject({ exitCode: 0 });
  const { out } = await cairn(environment(database.url), 'keys', 'list');
  const keys = out
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0]!);
  expect(keys).toHaveLength(2);
  expect(await verify(sound, ...keys.flatMap((key) => ['--key', key]))).toMatchObject({ exitCode: 0 });
  // The first key alone did not sign what came after it.
  expect(await verify(sound, '--key', keys[1]!)).toMatchObject({ exitCode: 1 });
  const target = await emptyDatabase();
  expect(await cairn(environment(target.url), 'restore', '--from', sound)).toMatchObject({ exitCode: 0 });
  for (const table of ['log', 'event', 'notary', 'checkpoint', 'tile']) {
    const rows = `select md5(string_agg(t::text, '|' order by t::text)) as rows, count(*) from cairn.${table} t`;
    expect({ table, rows: await query(target.url, rows) }).toEqual({ table, rows: await query(database.url, rows) });
  }
  const again = await cairn(environment(target.url), 'restore', '--from', sound);
  expect(again).toMatchObject({ exitCode: 2 });
  expect(again.err).toContain('not empty');
});

describe('damage is told with the file that shows it', () => {
  /** A backup is no use whose file has another byte, ends early or is gone; verifying and restoring say the same. */
  const ways: readonly (readonly [string, (file: string) => Promise<void>])[] = [
    ['a flipped bit', flipBit],
    ['an early end', (file) => truncate(file)],
    ['no file', (file) => fs.rm(file)],
  ];

  it.each(ways)('%s, in every file', async (_, damage) => {
    for (const file of await filesOf(sound)) {
      const copy = await copyOf(sound);
      if ((await fs.stat(path.join(copy, file))).size === 0 && damage !== ways[2]![1]) continue;
      await damage(path.join(copy, file));
      const { exitCode, out } = await verify(copy);
      expect({ file, exitCode }).toEqual({ file, exitCode: 1 });
      expect(out).toContain(file);
      await fs.rm(copy, { recursive: true });
    }
  });

  it('brings nothing back, and says so before anybody sees anything of it', async () => {
    const target = await emptyDatabase();
    const copy = await copyOf(sound);
    await flipBit(path.join(copy, '000002/events-two.ndjson'));
    const { exitCode, out } = await cairn(environment(target.url), 'restore', '--from', copy);
    expect(exitCode).toBe(1);
    expect(out).toContain('000002/events-two.ndjson');
    expect(await query(target.url, 'select from cairn.event')).toEqual([]);
    expect(await cairn(environment(target.url), 'restore', '--from', sound)).toMatchObject({ exitCode: 0 });
  });

  it('a stone is missing, or of another backup', async () => {
    const without = await copyOf(sound);
    await fs.rm(path.join(without, '000001'), { recursive: true });
    expect((await verify(without)).out).toContain('000001 is missing');
    const mixed = await copyOf(sound);
    await fs.rm(path.join(mixed, '000002'), { recursive: true });
    await fs.cp(path.join(other, '000002'), path.join(mixed, '000002'), { recursive: true });
    const { exitCode, out } = await verify(mixed);
    expect(exitCode).toBe(1);
    expect(out).toMatch(/000002\/stone\.json .*another backup/);
    expect(await cairn(environment(database.url), 'backup', '--out', mixed)).toMatchObject({ exitCode: 2 });
  });

  it('an event was altered by somebody who computed every digest anew: its position is told', async () => {
    const copy = await copyOf(sound);
    const file = path.join(copy, '000002/events-one.ndjson');
    const lines = (await fs.readFile(file, 'utf8')).split('\n');
    lines[17] = lines[17]!.replace(/minutes\\":\d/, 'minutes\\":9');
    await fs.writeFile(file, lines.join('\n'));
    await sealAgain(copy);
    const { exitCode, out } = await verify(copy);
    expect(exitCode).toBe(1);
    expect(out).toContain(`position ${EVENTS / 2 + 18} of the log of one`);
  });

  it('an event was taken out with its checkpoints by somebody who computed every digest anew', async () => {
    const copy = await copyOf(sound);
    const file = path.join(copy, '000002/checkpoints-one.ndjson');
    const notes = (await fs.readFile(file, 'utf8')).trim().split('\n');
    await fs.writeFile(file, [...notes.slice(0, 2), ...notes.slice(3), ''].join('\n'));
    await sealAgain(copy);
    expect(await verify(copy)).toMatchObject({ exitCode: 1 });
  });
});

/** Half way through, where no line is empty. */
async function flipBit(file: string): Promise<void> {
  const bytes = await fs.readFile(file);
  bytes[bytes.length >> 1]! ^= 1;
  await fs.writeFile(file, bytes);
}

async function truncate(file: string): Promise<void> {
  await fs.truncate(file, Math.floor((await fs.stat(file)).size * 0.9));
}

/** Digests of the last stone as of its files now. */
async function sealAgain(directory: string): Promise<void> {
  const { createHash } = await import('node:crypto');
  const file = path.join(directory, '000002/stone.json');
  const { stone } = readStone(await fs.readFile(file, 'utf8'))!;
  const files: Stone['files'] = {};
  for (const name of Object.keys(stone.files)) {
    const bytes = await fs.readFile(path.join(directory, '000002', name));
    files[name] = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
  await fs.writeFile(file, stoneText({ ...stone, files }));
  expect(digestOf({ ...stone, files })).not.toBe(digestOf(stone));
}

describe('what is interrupted', () => {
  /** The command line as a process of its own, which can be killed. */
  const start = (url: string, ...args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [path.join(repository, 'apps/cli/dist/main.js'), ...args], {
      stdio: 'ignore',
      env: { ...process.env, ...environment(url) },
    });
  const killed = async (child: ChildProcess): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };

  it('a backup that is killed leaves the last one as it was; the next goes on', async () => {
    const directory = await copyOf(sound);
    const before = await filesOf(directory);
    for (let attempt = 0; ; attempt++) {
      const child = start(database.url, 'backup', '--out', directory);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      let unfinished = false;
      while (!unfinished && child.exitCode === null) {
        unfinished = (await fs.readdir(directory)).some((name) => name.startsWith('.unfinished'));
        await pause(1);
      }
      await killed(child).catch(() => undefined);
      await ended;
      // It may have been faster.
      if ((await fs.readdir(directory)).some((name) => name.startsWith('.unfinished'))) break;
      expect(attempt).toBeLessThan(20);
    }
    const whole = (await filesOf(directory)).filter((file) => !file.startsWith('.'));
    expect(whole).toEqual(expect.arrayContaining([...before]));
    expect(await verify(directory)).toMatchObject({ exitCode: 0 });
    expect(await backUp(directory)).toMatchObject({ exitCode: 0 });
    expect((await filesOf(directory)).filter((file) => file.startsWith('.'))).toEqual([]);
    expect(await verify(directory)).toMatchObject({ exitCode: 0 });
  });

  it('a restore that is killed leaves an empty database, into which it can be begun again', async () => {
    const target = await emptyDatabase();
    const child = start(target.url, 'restore', '--from', sound);
    await eventually('it is writing', async () => {
      const [row] = await query<{ busy: boolean }>(
        target.url,
        `select exists (select from pg_stat_activity where datname = current_database()
           and application_name = 'cairn restore' and backend_xid is not null and query like '%cairn.restore(%') as busy`,
      );
      return row?.busy === true;
    });
    await killed(child);
    await eventually('its session has ended', async () => {
      const rows = await query(
        target.url,
        `select from pg_stat_activity where datname = current_database() and application_name = 'cairn restore'`,
      );
      return rows.length === 0;
    });
    expect(await query(target.url, 'select from cairn.event')).toEqual([]);
    expect(await query(target.url, 'select from cairn.log')).toEqual([]);
    expect(await cairn(environment(target.url), 'restore', '--from', sound)).toMatchObject({ exitCode: 0 });
  });

  it('two at once: one waits or is refused, and the backup is sound', async () => {
    const directory = await copyOf(sound);
    const lease = await leaseDirectory(directory);
    const refused = await backUp(directory);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.err).toContain('in use');
    await lease.release();
    const both = await Promise.all([backUp(directory), backUp(directory)]);
    expect(both.map(({ exitCode }) => exitCode).toSorted()[0]).toBe(0);
    expect(await verify(directory)).toMatchObject({ exitCode: 0 });
  });
});

it('another database, or an older state of this one, is not put on top of a backup', async () => {
  const directory = await copyOf(sound);
  const stranger = await emptyDatabase();
  const nothing = await cairn(environment(stranger.url), 'backup', '--out', directory);
  expect(nothing).toMatchObject({ exitCode: 2 });
  expect(nothing.err).toContain('another database');
  const strange = new PostgresEventStore({ url: stranger.url, role: 'cairn_projector', applicationName: 'test' });
  for (const tenant of ['one', 'two']) await recordTrials(strange, tenant, { count: EVENTS + 10, trials: ['A'] });
  await strange.close();
  expect((await cairn(environment(stranger.url), 'backup', '--out', directory)).err).toContain('does not go on');
  expect(await verify(directory)).toMatchObject({ exitCode: 0 });
});
