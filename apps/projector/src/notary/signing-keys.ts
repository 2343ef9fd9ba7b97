import { stat } from 'node:fs/promises';
import { type NoteSigner, noteSigner, verifierKey, type VerifierKey } from '@cairn/audit';
import { type KeyRing, readKeyRing } from '@cairn/platform/signing';

/** What checkpoints are signed with at one moment. */
export interface SigningKeys {
  /** Of all keys, and of the origin lines. */
  readonly name: string;
  readonly active: NoteSigner;
  /** All keys that can sign, by id. */
  readonly signers: ReadonlyMap<string, NoteSigner>;
  /** All keys that are known, retired ones too. */
  readonly verifiers: readonly VerifierKey[];
}

export function signingKeysOf({ name, keys }: KeyRing): SigningKeys {
  const signers = keys.flatMap(({ seed }) =>
    seed === undefined ? [] : [noteSigner(name, Buffer.from(seed, 'base64'))],
  );
  return {
    name,
    active: signers.at(-1)!,
    signers: new Map(signers.map((signer) => [signer.key.id, signer])),
    verifiers: keys.map((key) => verifierKey(name, Buffer.from(key.public, 'base64'))),
  };
}

/** The key ring's file, read again when it was replaced. */
export class SigningKeysFile {
  private read: { readonly version: string; readonly keys: SigningKeys } | undefined;

  constructor(private readonly file: string) {}

  /** @throws InvalidKeyRing, or the file system's error, when it cannot be read */
  async current(): Promise<SigningKeys> {
    const version = await this.version();
    if (this.read?.version !== version) this.read = { version, keys: signingKeysOf(await readKeyRing(this.file)) };
    return this.read.keys;
  }

  private async version(): Promise<string> {
    const { mtimeMs, ino, size } = await stat(this.file);
    return `${mtimeMs}.${ino}.${size}`;
  }
}
