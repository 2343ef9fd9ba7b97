import {
  ErasureRegister,
  type KeyManagement,
  ParticipantKeys,
  RegisteredKeys,
  TenantKeysFile,
  Vault,
  VaultKeys,
  type WrappedKeys,
  WrappedKeysFiles,
} from '@cairn/platform/keys';
import type { KeysConfiguration } from '../configuration.js';

/** Participants' keys, and what destroys again those that are back although they were erased. */
export interface OpenedKeys {
  readonly keys: ParticipantKeys;
  readonly settle: () => Promise<void>;
}

/** Participants' keys, where the configuration says that they are. Nothing is asked of that place yet. */
export function openKeys(configuration: KeysConfiguration): OpenedKeys {
  const { management, store } = storeOf(configuration);
  if (configuration.register === undefined) {
    return { keys: new ParticipantKeys(management, store), settle: () => Promise.resolve() };
  }
  const registered = new RegisteredKeys(store, new ErasureRegister(configuration.register));
  return { keys: new ParticipantKeys(management, registered), settle: () => registered.settle() };
}

function storeOf(configuration: KeysConfiguration): {
  readonly management: KeyManagement;
  readonly store: WrappedKeys;
} {
  switch (configuration.kind) {
    case 'file': {
      const { dir } = configuration;
      return { management: new TenantKeysFile(dir), store: new WrappedKeysFiles(dir) };
    }
    case 'vault': {
      const keys = new VaultKeys(new Vault(configuration.vault), configuration.mounts);
      return { management: keys, store: keys };
    }
    default:
      return configuration satisfies never;
  }
}
