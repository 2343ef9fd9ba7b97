import { ReadModels, PostgresEventStore } from '@cairn/platform';
import {
  meetings,
  record,
  recordMany,
  startRunner,
  stopRunners,
  storedRows,
  until,
  visits,
} from '../support/projection-kit.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('live projections', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let models: ReadModels;

  beforeEach(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
    models = new ReadModels({ url: database.url, store, models: [meetings(), visits] });
    await models.start();
  });

  afterEach(async () => {
    await stopRunners();
    await models.close();
    await store.close();
    await database.drop();
  });

  it('shows what was appended, and says so when it does', async () => {
    await startRunner({ url: database.url, store });
    const heard: unknown[] = [];
    models.onProjected((notice) => heard.push(notice));
    const position = await record(store, 'a', 'Met', { trial: 't1', participant: 'p1', minutes: 30 });
    expect(await models.waitFor('a', position, { timeoutMs: 5_000 })).toBe(true);
    const reading = await models.documents('a', meetings(), 't1');
    expect(reading).toMatchObject({ whole: true, incomplete: false, mark: { position } });
    expect(reading.documents.map(({ id, document }) => [id, JSON.parse(document).minutes])).toEqual([['p1', [30]]]);
    expect(heard).toContainEqual({ tenant: 'a', scopes: ['t1'], position });
  });

  it('gives only what changed since a mark', async () => {
    await startRunner({ url: database.url, store });
    await record(store, 'a', 'Met', { trial: 't1', participant: 'p1', minutes: 30 });
    const first = await record(store, 'a', 'Met', { trial: 't1', participant: 'p2', minutes: 31 });
    await models.waitFor('a', first, { timeoutMs: 5_000 });
    const { mark } = await models.documents('a', meetings(), 't1');
    const second = await record(store, 'a', 'Met', { trial: 't1', participant: 'p2', minutes: 32 });
    await models.waitFor('a', second, { timeoutMs: 5_000 });
    const next = await models.documents('a', meetings(), 't1', mark);
    expect(next.whole).toBe(false);
    expect(next.documents.map(({ id }) => id)).toEqual(['p2']);
    expect((await models.documents('a', meetings(), 't1', next.mark)).documents).toEqual([]);
  });

  it('is soon there', async () => {
    await startRunner({ url: database.url, store });
    const taken: number[] = [];
    for (let n = 0; n < 200; n++) {
      const started = performance.now();
      const position = await record(store, 'a', 'Met', { trial: 't1', participant: `p${n % 7}`, minutes: n });
      expect(await models.waitFor('a', position, { timeoutMs: 5_000 })).toBe(true);
      taken.push(performance.now() - started);
    }
    taken.sort((a, b) => a - b);
    expect(taken[Math.floor(taken.length * 0.9)]).toBeLessThan(100);
  });

  it('catches up with logs that grew while nobody projected', async () => {
    await recordMany(store, 'a', 1_700);
    await recordMany(store, 'b', 300);
    await startRunner({ url: database.url, store });
    for (const tenant of ['a', 'b']) {
      expect(await models.waitFor(tenant, await store.head(tenant), { timeoutMs: 10_000 })).toBe(true);
    }
    const rows = await until(
      () => storedRows(database.url, 'visits_v1'),
      (seen) => seen.length > 0,
    );
    expect(rows.reduce((sum, row) => sum + Number(JSON.parse(row.document).visits), 0)).toBe(400);
  });
});
