import { PostgresEventStore } from '@cairn/platform';
import { eventStoreContract } from '../contracts/event-store.contract.js';
import { createTestDatabase } from '../support/test-database.js';

eventStoreContract('PostgreSQL', async () => {
  const database = await createTestDatabase();
  const { url } = database;
  const store = new PostgresEventStore({ url, applicationName: 'one' });
  const elsewhere = new PostgresEventStore({ url, role: 'cairn_projector', applicationName: 'elsewhere' });
  return {
    store,
    elsewhere,
    close: async () => {
      await Promise.all([store.close(), elsewhere.close()]);
      await database.drop();
    },
  };
});
