export { ErasureRegister } from './keys/erasure-register.js';
export { InMemoryKeys } from './keys/in-memory-keys.js';
export {
  type KeyManagement,
  KeyNotUnwrapped,
  type KeyOwner,
  KeysUnavailable,
  type StoredKey,
  type WrappedKeys,
} from './keys/key-management.js';
export { type ParticipantKey, ParticipantKeys } from './keys/participant-keys.js';
export { RegisteredKeys } from './keys/registered-keys.js';
export { DATA_KEY_BYTES, Seal, SealBroken, type SealedPlace } from './keys/seal.js';
export { TenantKeysFile } from './keys/tenant-keys-file.js';
export { WrappedKeysFiles } from './keys/wrapped-keys-files.js';
export { Vault, type VaultSettings } from './keys/vault.js';
export { VaultKeys, type VaultMounts } from './keys/vault-keys.js';
