import type { ErasureRegister } from './erasure-register.js';
import type { KeyOwner, StoredKey, WrappedKeys } from './key-management.js';

/**
 * Wrapped keys of which those in a register of erasures stay dead, wherever the others were put back from. A key is entered
 * there before it is destroyed, so that an end between the two loses no erasure.
 */
export class RegisteredKeys implements WrappedKeys {
  constructor(
    private readonly store: WrappedKeys,
    private readonly register: ErasureRegister,
  ) {}

  async find(owner: KeyOwner): Promise<StoredKey> {
    const key = await this.store.find(owner);
    if (key.kind !== 'wrapped' || !(await this.register.has(owner))) return key;
    await this.store.destroy(owner);
    return { kind: 'destroyed' };
  }

  async putIfNone(owner: KeyOwner, wrapped: string): Promise<StoredKey> {
    if (!(await this.register.has(owner))) return this.store.putIfNone(owner, wrapped);
    await this.store.destroy(owner);
    return { kind: 'destroyed' };
  }

  async destroy(owner: KeyOwner): Promise<void> {
    await this.register.add(owner);
    await this.store.destroy(owner);
  }

  trials(): ReturnType<WrappedKeys['trials']> {
    return this.store.trials();
  }

  /** Destroys again what is in the register and in the store: a copy of the keys from before was put back. */
  async settle(): Promise<void> {
    for (const owner of await this.register.all()) {
      if ((await this.store.find(owner)).kind !== 'destroyed') await this.store.destroy(owner);
    }
  }
}
