import { InMemoryEventStore } from '@cairn/event-sourcing';
import { eventStoreContract } from '../contracts/event-store.contract.js';

eventStoreContract('in memory', async () => {
  const store = new InMemoryEventStore(() => Date.now());
  return { store, elsewhere: store, close: async () => undefined };
});
