import { randomUUID } from 'node:crypto';
import { Database, KnownPositions, PostgresEventStore } from '@cairn/platform';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let server: TestDatabase;
let store: PostgresEventStore;
let database: Database;
let known: KnownPositions;

beforeAll(async () => {
  server = await createTestDatabase();
  store = new PostgresEventStore({ url: server.services.api, applicationName: 'test' });
  database = new Database({ url: server.services.api, role: 'cairn_service', applicationName: 'test known' });
  known = new KnownPositions(database);
}, 60_000);

afterAll(async () => {
  await Promise.all([database.close(), store.close()]);
  await server.drop();
});

const record = (tenant: string, count: number) =>
  store.append(tenant, {
    stream: 'T/trial',
    expected: 'any',
    commandId: randomUUID(),
    actor: 'anna',
    events: Array.from({ length: count }, () => ({ type: 'Type', schemaVersion: 1, occurredAt: 0, payload: '{}' })),
  });

it('is the last one recorded by then, for every time at which something was recorded and the milliseconds beside it', async () => {
  for (const count of [3, 1, 7, 1, 1, 12, 2]) {
    await record('t', count);
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  await record('other', 5);
  const events = await store.readLog('t', { limit: 100 });
  const times = new Set(events.flatMap(({ recordedAt }) => [recordedAt - 1, recordedAt, recordedAt + 1]));
  for (const time of [0, -62_135_596_800_000, 253_402_300_799_999, ...times]) {
    const last = events.findLast(({ recordedAt }) => recordedAt <= time)?.position ?? 0n;
    expect([time, await known.at('t', time)]).toEqual([time, last]);
    for (const end of [0n, 1n, 4n, 11n, BigInt(events.length)]) {
      expect(await known.within('t', time, end)).toBe(last < end ? last : end);
    }
  }
  expect(await known.at('nobody', Date.now())).toBe(0n);
});

it('waits for an append that has its time and is not committed', async () => {
  await record('slow', 1);
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query('begin');
    // As an append does that takes its time and then is long about it.
    await client.query(
      `update cairn.log set head = head + 1, last_recorded_at = date_trunc('milliseconds', clock_timestamp())
       where tenant = 'slow'`,
    );
    await client.query(
      `insert into cairn.event (position, occurred_at, recorded_at, id, command_id, revision, schema_version, tenant, stream, type, actor, payload)
       select 2, now(), last_recorded_at, gen_random_uuid(), gen_random_uuid(), 1, 1, 'slow', 'T/trial', 'Type', 'anna', '{}'
       from cairn.log where tenant = 'slow'`,
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    let answered: bigint | undefined;
    const asked = known.at('slow', Date.now() - 1).then((position) => (answered = position));
    const { recordedAt } = (await store.readLog('slow', { limit: 1 }))[0]!;
    // What was recorded before is known at once, whatever is under way.
    expect(await known.at('slow', recordedAt - 1)).toBe(0n);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBeUndefined();
    await client.query('commit');
    expect(await asked).toBe(2n);
  } finally {
    await client.end();
  }
});
