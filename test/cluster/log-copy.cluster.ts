import { PostgresLog } from '@cairn/platform';
import { KurrentEventStore } from '@cairn/platform/kurrent';
import { CopiedLogStore, Copyist, LogCopy } from '@cairn/platform/log-copy';
import { eventStoreContract } from '../contracts/event-store.contract.js';
import { startKurrentFake } from '../support/kurrent/fake-server.js';
import { createTestDatabase } from '../support/test-database.js';

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
