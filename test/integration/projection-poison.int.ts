import { PostgresEventStore, ReadModels } from '@cairn/platform';
import { meetings, record, startRunner, stopRunners, storedRows, until, visits } from '../support/projection-kit.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('an event that a projection cannot fold', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let models: ReadModels;
  const faulty = meetings({ poison: ({ minutes }) => minutes === 13 });

  beforeEach(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
    models = new ReadModels({ url: database.url, store, models: [meetings()] });
    await models.start();
  });

  afterEach(async () => {
    await stopRunners();
    await models.close();
    await store.close();
    await database.drop();
  });

  const meet = (participant: string, minutes: number) =>
    record(store, 'a', 'Met', { trial: 't', participant, minutes });
  const folded = async () =>
    Object.fromEntries(
      (await storedRows(database.url, 'meetings_v1')).map(({ id, document }) => [id, JSON.parse(document).minutes]),
    );
  const status = async () =>
    (await models.states('a')).find(({ name, state }) => name === 'meetings' && state === 'serving');

  it('halts its projection and no other, until mended code starts', async () => {
    const runner = await startRunner({
      url: database.url,
      store,
      projections: [{ projection: faulty }, { projection: visits }],
    });
    await meet('p', 10);
    const poison = await meet('p', 13);
    const last = await meet('q', 20);
    await record(store, 'a', 'Visited', { trial: 't', site: 's' });
    const halted = await until(status, (seen) => seen?.halted !== undefined);
    expect(halted).toMatchObject({
      position: poison - 1n,
      lag: 3n,
      halted: { position: poison, eventType: 'Met', reason: 'Error: cannot fold 13 minutes' },
    });
    expect(await folded()).toEqual({ p: [10] });
    expect((await models.documents('a', meetings(), 't')).incomplete).toBe(true);
    await until(
      () => storedRows(database.url, 'visits_v1'),
      (rows) => rows.length === 1,
    );
    expect(await models.waitFor('a', last, { timeoutMs: 50 })).toBe(false);
    await runner.stop();

    await startRunner({ url: database.url, store });
    expect(await models.waitFor('a', last, { timeoutMs: 10_000 })).toBe(true);
    expect(await folded()).toEqual({ p: [10, 13], q: [20] });
    expect((await status())?.halted).toBeUndefined();
    expect((await models.documents('a', meetings(), 't')).incomplete).toBe(false);
  });

  it('is parked with its later siblings, and folded in order once the code is mended', async () => {
    const runner = await startRunner({
      url: database.url,
      store,
      projections: [{ projection: faulty, onPoison: 'park' }],
    });
    await meet('p', 10);
    await meet('p', 13);
    await meet('q', 20);
    const last = await meet('p', 30);
    expect(await models.waitFor('a', last, { timeoutMs: 10_000 })).toBe(true);
    expect(await folded()).toEqual({ p: [10], q: [20] });
    expect(await status()).toMatchObject({ parked: 2, halted: undefined, lag: 0n });
    const before = await models.documents('a', meetings(), 't');
    expect(before.incomplete).toBe(true);
    // Still faulty: nothing is folded, nothing is lost.
    expect(await runner.retryParked('meetings')).toBe(0);
    expect(await status()).toMatchObject({ parked: 2 });
    await runner.stop();

    const mended = await startRunner({
      url: database.url,
      store,
      projections: [{ projection: meetings(), onPoison: 'park' }],
    });
    // A restart does not forget what waits: a later sibling queues up behind it.
    const later = await meet('p', 40);
    expect(await models.waitFor('a', later, { timeoutMs: 10_000 })).toBe(true);
    expect(await folded()).toEqual({ p: [10], q: [20] });
    expect(await mended.retryParked('meetings')).toBe(3);
    expect(await folded()).toEqual({ p: [10, 13, 30, 40], q: [20] });
    expect(await status()).toMatchObject({ parked: 0 });
    // The row changed below the position that the reader had: it is told to read all of it again.
    const after = await models.documents('a', meetings(), 't', before.mark);
    expect(after).toMatchObject({ whole: true, incomplete: false });
    const next = await meet('p', 50);
    await models.waitFor('a', next, { timeoutMs: 10_000 });
    expect(await folded()).toEqual({ p: [10, 13, 30, 40, 50], q: [20] });
  });

  it.each([
    ['of an unknown type', 'Teleported', 1, 'UnknownEventType'],
    ['of a newer version', 'Met', 2, 'NewerEventVersion'],
  ])('%s halts under either policy', async (_, type, version, reason) => {
    await startRunner({ url: database.url, store, projections: [{ projection: meetings(), onPoison: 'park' }] });
    await meet('p', 10);
    await record(store, 'a', type, { trial: 't', participant: 'p', minutes: 1 }, version);
    const halted = await until(status, (seen) => seen?.halted !== undefined);
    expect(halted?.halted?.reason).toContain(reason);
    expect(await folded()).toEqual({ p: [10] });
  });
});
