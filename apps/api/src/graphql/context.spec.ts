import { EventStoreUnavailable } from '@cairn/event-sourcing';
import type { Identity } from '../identity/identity.js';
import { contextOf } from './context.js';

const conduct = { sealedRead: async () => undefined, sealedReadRefused: async () => undefined };
const failing = (error: Error) =>
  contextOf({} as Identity, { of: () => Promise.reject(error) }, conduct, { stretch: async () => undefined });

it('roles that cannot be read now are an outage, and the request may be sent again', async () => {
  await expect(failing(new EventStoreUnavailable('away'))).rejects.toMatchObject({
    extensions: { code: 'SERVICE_UNAVAILABLE', http: { status: 503 } },
  });
});

it('what else goes wrong with them is nobody’s known case', async () => {
  const fault = new TypeError('a fault');
  await expect(failing(fault)).rejects.toBe(fault);
});
