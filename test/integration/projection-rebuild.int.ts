import { DefinitionChanged, PostgresEventStore, ReadModelMissing, ReadModels } from '@cairn/platform';
import {
  meetings,
  query,
  record,
  recordMany,
  startRunner,
  stopRunners,
  storedRows,
  until,
  visits,
} from '../support/projection-kit.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('a rebuild', () => {
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

  const generations = () =>
    query<{ generation: number; version: number; state: string }>(
      database.url,
      `select generation, version, state from read_model.generation where projection = 'meetings' order by generation`,
    );
  const serving = async (generation: number) =>
    until(generations, (rows) => rows.some((row) => row.generation === generation && row.state === 'serving'));
  const rowsAt = async (relation: string) =>
    (await storedRows(database.url, relation)).map(({ scope, id, position, document }) => ({
      scope,
      id,
      position,
      document,
    }));

  it('goes on beside live writes, never goes backwards and ends in the rows of a fresh one', async () => {
    await startRunner({ url: database.url, store, rebuild: { pageSize: 50 } });
    await recordMany(store, 'a', 400);
    await recordMany(store, 'b', 100);
    let seen = 0n;
    let backwards = 0;
    let done = false;
    const writing = (async () => {
      for (let n = 400; !done; n += 20) await recordMany(store, 'a', 20, n);
    })();
    const reading = (async () => {
      while (!done) {
        const { mark } = await models.documents('a', meetings(), 'trial-0').catch((error: unknown) => {
          if (error instanceof ReadModelMissing) return { mark: { position: 0n } };
          throw error;
        });
        if (mark.position < seen) backwards++;
        seen = mark.position;
      }
    })();
    await serving(1);
    for (let round = 2; round <= 4; round++) await serving(await models.requestRebuild('meetings'));
    done = true;
    await Promise.all([writing, reading]);
    expect(backwards).toBe(0);
    expect(seen).toBeGreaterThan(0n);
    expect(await models.waitFor('a', await store.head('a'), { timeoutMs: 10_000 })).toBe(true);
    const live = await rowsAt('meetings_v1');
    await stopRunners();
    await startRunner({ url: database.url, store });
    await serving(await models.requestRebuild('meetings'));
    expect(await rowsAt('meetings_v1')).toEqual(live);
    // One is kept to go back to, older ones are gone.
    expect((await generations()).map(({ state }) => state)).toEqual(['retired', 'serving']);
  }, 60_000);

  it('lets the old one serve when its worker dies in the middle, and is made again at the next start', async () => {
    await startRunner({ url: database.url, store });
    await recordMany(store, 'a', 300);
    await models.waitFor('a', await store.head('a'), { timeoutMs: 10_000 });
    const before = await rowsAt('meetings_v1');
    await stopRunners();

    const arrived = Promise.withResolvers<undefined>();
    const released = Promise.withResolvers<undefined>();
    await startRunner({
      url: database.url,
      store,
      applicationName: 'dying',
      rebuild: { pageSize: 50, maxDocuments: 3 },
      observer: {
        building: ({ events }) => (events >= 150 ? (arrived.resolve(undefined), released.promise) : undefined),
      },
    });
    const half = await models.requestRebuild('meetings');
    await arrived.promise;
    // What the server sees of kill -9: every connection is gone at once.
    await query(
      database.url,
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'dying%'`,
    );
    expect(await rowsAt('meetings_v1')).toEqual(before);
    expect((await models.rebuildProgress('meetings', half))?.state).toBe('building');

    await startRunner({ url: database.url, store });
    await until(generations, (rows) => rows.some(({ generation, state }) => generation >= half && state === 'serving'));
    expect(await rowsAt('meetings_v1')).toEqual(before);
    const tables = await query<{ tablename: string }>(
      database.url,
      `select tablename from pg_tables where schemaname = 'read_model' and tablename like 'meetings_g%'`,
    );
    expect(tables).toHaveLength((await generations()).length);
    // It was not dead after all, only cut off: what it still tries must not reach the rows.
    released.resolve(undefined);
    await stopRunners();
    expect(await rowsAt('meetings_v1')).toEqual(before);
  }, 60_000);

  it('fails with its reason when an event cannot be folded, and the old one serves on', async () => {
    const faulty = meetings({ version: 2, poison: ({ minutes }) => minutes === 13 });
    const first = await startRunner({ url: database.url, store });
    const last = await record(store, 'a', 'Met', { trial: 't', participant: 'p', minutes: 13 });
    await models.waitFor('a', last, { timeoutMs: 10_000 });
    await first.stop();
    const told: [string | undefined, string][] = [];
    const observer = {
      failed: (tenant: string | undefined, error: unknown) => void told.push([tenant, String(error)]),
    };
    await startRunner({ url: database.url, store, projections: [{ projection: faulty }], observer });
    const [old, failed] = await until(generations, (rows) => rows.some(({ state }) => state === 'failed'));
    expect([old, failed]).toMatchObject([
      { state: 'serving', version: 1 },
      { state: 'failed', version: 2 },
    ]);
    // Which every tenant may read: what is in whose log is for the operator only.
    const failure = (await models.rebuildProgress('meetings', failed!.generation))?.failure;
    expect(failure).toBe("an event Met cannot be folded; the projector's log says why");
    const [said] = await until(
      () => Promise.resolve(told),
      (all) => all.length > 0,
    );
    expect(said).toEqual(['a', expect.stringContaining('cannot fold 13 minutes')]);
    expect((await models.documents('a', meetings(), 't')).documents).toHaveLength(1);
  });

  it('is made beside for a new version, and the older code can go back', async () => {
    const next = meetings({ version: 2, note: 'second' });
    const old = await startRunner({ url: database.url, store });
    await recordMany(store, 'a', 20);
    await models.waitFor('a', await store.head('a'), { timeoutMs: 10_000 });
    await old.stop();

    const newer = await startRunner({ url: database.url, store, projections: [{ projection: next }] });
    await serving(2);
    expect((await models.documents('a', next, 'trial-0')).documents[0]!.document).toContain('second');
    // Readers of the old version keep what they had.
    expect((await models.documents('a', meetings(), 'trial-0')).documents.length).toBeGreaterThan(0);
    await recordMany(store, 'a', 20, 20);
    await newer.stop();

    await startRunner({ url: database.url, store });
    await serving(1);
    expect(await models.waitFor('a', await store.head('a'), { timeoutMs: 10_000 })).toBe(true);
    expect((await generations()).map(({ version, state }) => [version, state])).toEqual([
      [1, 'serving'],
      [2, 'retired'],
    ]);
  });

  it('is demanded for a changed fold: the same version does not start', async () => {
    await (await startRunner({ url: database.url, store })).stop();
    const changed = { projection: meetings({ note: 'changed' }) };
    await expect(startRunner({ url: database.url, store, projections: [changed] })).rejects.toThrow(DefinitionChanged);
    await expect(startRunner({ url: database.url, store, projections: [changed] })).rejects.toThrow(
      /raise its version to 2/,
    );
  });

  it('cannot be asked for what does not exist', async () => {
    await expect(models.requestRebuild('nothing')).rejects.toThrow(ReadModelMissing);
    await expect(models.documents('a', meetings(), 't')).rejects.toThrow(ReadModelMissing);
  });
});
