import { KurrentEventStore } from '@cairn/platform/kurrent';
import { eventStoreContract } from '../contracts/event-store.contract.js';
import { kurrentGuarantees } from '../contracts/kurrent-guarantees.js';

const url = process.env['KURRENTDB_URL'];
if (!url) throw new Error('KURRENTDB_URL is missing');
const NAME = 'KurrentDB at KURRENTDB_URL';

eventStoreContract(NAME, async () => {
  const store = new KurrentEventStore({ url, applicationName: 'one' });
  const elsewhere = new KurrentEventStore({ url, applicationName: 'elsewhere' });
  return { store, elsewhere, close: async () => void (await Promise.all([store.close(), elsewhere.close()])) };
});

kurrentGuarantees(NAME, async () => url);
