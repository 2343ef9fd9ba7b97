import { ParticipantKeys, TenantKeysFile, Vault, VaultKeys, WrappedKeysFiles } from '@cairn/platform/keys';
import type { KeysConfiguration } from '../configuration.js';

/** Participants' keys, where the configuration says that they are. Nothing is asked of that place yet. */
export function openKeys(configuration: KeysConfiguration): ParticipantKeys {
  switch (configuration.kind) {
    case 'file': {
      const { dir } = configuration;
      return new ParticipantKeys(new TenantKeysFile(dir), new WrappedKeysFiles(dir));
    }
    case 'vault': {
      const keys = new VaultKeys(new Vault(configuration.vault), configuration.mounts);
      return new ParticipantKeys(keys, keys);
    }
    default:
      return configuration satisfies never;
  }
}
