import { InMemoryKeys } from './in-memory-keys.js';
import type { KeyOwner, StoredKey, WrappedKeys } from './key-management.js';

/** Keys over those of another store, which stays as it is. */
export class RehearsedKeys implements WrappedKeys {
  private readonly above = new InMemoryKeys();

  constructor(private readonly below: WrappedKeys) {}

  async find(owner: KeyOwner): Promise<StoredKey> {
    const above = await this.above.find(owner);
    return above.kind === 'none' ? this.below.find(owner) : above;
  }

  async putIfNone(owner: KeyOwner, wrapped: string): Promise<StoredKey> {
    const found = await this.find(owner);
    return found.kind === 'none' ? this.above.putIfNone(owner, wrapped) : found;
  }

  destroy(owner: KeyOwner): Promise<void> {
    return this.above.destroy(owner);
  }

  async trials(): Promise<readonly { readonly tenant: string; readonly trial: string }[]> {
    return [...(await this.below.trials()), ...(await this.above.trials())];
  }
}
