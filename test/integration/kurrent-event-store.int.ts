import { KurrentEventStore } from '@cairn/platform/kurrent';
import { eventStoreContract } from '../contracts/event-store.contract.js';
import { startKurrentFake } from '../support/kurrent/fake-server.js';

eventStoreContract('KurrentDB, as its stand-in answers', async () => {
  const kurrent = await startKurrentFake();
  const { url } = kurrent;
  const store = new KurrentEventStore({ url, applicationName: 'one' });
  const elsewhere = new KurrentEventStore({ url, applicationName: 'elsewhere' });
  return {
    store,
    elsewhere,
    close: async () => {
      await Promise.all([store.close(), elsewhere.close()]);
      await kurrent.stop();
    },
  };
});
