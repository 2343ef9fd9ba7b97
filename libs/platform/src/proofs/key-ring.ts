import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** 32 bytes in base64. */
const keyBytes = z.string().refine((text) => Buffer.from(text, 'base64').length === 32, 'is not 32 bytes in base64');

const SigningKey = z.object({
  /** Ed25519 (RFC 8032); without it the key is only known, and signs nothing any more. */
  seed: keyBytes.optional(),
  public: keyBytes,
  createdAt: z.iso.datetime(),
  retiredAt: z.iso.datetime().optional(),
});
export type SigningKey = z.infer<typeof SigningKey>;

export const KeyRing = z
  .object({
    version: z.literal(1),
    /** Of all its keys, and the first part of the origin of each tree: it stays when a key is rotated. */
    name: z.string().regex(/^[\w.-]{1,60}$/),
    /** From the oldest on; the last one signs. */
    keys: z.array(SigningKey).min(1),
  })
  .refine(({ keys }) => keys.at(-1)?.seed !== undefined, 'the last key signs, so it has a seed');
/** What signs checkpoints: whoever reads it can sign any log. */
export type KeyRing = z.infer<typeof KeyRing>;

/** The file is no key ring. Nothing of its content is repeated: it holds keys. */
export class InvalidKeyRing extends Error {
  override readonly name = 'InvalidKeyRing';
}

/**
 * @throws InvalidKeyRing when it is not JSON or not of the shape
 * @throws the file system's error (`code` ENOENT, EACCES …) when it cannot be read
 */
export async function readKeyRing(file: string): Promise<KeyRing> {
  const text = await readFile(file, 'utf8');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new InvalidKeyRing(`${file} is not JSON`);
  }
  const read = KeyRing.safeParse(content);
  if (!read.success) {
    const where = read.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw new InvalidKeyRing(`${file} is no key ring: see ${where || 'its last key'}`);
  }
  return read.data;
}

/**
 * Makes a key ring with one key when there is no file; leaves one that is there as it is.
 * @throws InvalidKeyRing when it is broken: new keys would silently begin a log that nobody trusts
 */
export async function prepareKeyRing(file: string, now: Date): Promise<KeyRing> {
  try {
    return await readKeyRing(file);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
  }
  const ring: KeyRing = { version: 1, name: `cairn.${randomBytes(6).toString('hex')}`, keys: [newKey(now)] };
  await replace(file, ring);
  return ring;
}

/** Adds a new key, which signs from now on; the others stay as keys that are known. Not for two callers at a time. */
export async function rotateKeyRing(file: string, now: Date): Promise<KeyRing> {
  const before = await readKeyRing(file);
  const retiredAt = now.toISOString();
  const ring: KeyRing = {
    ...before,
    // The seed of the key before stays: the first checkpoint of the new one is signed by both.
    keys: [...before.keys.map((key) => (key.retiredAt === undefined ? { ...key, retiredAt } : key)), newKey(now)],
  };
  await replace(file, ring);
  return ring;
}

function newKey(now: Date): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    seed: raw(privateKey, 'pkcs8'),
    public: raw(publicKey, 'spki'),
    createdAt: now.toISOString(),
  };
}

/** The last 32 bytes of the encoding of RFC 8410 are the key. */
const raw = (key: KeyObject, type: 'pkcs8' | 'spki'): string =>
  (key.export({ format: 'der', type: type as 'spki' }) as Buffer).subarray(-32).toString('base64');

/** Whole or not at all, and from its first byte readable by nobody else. */
async function replace(file: string, ring: KeyRing): Promise<void> {
  const draft = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(KeyRing.parse(ring), undefined, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
