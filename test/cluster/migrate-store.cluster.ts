import { spawn } from 'node:child_process';
import path from 'node:path';
import { PostgresEventStore } from '@cairn/platform';
import { KurrentEventStore } from '@cairn/platform/kurrent';
import { anAppend, anEvent, times } from '../contracts/event-store/store-under-test.js';
import { cairn } from '../support/cairn-command.js';
import { type KurrentFake, startKurrentFake } from '../support/kurrent/fake-server.js';
import { eventually, repository } from '../support/launched-cairn.js';
import { rounds } from '../support/rounds.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const COMMANDS = 60;

let database: TestDatabase;
let empty: TestDatabase;
let fake: KurrentFake;
const stores: PostgresEventStore[] = [];

beforeAll(async () => {
  [database, empty, fake] = await Promise.all([createTestDatabase(), createTestDatabase(), startKurrentFake()]);
}, 60_000);

afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await Promise.all([fake.stop(), database.drop(), empty.drop()]);
});

function storeOf({ url }: TestDatabase): PostgresEventStore {
  const store = new PostgresEventStore({ url, role: 'cairn_projector', applicationName: 'test' });
  stores.push(store);
  return store;
}

type Store = 'postgres' | 'kurrentdb';

const urlsOf = (of: TestDatabase, kurrent: KurrentFake) => ({ DATABASE_URL: of.url, KURRENTDB_URL: kurrent.url });
const migrate = (of: TestDatabase, from: Store, to: Store, ...more: readonly string[]) =>
  cairn(urlsOf(of, fake), 'migrate-store', '--from', from, '--to', to, ...more);

/** The lines of the trees: whose, of what, how many events, which root. */
const rootsOf = (out: string): readonly string[] => out.split('\n').filter((line) => /^(one|two) /.test(line));

/** Starts it as a process, and kills it some events later, time and again. */
async function killedInTheMiddle(from: Store, to: Store, of: TestDatabase): Promise<void> {
  for (let kills = 0; kills < rounds({ ci: 3, night: 30 }); kills++) {
    const before = fake.log.all.length;
    const main = path.join(repository, 'apps/cli/dist/main.js');
    const child = spawn(process.execPath, [main, 'migrate-store', '--from', from, '--to', to], {
      stdio: 'ignore',
      env: urlsOf(of, fake),
    });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await eventually('it has begun', () => child.exitCode !== null || fake.log.all.length > before + 20);
    child.kill('SIGKILL');
    await gone;
  }
}

it('takes every log there, killed in the middle, and back, the same by its roots', async () => {
  const store = storeOf(database);
  for (const tenant of ['one', 'two']) {
    await Promise.all(
      times(COMMANDS, (index) =>
        store.append(
          tenant,
          anAppend({ stream: `t${index % 3}/s/${index % 7}`, events: times((index % 3) + 1, anEvent) }),
        ),
      ),
    );
  }
  await killedInTheMiddle('postgres', 'kurrentdb', database);
  expect(fake.log.all.length).toBeGreaterThan(40);
  const there = await migrate(database, 'postgres', 'kurrentdb');
  expect(there).toMatchObject({ exitCode: 0, err: '' });
  // Of each the whole log and three trials.
  expect(rootsOf(there.out)).toHaveLength(8);
  // PostgreSQL is the copy from here on.
  await expect(store.append('one', anAppend())).rejects.toMatchObject({ name: 'LogIsCopy' });
  expect(rootsOf((await migrate(database, 'postgres', 'kurrentdb')).out)).toEqual(rootsOf(there.out));

  const back = await migrate(empty, 'kurrentdb', 'postgres');
  expect(back).toMatchObject({ exitCode: 0, err: '' });
  expect(rootsOf(back.out)).toEqual(rootsOf(there.out));
  const again = storeOf(empty);
  expect(await again.readLog('one', { limit: 500 })).toEqual(await store.readLog('one', { limit: 500 }));
  expect(await again.append('one', anAppend())).toMatchObject({ kind: 'appended' });
}, 240_000);

it('names the first position where the stores differ, and changes nothing', async () => {
  const more = await migrate(empty, 'kurrentdb', 'postgres');
  expect(more).toMatchObject({
    exitCode: 1,
    err: expect.stringMatching(/the log of one differs from position \d+ on/),
  });
  expect(await storeOf(empty).append('one', anAppend())).toMatchObject({ kind: 'appended' });
}, 60_000);

it('takes a single log into a store that others use', async () => {
  const [alone, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  try {
    const [source, target] = [storeOf(alone), storeOf(other)];
    await Promise.all(times(10, (index) => source.append('three', anAppend({ stream: `t/${index}` }))));
    await target.append('four', anAppend());
    const there = await migrate(alone, 'postgres', 'kurrentdb', '--tenant', 'three');
    expect(there).toMatchObject({ exitCode: 0, err: '' });
    // It stays a store.
    expect(await source.append('four', anAppend())).toMatchObject({ kind: 'appended' });
    const back = await migrate(other, 'kurrentdb', 'postgres', '--tenant', 'three');
    expect(back).toMatchObject({ exitCode: 0, err: '' });
    expect(await target.readLog('three', { limit: 50 })).toEqual(await source.readLog('three', { limit: 50 }));
    await Promise.all(stores.splice(stores.indexOf(source)).map((store) => store.close()));
  } finally {
    await Promise.all([alone.drop(), other.drop()]);
  }
}, 120_000);

it('goes nowhere with stores that cannot be', async () => {
  expect(await migrate(database, 'postgres', 'postgres')).toMatchObject({ exitCode: 2 });
  const none = await cairn({ DATABASE_URL: database.url }, 'migrate-store', '--from', 'postgres', '--to', 'kurrentdb');
  expect(none).toMatchObject({ exitCode: 2, err: expect.stringContaining('KURRENTDB_URL') });
  const wrong = { DATABASE_URL: database.url, KURRENTDB_URL: 'kurrentdb://me:secret@' };
  const refused = await cairn(wrong, 'migrate-store', '--from', 'postgres', '--to', 'kurrentdb');
  expect(refused).toMatchObject({ exitCode: 2, err: expect.not.stringContaining('secret') });
  const second = await startKurrentFake();
  try {
    const kurrent = new KurrentEventStore({ url: second.url, applicationName: 'test' });
    await kurrent.append('five', anAppend());
    await kurrent.close();
    const another = { ...urlsOf(database, second) };
    const copied = await cairn(another, 'migrate-store', '--from', 'postgres', '--to', 'kurrentdb');
    expect(copied).toMatchObject({ exitCode: 2, err: expect.stringContaining('another KurrentDB') });
  } finally {
    await second.stop();
  }
}, 60_000);
