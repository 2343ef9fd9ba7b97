import { afterAll } from '@jest/globals';
import { KurrentEventStore } from '@cairn/platform/kurrent';
import { eventStoreContract } from '../contracts/event-store.contract.js';
import { kurrentGuarantees } from '../contracts/kurrent-guarantees.js';
import { startKurrentFake } from '../support/kurrent/fake-server.js';

const NAME = 'KurrentDB, as its stand-in answers';
const starting = startKurrentFake();
afterAll(async () => (await starting).stop());

eventStoreContract(NAME, async () => {
  const { url } = await starting;
  const store = new KurrentEventStore({ url, applicationName: 'one' });
  const elsewhere = new KurrentEventStore({ url, applicationName: 'elsewhere' });
  return { store, elsewhere, close: async () => void (await Promise.all([store.close(), elsewhere.close()])) };
});

kurrentGuarantees(NAME, async () => (await starting).url);
