import { randomUUID } from 'node:crypto';
import { peopleEventTypes, type PeopleEvent, peopleStream } from '@cairn/access';
import { EventCatalogue, InMemoryEventStore } from '@cairn/event-sourcing';
import type { Identity } from '../identity/identity.js';
import { Viewers } from './viewers.js';

const catalogue = new EventCatalogue(peopleEventTypes);
const anna: Identity = {
  tenant: 'test',
  person: 'anna',
  name: 'Anna',
  client: undefined,
  session: 's',
  scopes: new Set(),
  expiresAt: Infinity,
};

let now: number;
let reads: number;
let store: InMemoryEventStore;
let viewers: Viewers;
beforeEach(() => {
  now = 1_000_000;
  reads = 0;
  store = new InMemoryEventStore(() => now);
  const readStream = store.readStream.bind(store);
  store.readStream = (...range) => {
    reads++;
    return readStream(...range);
  };
  viewers = new Viewers(store, () => now);
});

/** As another process does it, which tells nobody here. */
async function append(...events: readonly PeopleEvent[]): Promise<void> {
  await store.append('test', {
    stream: peopleStream,
    expected: 'any',
    commandId: randomUUID(),
    events: events.map((event) => catalogue.encode(event)),
    actor: 'admin',
  });
}
const assigned = (assignment: string, person: string, until?: string): PeopleEvent => ({
  type: 'RoleAssigned',
  occurredAt: 0,
  data: { assignment, person, role: 'auditor', ...(until !== undefined && { until }) },
});
const revoked = (assignment: string): PeopleEvent => ({
  type: 'RoleRevoked',
  occurredAt: 0,
  data: { assignment, person: 'anna', reason: 'left' },
});
const rolesOf = async (person = 'anna', tenant = 'test') => (await viewers.of({ ...anna, person, tenant })).roles;

test('whoever asks has the roles that their own tenant gave to them, and nobody else’s', async () => {
  await append(assigned('1', 'anna'), assigned('2', 'constructor'));
  expect(await rolesOf()).toEqual(['auditor']);
  expect(await rolesOf('bob')).toEqual([]);
  expect(await rolesOf('toString')).toEqual([]);
  expect(await rolesOf('anna', 'other')).toEqual([]);
});

test('many requests read once; what another process changed is seen after a second at the latest', async () => {
  await append(assigned('1', 'anna'));
  await Promise.all(Array.from({ length: 50 }, () => rolesOf()));
  expect(reads).toBe(1);
  await append(revoked('1'));
  now += 999;
  expect(await rolesOf()).toEqual(['auditor']);
  now += 1;
  expect(await rolesOf()).toEqual([]);
  expect(reads).toBe(2);
});

test('what is known here to have changed is seen by the next request', async () => {
  await append(assigned('1', 'anna'));
  expect(await rolesOf()).toEqual(['auditor']);
  await append(revoked('1'));
  viewers.changed('test');
  expect(await rolesOf()).toEqual([]);
});

test('a reading that began before a change is not believed after it', async () => {
  await append(assigned('1', 'anna'));
  const readStream = store.readStream.bind(store);
  let finish: (() => void) | undefined;
  store.readStream = async (...range) => {
    const events = await readStream(...range);
    await new Promise<void>((resolve) => (finish = resolve));
    return events;
  };
  const early = rolesOf();
  while (!finish) await Promise.resolve();
  store.readStream = readStream;
  await append(revoked('1'));
  viewers.changed('test');
  finish();
  await early;
  expect(await rolesOf()).toEqual([]);
});

test('a role ends at its time, without anything being read', async () => {
  await append(assigned('1', 'anna', new Date(now + 400).toISOString()));
  expect(await rolesOf()).toEqual(['auditor']);
  now += 400;
  expect(await rolesOf()).toEqual([]);
  expect(reads).toBe(1);
});

test('whoever asks all the time waits for no reading, and still sees what another process changed', async () => {
  await append(assigned('1', 'anna'));
  await rolesOf();
  await append(revoked('1'));
  now += 600;
  expect(await rolesOf()).toEqual(['auditor']);
  now += 399;
  expect(await rolesOf()).toEqual([]);
  expect(reads).toBe(2);
});

test('a reading that failed is tried again by the next request', async () => {
  await append(assigned('1', 'anna'));
  const readStream = store.readStream.bind(store);
  store.readStream = () => Promise.reject(new Error('no store'));
  await expect(rolesOf()).rejects.toThrow('no store');
  store.readStream = readStream;
  expect(await rolesOf()).toEqual(['auditor']);
});
