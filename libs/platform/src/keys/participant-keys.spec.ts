import { InMemoryKeys } from './in-memory-keys.js';
import { KeysUnavailable, type KeyOwner, type StoredKey } from './key-management.js';
import { ParticipantKeys } from './participant-keys.js';

const owner: KeyOwner = { tenant: 'u', trial: 't', participant: 'P1' };
const place = { ...owner, member: 'note' };

/** A store that several processes share, and that can be away. */
class SharedKeys extends InMemoryKeys {
  away = false;
  asked = 0;
  override async find(of: KeyOwner): Promise<StoredKey> {
    this.asked++;
    if (this.away) throw new KeysUnavailable('away');
    return super.find(of);
  }
}

let now: number;
let store: SharedKeys;
const process = () => new ParticipantKeys(store, store, () => now);
beforeEach(() => {
  now = 0;
  store = new SharedKeys();
});

/** @returns what it sealed */
async function sealed(keys: ParticipantKeys, text = 'note'): Promise<string> {
  const key = await keys.findOrMake(owner);
  if (key.kind !== 'seal') throw new Error(key.kind);
  return key.seal.close(place, text);
}

it('two processes that make a key at once have one', async () => {
  const [one, other] = await Promise.all([sealed(process()), sealed(process())]);
  expect(one).toBe(other);
});

it('a key is asked for again after some seconds only', async () => {
  const keys = process();
  await sealed(keys);
  const { asked } = store;
  for (let round = 0; round < 10; round++) await keys.find(owner);
  expect(store.asked).toBe(asked);
  now += 2_000;
  await keys.find(owner);
  expect(store.asked).toBe(asked + 1);
  await keys.find(owner, { fresh: true });
  expect(store.asked).toBe(asked + 2);
});

it('a key that was destroyed is gone at once here, and elsewhere within seconds, for ever', async () => {
  const [here, elsewhere] = [process(), process()];
  await sealed(here);
  await sealed(elsewhere);
  await here.destroy(owner);
  expect(await here.find(owner)).toEqual({ kind: 'destroyed' });
  now += 2_000;
  expect(await elsewhere.find(owner)).toEqual({ kind: 'destroyed' });
  expect(await elsewhere.findOrMake(owner)).toEqual({ kind: 'destroyed' });
});

it('a key that is being looked up as it is destroyed is not kept', async () => {
  const keys = process();
  await sealed(keys);
  now += 2_000;
  const looking = keys.find(owner);
  await keys.destroy(owner);
  await looking;
  expect(await keys.find(owner)).toEqual({ kind: 'destroyed' });
});

it('without its store a key is not to be had, and nothing else is said', async () => {
  store.away = true;
  await expect(process().find(owner)).rejects.toThrow(KeysUnavailable);
  await expect(process().findOrMake(owner)).rejects.toThrow(KeysUnavailable);
});

it('a rehearsal makes and destroys keys for itself alone', async () => {
  const keys = process();
  const before = await sealed(keys);
  const rehearsal = keys.rehearsal();
  expect(await sealed(rehearsal)).toBe(before);
  await rehearsal.destroy(owner);
  expect(await rehearsal.find(owner)).toEqual({ kind: 'destroyed' });
  const other = { ...owner, participant: 'P2' };
  expect((await rehearsal.findOrMake(other)).kind).toBe('seal');
  expect((await keys.find(owner, { fresh: true })).kind).toBe('seal');
  expect((await keys.find(other)).kind).toBe('none');
});
