import { verifierKey, verifierKeyText } from '@cairn/audit';
import { InvalidKeyRing, type KeyRing, readKeyRing, rotateKeyRing } from '@cairn/platform/signing';
import { UsageError } from '../exit-code.js';
import type { Terminal } from '../terminal.js';

/** `cairn keys list`: the public keys that logs are signed with, one a line, the one that signs now last. */
export async function listKeys(file: string, terminal: Terminal): Promise<void> {
  print(await usable(file, () => readKeyRing(file)), terminal);
}

/**
 * `cairn keys rotate`: a new key signs from now on; a projector that runs takes it up within a second. Each log's next
 * checkpoint is signed by the key before as well, which stays known.
 */
export async function rotateKeys(file: string, terminal: Terminal, now: Date): Promise<void> {
  print(await usable(file, () => rotateKeyRing(file, now)), terminal);
}

function print({ name, keys }: KeyRing, { out }: Terminal): void {
  for (const key of keys) {
    const text = verifierKeyText(verifierKey(name, Buffer.from(key.public, 'base64')));
    out.write(`${text}  ${key.createdAt}${key.retiredAt === undefined ? '' : ` until ${key.retiredAt}`}\n`);
  }
}

/** @throws UsageError when there is no key ring that can be used */
async function usable(file: string, work: () => Promise<KeyRing>): Promise<KeyRing> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvalidKeyRing) throw new UsageError(error.message);
    const { code } = error as { code?: unknown };
    if (code === 'ENOENT') throw new UsageError(`${file} is not there: it is made by the first start of Cairn`);
    if (code === 'EACCES' || code === 'EPERM') throw new UsageError(`${file} is for the user that runs Cairn`);
    throw error;
  }
}
