import { randomUUID } from 'node:crypto';
import { EventStoreUnavailable, type RecordedEvent } from '@cairn/event-sourcing';
import { EventRestoration, KnownPositions, Database, PostgresEventStore } from '@cairn/platform';
import { CopiedTimes, Copyist, type CopiedPage, endCopy, LogCopy } from '@cairn/platform/log-copy';
import fc from 'fast-check';
import { anAppend } from '../contracts/event-store/store-under-test.js';
import { AllEvents } from '../support/all-events.js';
import { eventually } from '../support/launched-cairn.js';
import { rounds } from '../support/rounds.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TENANTS = ['a', 'b', 'c'];
const START = Date.UTC(2026, 0, 1);

let database: TestDatabase;
let store: PostgresEventStore;
let copy: LogCopy;
const opened: LogCopy[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
  copy = openCopy();
});
afterEach(async () => {
  await Promise.all([store.close(), ...opened.splice(0).map((each) => each.close())]);
  await database.drop();
});

function openCopy(): LogCopy {
  const made = new LogCopy({ url: database.url, applicationName: 'test' });
  opened.push(made);
  return made;
}

const copyist = (all: AllEvents, own: LogCopy = copy, pageSize = 4) =>
  new Copyist({ kurrent: all, copy: own, grown: () => undefined, pageSize });

/** One that is ended by whatever comes next: before a page is committed, or when it was and nobody was told. */
class KilledCopy extends LogCopy {
  constructor(private readonly deaths: (() => 'before' | 'after' | 'never') | undefined) {
    super({ url: database.url, applicationName: 'killed' });
    opened.push(this);
  }

  override async copy(...page: Parameters<LogCopy['copy']>): Promise<CopiedPage | undefined> {
    const death = this.deaths?.() ?? 'never';
    if (death === 'before') throw new EventStoreUnavailable('killed');
    const done = await super.copy(...page);
    if (death === 'after') throw new EventStoreUnavailable('killed');
    return done;
  }
}

/** The log of a tenant as the copy has to be, from `$all` alone. */
function expected(all: AllEvents, tenant: string): readonly RecordedEvent[] {
  const times = new CopiedTimes();
  return all.of(tenant).map((event, index) => ({ ...event, position: BigInt(index + 1), recordedAt: times.of(event) }));
}

const appends = fc.array(
  fc.record({
    tenant: fc.constantFrom(...TENANTS),
    stream: fc.constantFrom('t/one', 't/two'),
    count: fc.integer({ min: 1, max: 3 }),
    // Clocks of nodes differ: it may fall.
    recordedAt: fc.integer({ min: START, max: START + 5_000 }),
    // How many pages the two copyists try before the next append.
    turns: fc.array(fc.constantFrom(0, 1), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 25 },
);

it('however two copy, are killed and begin again, a log is there once, gapless and in the order of the store', async () => {
  const all = new AllEvents();
  const deaths = fc.infiniteStream(fc.constantFrom<'before' | 'after' | 'never'>('before', 'after', 'never', 'never'));
  await fc.assert(
    fc.asyncProperty(appends, deaths, async (given, deathsOf) => {
      const both = [0, 1].map(() => new KilledCopy(() => deathsOf.next().value!));
      const passing = (error: unknown): void => {
        if (!(error instanceof EventStoreUnavailable)) throw error;
      };
      for (const { tenant, stream, count, recordedAt, turns } of given) {
        all.append(tenant, stream, randomUUID(), count, recordedAt);
        await Promise.all(
          turns.map((which) =>
            copyist(all, both[which])
              .toEnd()
              .then(() => undefined, passing),
          ),
        );
      }
      await copyist(all).toEnd();
      for (const tenant of TENANTS) {
        expect(await store.readLog(tenant, { limit: 10_000 })).toEqual(expected(all, tenant));
      }
      await Promise.all(both.map((each) => each.close()));
      for (const each of both) opened.splice(opened.indexOf(each), 1);
    }),
    { numRuns: rounds({ ci: 5, night: 300 }), endOnFailure: true },
  );
}, 60_000);

it('nobody appends to a copy but who copies, until it is closed', async () => {
  const all = new AllEvents();
  all.append('a', 't/one', randomUUID(), 2, START);
  await copyist(all).toEnd();
  await expect(store.append('a', anAppend())).rejects.toMatchObject({ name: 'LogIsCopy' });
  await expect(store.ping()).rejects.toMatchObject({ name: 'LogIsCopy' });
  const restoration = await EventRestoration.begin(database.url, 'new');
  await expect(restoration.add(all.of('a'))).rejects.toThrow(/permission denied/);
  await restoration.abandon();
  await endCopy(database.url);
  expect(await store.append('a', anAppend())).toMatchObject({ kind: 'appended', positions: [3n] });
  await store.ping();
});

it('a log that came from here is taken over; one that has more than the store is not', async () => {
  const given = anAppend({ stream: 't/one' });
  const { recordedAt } = (await store.append('a', given)) as { recordedAt: number };
  const all = new AllEvents();
  const [event] = await store.readLog('a', { limit: 1 });
  all.events.push({ ...event!, position: 50n });
  all.append('a', 't/two', randomUUID(), 1, recordedAt);
  expect(await copyist(all).toEnd()).toBe(1);
  expect(await store.head('a')).toBe(2n);
  expect(await copy.copied('a')).toBe(2n);
  await endCopy(database.url);
  await store.append('a', anAppend({ stream: 't/three' }));
  all.append('a', 't/two', randomUUID(), 1, recordedAt);
  await expect(copyist(all).toEnd()).rejects.toMatchObject({
    name: 'Uncopyable',
    message: expect.stringContaining('events here that the store does not have, from position 3 on'),
  });
});

it('refuses another store, one without its logs, and one that was put back', async () => {
  const [all, other] = [new AllEvents(), new AllEvents()];
  await store.append('a', anAppend());
  all.append('a', 't/one', randomUUID(), 1, START);
  await expect(copyist(all).toEnd()).rejects.toMatchObject({
    name: 'CopyRefused',
    message: expect.stringContaining('migrate-store'),
  });
  await expect(copyist(new AllEvents()).toEnd()).rejects.toMatchObject({ name: 'CopyRefused' });
  // Nothing has been shut.
  await store.append('a', anAppend());

  const own = await createTestDatabase();
  const ownCopy = new LogCopy({ url: own.url, applicationName: 'test' });
  opened.push(ownCopy);
  for (let count = 0; count < 3; count++) {
    all.append('a', 't/one', randomUUID(), 1, START);
    await copyist(all, ownCopy).toEnd();
  }
  other.append('a', 't/one', randomUUID(), 1, START);
  await expect(copyist(other, ownCopy).toEnd()).rejects.toMatchObject({
    name: 'CopyRefused',
    message: expect.stringContaining('another'),
  });
  all.events.splice(1);
  await expect(copyist(all, ownCopy).toEnd()).rejects.toMatchObject({
    name: 'CopyRefused',
    message: expect.stringContaining('put back'),
  });
  await ownCopy.close();
  opened.splice(opened.indexOf(ownCopy), 1);
  await own.drop();
});

it('halts before an event that cannot be copied, says so, and goes on when it can', async () => {
  const all = new AllEvents();
  all.append('a', 't/one', randomUUID(), 3, START);
  all.append('b', 't/one', randomUUID(), 1, START);
  const good = all.events[3]!;
  all.events[3] = { ...good, revision: 7 };
  all.append('a', 't/one', randomUUID(), 1, START);
  const halted: string[] = [];
  let resumed = 0;
  const observer = { halted: (reason: string) => void halted.push(reason), resumed: () => void resumed++ };
  const working = new Copyist({ kurrent: all, copy, grown: () => undefined, pageSize: 4, afterHaltMs: 100, observer });
  working.start();
  try {
    await eventually('it has halted', () => halted.length > 0);
    expect(halted[0]).toMatch(/revision 7 of the stream t\/one is not its next one.* of b, /);
    expect(await store.head('a')).toBe(3n);
    expect(await copy.health()).toMatchObject({ halted: halted[0] });
    all.events[3] = good;
    await eventually('it goes on', () => resumed === 1);
    expect(await store.head('a')).toBe(4n);
    expect(await copy.health()).toMatchObject({ halted: undefined });
  } finally {
    await working.stop();
  }
}, 30_000);

it('tells what was known of a past moment when nothing of it can be missing any more', async () => {
  const all = new AllEvents();
  const reading = new Database({ url: database.url, role: 'cairn_service', applicationName: 'test' });
  const known = new KnownPositions(reading);
  const working = copyist(all);
  try {
    const before = await copy.now();
    all.append('a', 't/one', randomUUID(), 1, before);
    await copyist(all).toEnd();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const asked = await copy.now();
    const answer = known.at('a', asked - 15);
    // It turns up after it was asked for, and was recorded before.
    all.append('a', 't/two', randomUUID(), 1, asked - 20);
    working.start();
    expect(await answer).toBe(2n);
    expect(await known.at('a', asked - 15)).toBe(2n);
  } finally {
    await working.stop();
    await reading.close();
  }
}, 20_000);
