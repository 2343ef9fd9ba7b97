import { Database, PostgresEventStore, ReadModels } from '@cairn/platform';
import { meetings, query, record, startRunner, stopRunners, until, visits } from '../support/projection-kit.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('read models of several tenants', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let service: Database;
  let models: ReadModels;

  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
    service = new Database({ url: database.url, role: 'cairn_service', applicationName: 'test' });
    models = new ReadModels({ url: database.url, store, models: [meetings(), visits] });
    await startRunner({
      url: database.url,
      store,
      projections: [
        { projection: meetings({ poison: ({ minutes }) => minutes === 13 }), onPoison: 'park' },
        { projection: visits },
      ],
    });
    for (const tenant of ['a', 'b']) {
      await record(store, tenant, 'Visited', { trial: 't', site: 's' });
      await record(store, tenant, 'Met', { trial: 't', participant: 'p', minutes: 1 });
      const last = await record(store, tenant, 'Met', { trial: 't', participant: 'p', minutes: 13 });
      await models.waitFor(tenant, last, { timeoutMs: 10_000 });
    }
    // A rebuilt table is made in another way than a first one.
    const generation = await models.requestRebuild('visits');
    await until(
      () => models.rebuildProgress('visits', generation),
      (progress) => progress?.state === 'serving',
    );
  });

  afterAll(async () => {
    await stopRunners();
    await models.close();
    await service.close();
    await store.close();
    await database.drop();
  });

  const relations = ['checkpoint', 'parked', 'meetings_g1', 'visits_g1', 'visits_g2', 'meetings_v1', 'visits_v1'];

  it.each(relations)('%s shows a tenant its own rows and nobody else any', async (relation) => {
    // It has rows of both, or the rest would prove nothing.
    const all = await query<{ tenant: string }>(database.url, `select distinct tenant from read_model.${relation}`);
    expect(all.map(({ tenant }) => tenant).sort()).toEqual(['a', 'b']);
    const select = `select distinct tenant from read_model.${relation}`;
    const own = await service.inTenant('a', (client) => client.query(select));
    expect(own.rows).toEqual([{ tenant: 'a' }]);
    expect((await service.pool.query(select)).rows).toEqual([]);
    const owner = new Database({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
    expect((await owner.pool.query(select)).rows).toEqual([]);
    await owner.close();
  });

  it.each(relations)('%s cannot be changed by the service', async (relation) => {
    const change = service.inTenant('a', (client) => client.query(`delete from read_model.${relation}`));
    await expect(change).rejects.toThrow(/permission denied/);
  });
});
