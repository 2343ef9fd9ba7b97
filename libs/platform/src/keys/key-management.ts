/**
 * Keys of tenants, which wrap those of participants. Where the tenants' keys lie, only the adapter knows: they never leave it.
 * Every method throws KeysUnavailable when it cannot be asked now.
 */
export interface KeyManagement {
  /** A participant's data key, wrapped with the tenant's, which is made when it has none. The same key may be wrapped otherwise each time. */
  wrap(tenant: string, dataKey: Buffer): Promise<string>;
  /** @throws KeyNotUnwrapped when it was not wrapped with a key of this tenant's */
  unwrap(tenant: string, wrapped: string): Promise<Buffer>;
}

/** Whose data key. */
export interface KeyOwner {
  readonly tenant: string;
  readonly trial: string;
  readonly participant: string;
}

/**
 * What is known of somebody's key. `destroyed` is for ever: it was said that no key is to be here again, whether there had
 * been one or not.
 */
export type StoredKey =
  { readonly kind: 'wrapped'; readonly wrapped: string } | { readonly kind: 'none' } | { readonly kind: 'destroyed' };

/**
 * Where the wrapped data keys are kept: never in the database with the texts, for a copy of it must not bring a key back.
 * Every method throws KeysUnavailable when it cannot be asked now; all may be repeated without harm.
 */
export interface WrappedKeys {
  find(owner: KeyOwner): Promise<StoredKey>;
  /** Keeps the key unless there is one, or was; durable when it resolves. @returns what is kept from now on */
  putIfNone(owner: KeyOwner, wrapped: string): Promise<StoredKey>;
  /** The key cannot be had again from here, nor be put in; durable when it resolves. */
  destroy(owner: KeyOwner): Promise<void>;
  /** Trials of which keys are kept, or were. */
  trials(): Promise<readonly { readonly tenant: string; readonly trial: string }[]>;
}

/** The keys cannot be had now; the same may be asked again. Says nothing of what was asked for. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** What was to be unwrapped is not of this tenant, or was changed. */
export class KeyNotUnwrapped extends Error {
  override readonly name = 'KeyNotUnwrapped';
}
