import { stat } from 'node:fs/promises';
import { verifierKey, verifierKeyText } from '@cairn/audit';
import { readKeyRing } from '@cairn/platform/signing';

/** The public keys of whoever signs the log, as verifier keys; the last one signs now. */
export interface VerifierKeys {
  current(): Promise<readonly string[]>;
}

/** Keys that were given, one by one. */
export const givenKeys = (keys: readonly string[]): VerifierKeys => ({ current: async () => keys });

/** The public part of a key ring's file, read again when it was replaced. */
export class KeyRingVerifiers implements VerifierKeys {
  private read: { readonly version: string; readonly keys: readonly string[] } | undefined;

  constructor(private readonly file: string) {}

  async current(): Promise<readonly string[]> {
    const { mtimeMs, ino, size } = await stat(this.file);
    const version = `${mtimeMs}.${ino}.${size}`;
    if (this.read?.version !== version) {
      const { name, keys } = await readKeyRing(this.file);
      const texts = keys.map((key) => verifierKeyText(verifierKey(name, Buffer.from(key.public, 'base64'))));
      this.read = { version, keys: texts };
    }
    return this.read.keys;
  }
}
