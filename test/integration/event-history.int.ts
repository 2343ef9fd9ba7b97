import { randomUUID } from 'node:crypto';
import { Database, EventHistory, type HistorySelection, PostgresEventStore } from '@cairn/platform';
import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let server: TestDatabase;
let store: PostgresEventStore;
let database: Database;
let history: EventHistory;

/** An old trial at the start of the log, then more of a busy one than is looked through for a page. */
const OLD = 40;
const BUSY = 10_500;

beforeAll(async () => {
  server = await createTestDatabase();
  store = new PostgresEventStore({ url: server.url, applicationName: 'test' });
  database = new Database({ url: server.url, role: 'cairn_service', applicationName: 'test history' });
  history = new EventHistory(database);
  const record = (stream: string, count: number, firstType: number) =>
    store.append('t', {
      stream,
      expected: 'any',
      commandId: randomUUID(),
      actor: `actor ${firstType % 3}`,
      events: Array.from({ length: count }, (_, n) => ({
        type: `Type${(firstType + n) % 4}`,
        schemaVersion: 1,
        occurredAt: 1_000 * n,
        payload: '{}',
      })),
    });
  for (let n = 0; n < OLD; n++) await record(`old/participant/P${n % 5}`, 1, n);
  for (let n = 0; n < BUSY; n += 500) await record(`old2/site/S${(n / 500) % 4}/x`, 500, n);
  await record('old/participant/P1', 3, 0);
}, 60_000);

afterAll(async () => {
  await Promise.all([database.close(), store.close()]);
  await server.drop();
});

const all = async () => {
  const first = await store.readLog('t', { limit: 10_000 });
  return [...first, ...(await store.readLog('t', { from: first.at(-1)!.position, limit: 10_000 }))];
};

it('every page of every selection is what a look at each event gives', async () => {
  const events = await all();
  const position = fc.option(fc.bigInt(0n, BigInt(events.length + 2)), { nil: undefined });
  const time = fc.option(fc.integer({ min: 0, max: 500_000 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        prefixes: fc.subarray(['old/', 'old2/', 'old2/site/S1/', 'none/', 'old/participant/']),
        names: fc.subarray(['old/participant/P1', 'old/participant/P3', 'nothing']),
        positions: fc.uniqueArray(fc.bigInt(1n, BigInt(events.length)), { maxLength: 3 }),
      }),
      fc.option(fc.subarray(['Type0', 'Type2', 'TypeX']), { nil: undefined }),
      fc.option(fc.constantFrom('actor 0', 'actor 1', 'nobody'), { nil: undefined }),
      time,
      time,
      fc.constantFrom('newest first' as const, 'oldest first' as const),
      position,
      position,
      fc.integer({ min: 1, max: 60 }),
      async (streams, types, actor, occurredFrom, occurredTo, order, below, above, limit) => {
        const selection: HistorySelection = {
          streams,
          ...(types && { types }),
          ...(actor !== undefined && { actor }),
          ...(occurredFrom !== undefined && { occurredFrom }),
          ...(occurredTo !== undefined && { occurredTo }),
        };
        const selected = events.filter(
          (event) =>
            (streams.prefixes.some((prefix) => event.stream.startsWith(prefix)) ||
              streams.names.includes(event.stream) ||
              streams.positions.includes(event.position)) &&
            (types?.includes(event.type) ?? true) &&
            (actor ?? event.actor) === event.actor &&
            event.occurredAt >= (occurredFrom ?? 0) &&
            event.occurredAt <= (occurredTo ?? Infinity),
        );
        const within = selected.filter(
          (event) => event.position < (below ?? 1_000_000n) && event.position > (above ?? -1n),
        );
        const ordered = order === 'newest first' ? within.toReversed() : within;
        const range = { order, limit, ...(below !== undefined && { below }), ...(above !== undefined && { above }) };
        expect(await history.read('t', selection, range)).toEqual(ordered.slice(0, limit));
        expect(await history.count('t', selection)).toBe(selected.length);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

it('another tenant has no history here', async () => {
  const selection = { streams: { prefixes: ['old/'] } };
  expect(await history.read('other', selection, { order: 'newest first', limit: 10 })).toEqual([]);
  expect(await history.count('other', selection)).toBe(0);
});
