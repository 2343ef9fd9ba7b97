import { EventStoreUnavailable, Fenced } from '@cairn/event-sourcing';
import { PostgresLog } from '@cairn/platform';
import { KurrentEventStore } from '@cairn/platform/kurrent';
import { CopiedLogStore, Copyist, LogCopy } from '@cairn/platform/log-copy';
import { eventStoreContract } from '../contracts/event-store.contract.js';
import { anAppend } from '../contracts/event-store/store-under-test.js';
import { type KurrentFake, startKurrentFake } from '../support/kurrent/fake-server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

eventStoreContract('KurrentDB, copied into PostgreSQL', async () => {
  const [database, fake] = await Promise.all([createTestDatabase(), startKurrentFake()]);
  const kurrent = (applicationName: string) => new KurrentEventStore({ url: fake.url, applicationName });
  const { url } = database;
  const store = new CopiedLogStore({ url, applicationName: 'one', kurrent: kurrent('one') });
  const elsewhere = new CopiedLogStore({
    url,
    role: 'cairn_projector',
    applicationName: 'elsewhere',
    kurrent: kurrent('elsewhere'),
  });
  const copied = kurrent('copyist');
  const log = new PostgresLog({ url, role: 'cairn_projector', applicationName: 'copyist' });
  const copy = new LogCopy({ url, applicationName: 'copyist' });
  const copyist = new Copyist({ kurrent: copied, copy, grown: (tenant) => log.appendedElsewhere(tenant) });
  copyist.start();
  return {
    store,
    elsewhere,
    close: async () => {
      await Promise.all([store.close(), elsewhere.close()]);
      await copyist.stop();
      await Promise.all([copy.close(), copied.close(), log.close()]);
      await fake.stop();
      await database.drop();
    },
  };
});

describe('without a copyist', () => {
  let database: TestDatabase;
  let fake: KurrentFake;
  let store: CopiedLogStore;
  const open = (applicationName: string) => new KurrentEventStore({ url: fake.url, applicationName });

  beforeEach(async () => {
    [database, fake] = await Promise.all([createTestDatabase(), startKurrentFake()]);
    const role = 'cairn_alerter';
    store = new CopiedLogStore({
      ...{ url: database.url, role, applicationName: 'test', waitMs: 300 },
      kurrent: open('a'),
    });
  });
  afterEach(async () => {
    await store.close();
    await fake.stop();
    await database.drop();
  });

  const copyAll = async (): Promise<void> => {
    const [kurrent, copy] = [open('copyist'), new LogCopy({ url: database.url, applicationName: 'test' })];
    await new Copyist({ kurrent, copy, grown: () => undefined }).toEnd();
    await Promise.all([kurrent.close(), copy.close()]);
  };

  it('nobody knows what became of an append, which is there when it is sent again', async () => {
    const append = anAppend({ expected: 'none' });
    await expect(store.append('a', append)).rejects.toThrow(EventStoreUnavailable);
    expect(await store.readLog('a', { limit: 10 })).toEqual([]);
    // What is met is not to be seen yet, so that whoever decides again would meet it again.
    await expect(store.append('a', anAppend({ expected: 'none' }))).rejects.toThrow(EventStoreUnavailable);
    await copyAll();
    expect(await store.append('a', append)).toMatchObject({ kind: 'repeated', firstRevision: 0, positions: [1n] });
    expect(await store.append('a', anAppend({ expected: 'none' }))).toEqual({ kind: 'conflict', actual: 0 });
  });

  it('an append under a lease that is not held is refused before it is written', async () => {
    const fenced = anAppend({ fence: { service: 'alerter', token: 1n } });
    await expect(store.append('a', fenced)).rejects.toThrow(Fenced);
    expect(fake.log.all).toEqual([]);
  });
});
