import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type KeyManagement,
  KeyNotUnwrapped,
  type KeyOwner,
  KeysUnavailable,
  ParticipantKeys,
  type WrappedKeys,
} from '@cairn/platform/keys';

/** Two processes' ways to the same keys. */
export interface KeysUnderTest {
  readonly management: KeyManagement;
  readonly store: WrappedKeys;
  readonly elsewhere: { readonly management: KeyManagement; readonly store: WrappedKeys };
  /** From now on neither can be asked. */
  takeAway(): Promise<void>;
  close(): Promise<void>;
}

const WEIRD = ['P/1', '../../etc', 'Zürich 3 €', 'x'.repeat(100), '€'.repeat(100), '"}', '#', '.', 'P1\u00a0'];

/** What every place for participants' keys keeps: the same cases for each adapter. */
export function participantKeysContract(adapter: string, open: () => Promise<KeysUnderTest>): void {
  describe(`participant keys contract: ${adapter}`, () => {
    let keys: KeysUnderTest;
    let count = 0;
    beforeAll(async () => void (keys = await open()));
    afterAll(() => keys.close());
    const somebody = (): KeyOwner => ({ tenant: 'u', trial: 't', participant: `P${++count}` });

    it('wraps a key with the tenant’s, and unwraps it for that tenant alone', async () => {
      const dataKey = randomBytes(32);
      const wrapped = await keys.management.wrap('u', dataKey);
      expect(wrapped).not.toContain(dataKey.toString('base64'));
      expect(await keys.elsewhere.management.unwrap('u', wrapped)).toEqual(dataKey);
      await keys.management.wrap('v', dataKey);
      await expect(keys.management.unwrap('v', wrapped)).rejects.toThrow(KeyNotUnwrapped);
      await expect(keys.management.unwrap('u', `${wrapped.slice(0, -6)}AAAA==`)).rejects.toThrow(KeyNotUnwrapped);
    });

    it('keeps the first key, whoever puts another', async () => {
      const owner = somebody();
      expect(await keys.store.find(owner)).toEqual({ kind: 'none' });
      expect(await keys.store.putIfNone(owner, 'first')).toEqual({ kind: 'wrapped', wrapped: 'first' });
      expect(await keys.elsewhere.store.putIfNone(owner, 'second')).toEqual({ kind: 'wrapped', wrapped: 'first' });
      expect(await keys.elsewhere.store.find(owner)).toEqual({ kind: 'wrapped', wrapped: 'first' });
    });

    it('gives many who put at once, here and elsewhere, the same key', async () => {
      const owners = Array.from({ length: 20 }, somebody);
      const put = await Promise.all(
        owners.flatMap((owner) =>
          [keys.store, keys.elsewhere.store, keys.store].map((store, index) => store.putIfNone(owner, `key-${index}`)),
        ),
      );
      for (const [index, owner] of owners.entries()) {
        const kept = await keys.store.find(owner);
        expect(kept.kind).toBe('wrapped');
        expect(put.slice(index * 3, index * 3 + 3)).toEqual([kept, kept, kept]);
      }
    });

    it('has nothing of a key that was destroyed, and takes none again', async () => {
      const [owner, other] = [somebody(), somebody()];
      await keys.store.putIfNone(owner, 'gone');
      await keys.store.putIfNone(other, 'stays');
      await keys.store.destroy(owner);
      await keys.elsewhere.store.destroy(owner);
      expect(await keys.elsewhere.store.find(owner)).toEqual({ kind: 'destroyed' });
      expect(await keys.store.putIfNone(owner, 'new')).toEqual({ kind: 'destroyed' });
      expect(await keys.store.find(other)).toEqual({ kind: 'wrapped', wrapped: 'stays' });
    });

    it('takes no key of somebody who never had one and was erased', async () => {
      const owner = somebody();
      await keys.store.destroy(owner);
      expect(await keys.store.putIfNone(owner, 'new')).toEqual({ kind: 'destroyed' });
    });

    it('keeps participants, trials and tenants apart, however they are called', async () => {
      const owners = WEIRD.flatMap((id) => [
        { tenant: 'u', trial: 't', participant: id },
        { tenant: 'u', trial: id, participant: 'P' },
        { tenant: id, trial: 't', participant: 'P' },
      ]);
      for (const [index, owner] of owners.entries()) await keys.store.putIfNone(owner, `weird-${index}`);
      for (const [index, owner] of owners.entries()) {
        expect(await keys.elsewhere.store.find(owner)).toEqual({ kind: 'wrapped', wrapped: `weird-${index}` });
      }
      const trials = await keys.elsewhere.store.trials();
      for (const { tenant, trial } of owners) expect(trials).toContainEqual({ tenant, trial });
      expect(new Set(trials.map((each) => JSON.stringify(each))).size).toBe(trials.length);
    });

    it('seals and opens through both', async () => {
      const owner = somebody();
      const [here, elsewhere] = [keys, keys.elsewhere].map(
        ({ management, store }) => new ParticipantKeys(management, store, undefined, 0),
      ) as [ParticipantKeys, ParticipantKeys];
      const made = await here.findOrMake(owner);
      const found = await elsewhere.find(owner);
      if (made.kind !== 'seal' || found.kind !== 'seal') throw new Error('there is no key');
      const place = { ...owner, member: 'note' };
      expect(found.seal.open(place, made.seal.close(place, 'words'))).toBe('words');
      await here.destroy(owner);
      expect(await elsewhere.find(owner)).toEqual({ kind: 'destroyed' });
    });

    it('says that it is away, and of what it was asked nothing', async () => {
      await keys.takeAway();
      const owner = { tenant: 'secret-u', trial: 'secret-t', participant: 'secret-p' };
      for (const asked of [
        () => keys.store.find(owner),
        () => keys.store.putIfNone(owner, 'secret'),
        () => keys.store.destroy(owner),
        () => keys.store.trials(),
        () => keys.management.wrap('secret-u', randomBytes(32)),
        () => keys.management.unwrap('secret-u', 'secret'),
      ]) {
        const error = await asked().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(KeysUnavailable);
        expect((error as Error).message).not.toContain('secret');
      }
    });
  });
}
