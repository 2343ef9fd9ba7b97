import { randomUUID } from 'node:crypto';
import { Database, EventsOfTypes, PostgresEventStore } from '@cairn/platform';
import { signalsEventTypes } from '@cairn/signals';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let server: TestDatabase;
let store: PostgresEventStore;
let database: Database;
let events: EventsOfTypes;

const TYPES = ['SignalRaised', 'SignalCleared', 'AlertSubscriptionOpened'] as const;
const STREAMS = ['T/signal/A', 'T/signal/B', 'T2/signal/A', 'T/site/S1'];
const RECORDED = 3_000;

beforeAll(async () => {
  server = await createTestDatabase();
  store = new PostgresEventStore({ url: server.url, applicationName: 'test' });
  database = new Database({ url: server.services.api, role: 'cairn_service', applicationName: 'test types' });
  events = new EventsOfTypes(database);
  for (const tenant of ['a', 'b']) {
    for (let n = 0; n < RECORDED / 100; n++) {
      await store.append(tenant, {
        stream: STREAMS[n % STREAMS.length]!,
        expected: 'any',
        commandId: randomUUID(),
        actor: 'somebody',
        events: Array.from({ length: 100 }, (_, at) => ({
          type: at % 20 === n % 20 ? TYPES[(n + at) % TYPES.length]! : 'ContactRecorded',
          schemaVersion: 1,
          occurredAt: 1_000 * at,
          payload: '{}',
        })),
      });
    }
  }
}, 60_000);

afterAll(async () => {
  await Promise.all([database.close(), store.close()]);
  await server.drop();
});

it('reads what a look at each event of the log gives', async () => {
  const log = await store.readLog('a', { limit: RECORDED });
  await fc.assert(
    fc.asyncProperty(
      fc.subarray([...TYPES]),
      fc.option(fc.bigInt(0n, BigInt(RECORDED)), { nil: undefined }),
      fc.integer({ min: 1, max: 200 }),
      fc.constantFrom(undefined, 'T', 'T/signal', 'T2', 'none'),
      async (types, after, limit, streamsUnder) => {
        const expected = log.filter(
          ({ type, position, stream }) =>
            types.some((each) => each === type) &&
            position > (after ?? 0n) &&
            (streamsUnder === undefined || stream.startsWith(`${streamsUnder}/`)),
        );
        expect(await events.read('a', types, { after, limit, streamsUnder })).toEqual(expected.slice(0, limit));
      },
    ),
    { numRuns: 40 },
  );
});

it('knows every type of the signals and no other', async () => {
  const types = signalsEventTypes.map(({ type }) => type);
  await expect(events.read('a', types, { limit: 1 })).resolves.toHaveLength(1);
  await expect(events.read('a', ['ContactRecorded'], { limit: 1 })).rejects.toThrow('not in the index');
});

it('shows a tenant nothing of another, and of one that is unknown nothing', async () => {
  const [mine, others] = [await events.read('a', TYPES, { limit: 500 }), await events.read('b', TYPES, { limit: 500 })];
  expect(mine).toHaveLength(others.length);
  expect(mine.every(({ tenant }) => tenant === 'a')).toBe(true);
  expect(new Set([...mine, ...others].map(({ id }) => id)).size).toBe(mine.length + others.length);
  expect(await events.read('nobody', TYPES, { limit: 10 })).toEqual([]);
});

it('is a search of its own index, which has those events and no others', async () => {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query('analyze cairn.event');
    await events.read('a', TYPES, { limit: 10 });
    const used = async (): Promise<number> => {
      await client.query('select pg_stat_clear_snapshot()');
      const { rows } = await client.query<{ read: string }>(
        `select idx_tup_read as read from pg_stat_all_indexes where indexrelname = 'event_of_signals'`,
      );
      return Number(rows[0]!.read);
    };
    const before = await used();
    await database.pool.query("set plan_cache_mode = 'force_generic_plan'");
    for (let read = 0; read < 7; read++) await events.read('a', TYPES, { after: 1_000n, limit: 500 });
    // A session tells of its searches when it has a pause.
    const deadline = performance.now() + 10_000;
    while ((await used()) === before && performance.now() < deadline) await database.pool.query('select 1');
    expect(await used()).toBeGreaterThan(before);
  } finally {
    await client.end();
  }
});
