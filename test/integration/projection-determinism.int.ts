import { InMemoryEventStore } from '@cairn/event-sourcing';
import { ReadModels } from '@cairn/platform';
import fc from 'fast-check';
import {
  type Meetings,
  meetings,
  query,
  record,
  recordMany,
  startRunner,
  stopRunners,
  type StoredRow,
  storedRows,
  until,
  visits,
} from '../support/projection-kit.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('rows of a read model', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(stopRunners);
  afterAll(() => database.drop());

  /** Everything forgotten but the schema: the next runner begins anew. */
  const forget = async (): Promise<void> => {
    const tables = await query<{ name: string }>(
      database.url,
      `select format('drop table read_model.%I cascade', tablename) as name from pg_tables
       where schemaname = 'read_model' and tablename ~ '_g[0-9]+$'`,
    );
    for (const { name } of tables) await query(database.url, name);
    await query(database.url, 'delete from read_model.generation');
  };

  const caughtUp = async (models: ReadModels, store: InMemoryEventStore): Promise<void> => {
    expect(await models.waitFor('a', await store.head('a'), { timeoutMs: 20_000 })).toBe(true);
  };

  const rowsOf = async (): Promise<readonly StoredRow[]> => [
    ...(await storedRows(database.url, 'meetings_v1')),
    ...(await storedRows(database.url, 'visits_v1')),
  ];

  /** The pages in which a log is seen are as long as the reader of it pleases. */
  const inPages = (store: InMemoryEventStore, sizes: readonly number[]): InMemoryEventStore => {
    let turn = 0;
    return Object.assign(Object.create(store) as InMemoryEventStore, {
      readLog: (tenant: string, range: { from?: bigint; limit: number }) =>
        store.readLog(tenant, { ...range, limit: Math.min(range.limit, sizes[turn++ % sizes.length]!) }),
    });
  };

  it('are the same live and rebuilt, whatever the pages and wherever a worker fails', async () => {
    const store = new InMemoryEventStore(() => 0);
    await recordMany(store, 'a', 240);
    const models = new ReadModels({ url: database.url, store, models: [meetings(), visits] });
    await models.start();

    // The reference is a plain fold, without any of the machinery.
    const minutes = (rows: readonly StoredRow[]) =>
      rows
        .filter(({ document }) => document.includes('minutes'))
        .map((row) => (JSON.parse(row.document) as Meetings).minutes);
    const expected = new Map<string, number[]>();
    for (const event of await store.readLog('a', { limit: 1_000 })) {
      const data = JSON.parse(event.payload) as { trial: string; participant?: string; minutes: number };
      if (data.participant === undefined) continue;
      const key = `${data.trial}\n${data.participant}`;
      expected.set(key, [...(expected.get(key) ?? []), data.minutes]);
    }

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
        fc.array(
          fc.record({ at: fc.constantFrom('folded', 'written', 'committed'), page: fc.integer({ min: 1, max: 6 }) }),
          {
            maxLength: 3,
          },
        ),
        fc.boolean(),
        async (sizes, crashes, spill) => {
          await forget();
          const empty = new InMemoryEventStore(() => 0);
          // It serves from the empty log, so that all of it is folded live.
          const first = await startRunner({ url: database.url, store: empty });
          await first.stop();

          const pages = { folded: 0, written: 0, committed: 0 };
          const crash = (at: keyof typeof pages) => (): void => {
            pages[at]++;
            if (crashes.some((one) => one.at === at && one.page === pages[at])) throw new Error(`crash when ${at}`);
          };
          const live = await startRunner({
            url: database.url,
            store: inPages(store, sizes),
            observer: { folded: crash('folded'), written: crash('written'), committed: crash('committed') },
          });
          await caughtUp(models, store);
          const liveRows = await rowsOf();
          expect(minutes(liveRows)).toEqual([...expected].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, m]) => m));
          await live.stop();

          await startRunner({
            url: database.url,
            store,
            rebuild: { pageSize: sizes[0]!, ...(spill && { maxDocuments: 3 }) },
          });
          const numbers = [await models.requestRebuild('meetings'), await models.requestRebuild('visits')];
          for (const [index, name] of ['meetings', 'visits'].entries()) {
            await until(
              () => models.rebuildProgress(name, numbers[index]!),
              (progress) => progress?.state === 'serving',
            );
          }
          expect(await rowsOf()).toEqual(liveRows);
          await stopRunners();
        },
      ),
      { numRuns: 12 },
    );
    await models.close();
  }, 120_000);

  it('are folded once by two workers on one log', async () => {
    await forget();
    const store = new InMemoryEventStore(() => 0);
    const models = new ReadModels({ url: database.url, store, models: [meetings(), visits] });
    const small = inPages(store, [7]);
    await startRunner({ url: database.url, store: small });
    await startRunner({ url: database.url, store: small });
    for (let round = 0; round < 10; round++) await recordMany(store, 'a', 60, round * 60);
    await caughtUp(models, store);
    const folded = (await storedRows(database.url, 'meetings_v1')).flatMap(
      ({ document }) => (JSON.parse(document) as Meetings).minutes,
    );
    expect(folded.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 600 }, (_, n) => n).filter((n) => n % 5 !== 4),
    );
    await models.close();
  }, 60_000);

  /**
   * A worker folds a page and is held; another one folds the same page and the next. What the first one leaves behind
   * when it goes on, at that very moment.
   */
  const race = async (meanwhile: () => Promise<unknown>): Promise<readonly number[]> => {
    await forget();
    const store = new InMemoryEventStore(() => 0);
    const held = Promise.withResolvers<undefined>();
    const release = Promise.withResolvers<undefined>();
    const left = Promise.withResolvers<StoredRow[]>();
    await startRunner({
      url: database.url,
      store,
      observer: {
        folded: () => (held.resolve(undefined), release.promise),
        committed: async () => left.resolve(await storedRows(database.url, 'meetings_v1')),
      },
    });
    const meet = (minutes: number) => record(store, 'a', 'Met', { trial: 't', participant: 'p', minutes });
    for (const minutes of [1, 2, 3]) await meet(minutes);
    await held.promise;
    for (const minutes of [4, 5, 6]) await meet(minutes);
    await startRunner({ url: database.url, store });
    const positions = () => query<{ position: string }>(database.url, 'select position from read_model.checkpoint');
    await until(positions, (rows) => rows.length === 2 && rows.every(({ position }) => position === '6'));
    await meanwhile();
    release.resolve(undefined);
    return (await left.promise).flatMap(({ document }) => (JSON.parse(document) as Meetings).minutes).toSorted();
  };

  it('are not written by a worker that comes too late', async () => {
    expect(await race(async () => undefined)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('would be overwritten by it if the checkpoint were not compared', async () => {
    // The checkpoint is put back to what the late worker saw: its stale page then goes through.
    const looksUnmoved = () => query(database.url, 'update read_model.checkpoint set revision = 0, position = 0');
    expect((await race(looksUnmoved)).length).toBeLessThan(6);
  });
});
