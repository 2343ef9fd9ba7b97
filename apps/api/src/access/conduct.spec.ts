import { conductStream, peopleStream, Viewer } from '@cairn/access';
import { InMemoryEventStore } from '@cairn/event-sourcing';
import type { Identity } from '../identity/identity.js';
import { Conduct } from './conduct.js';
import { Viewers } from './viewers.js';

const MINUTE = 60_000;
let now: number;
let store: InMemoryEventStore;
let conduct: Conduct;

const anna: Identity = {
  tenant: 'test',
  person: 'anna',
  name: 'Anna',
  client: 'browser',
  session: 's-1',
  scopes: new Set(),
  expiresAt: Infinity,
};
const viewer = Viewer.of({ ...anna, assignments: [], validUntil: undefined });
const refused = { viewer, trial: 't', field: 'Participant.arm', reason: 'BLINDED' } as const;

beforeEach(async () => {
  now = 1_000 * MINUTE;
  store = new InMemoryEventStore(() => now);
  await store.append('test', {
    stream: peopleStream,
    expected: 'none',
    commandId: '00000000-0000-4000-8000-000000000001',
    events: [
      {
        type: 'PersonRegistered',
        schemaVersion: 1,
        occurredAt: 0,
        payload: JSON.stringify({ person: 'anna', name: 'Anna' }),
      },
    ],
    actor: 'anna',
  });
  conduct = started();
});

/** Another process, or the same one after a restart. */
const started = (): Conduct => new Conduct(store, new Viewers(store, () => now), () => now);
const recorded = async () =>
  (await store.readStream('test', conductStream('anna'))).map(({ type, payload }) => ({
    type,
    data: JSON.parse(payload) as unknown,
  }));

describe('a sign-in', () => {
  it('is recorded once for each session, whoever is told of it and when', async () => {
    await Promise.all([conduct.signedIn(anna), conduct.signedIn(anna)]);
    await started().signedIn(anna);
    expect(await recorded()).toEqual([
      { type: 'SignedIn', data: { person: 'anna', client: 'browser', session: 's-1' } },
    ]);
    await conduct.signedIn({ ...anna, session: 's-2' });
    expect(await recorded()).toHaveLength(2);
  });

  it('of somebody whom the tenant does not know leaves no trace', async () => {
    const before = await store.head('test');
    await conduct.signedIn({ ...anna, person: 'stranger' });
    await conduct.signedIn({ ...anna, tenant: 'nowhere' });
    expect(await store.head('test')).toBe(before);
    expect(await store.tenants()).toEqual(['test']);
  });

  it('with a session that no event can name is recorded under its digest', async () => {
    await conduct.signedIn({ ...anna, session: 'x'.repeat(500) });
    expect(await recorded()).toEqual([
      { type: 'SignedIn', data: { person: 'anna', client: 'browser', session: expect.stringMatching(/^[\w-]{22}$/) } },
    ]);
  });

  it('that could not be recorded fails, and is recorded when it is told of again', async () => {
    const append = store.append.bind(store);
    store.append = () => Promise.reject(new Error('no store'));
    await expect(conduct.signedIn(anna)).rejects.toThrow('no store');
    store.append = append;
    await conduct.signedIn(anna);
    expect(await recorded()).toHaveLength(1);
  });
});

describe('a sealed read', () => {
  it('is recorded each time', async () => {
    const look = { viewer, trial: 't', field: 'Participant.arm', participants: 3, by: 'role' } as const;
    await conduct.sealedRead(look);
    await conduct.sealedRead(look);
    const data = { person: 'anna', trial: 't', field: 'Participant.arm', participants: 3, by: 'role' };
    expect(await recorded()).toEqual([
      { type: 'SealedDataRead', data },
      { type: 'SealedDataRead', data },
    ]);
  });

  it('that is refused is recorded once a minute for each person, trial and field', async () => {
    await Promise.all([conduct.sealedReadRefused(refused), conduct.sealedReadRefused(refused)]);
    await conduct.sealedReadRefused(refused);
    expect(await recorded()).toEqual([
      { type: 'SealedDataRefused', data: { person: 'anna', trial: 't', field: 'Participant.arm', reason: 'BLINDED' } },
    ]);
    await conduct.sealedReadRefused({ ...refused, field: 'Trial.history' });
    now += MINUTE;
    await conduct.sealedReadRefused(refused);
    expect(await recorded()).toHaveLength(3);
  });
});
