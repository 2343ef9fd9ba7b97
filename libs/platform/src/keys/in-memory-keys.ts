import type { KeyManagement, KeyOwner, StoredKey, WrappedKeys } from './key-management.js';

/**
 * Keys that end with the process: for a rehearsal, which must leave none behind, and for tests. Wrapping hides nothing
 * here, as nothing leaves the process.
 */
export class InMemoryKeys implements KeyManagement, WrappedKeys {
  private readonly keys = new Map<string, StoredKey>();
  private readonly seen = new Map<string, { readonly tenant: string; readonly trial: string }>();

  async wrap(_tenant: string, dataKey: Buffer): Promise<string> {
    return dataKey.toString('base64');
  }

  async unwrap(_tenant: string, wrapped: string): Promise<Buffer> {
    return Buffer.from(wrapped, 'base64');
  }

  async find(owner: KeyOwner): Promise<StoredKey> {
    return this.keys.get(keyOf(owner)) ?? { kind: 'none' };
  }

  async putIfNone(owner: KeyOwner, wrapped: string): Promise<StoredKey> {
    return this.keys.get(keyOf(owner)) ?? this.put(owner, { kind: 'wrapped', wrapped });
  }

  async destroy(owner: KeyOwner): Promise<void> {
    this.put(owner, { kind: 'destroyed' });
  }

  async trials(): Promise<readonly { readonly tenant: string; readonly trial: string }[]> {
    return [...this.seen.values()];
  }

  private put(owner: KeyOwner, key: StoredKey): StoredKey {
    const { tenant, trial } = owner;
    this.seen.set(JSON.stringify([tenant, trial]), { tenant, trial });
    this.keys.set(keyOf(owner), key);
    return key;
  }
}

const keyOf = ({ tenant, trial, participant }: KeyOwner): string => JSON.stringify([tenant, trial, participant]);
