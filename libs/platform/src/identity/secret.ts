import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

/** 32 MB and some 60 ms for each try, on one core. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1_024 * 1_024 };
const LENGTH = 32;

/** Something to hand over once: 192 bits, in letters that survive a terminal. */
export const newSecret = (): string => randomBytes(24).toString('base64url');

/** People can choose a password that is easy to guess, so a guess must cost. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password.normalize('NFC'), salt, LENGTH, COST);
  return `scrypt:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

/** Takes as long for a hash that is none, so that the time does not tell whom the issuer knows. */
export async function matchesPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [scheme, salt = '', hash = ''] = stored?.split(':') ?? [];
  const expected = Buffer.alloc(LENGTH);
  Buffer.from(hash, 'base64url').copy(expected);
  const derived = await derive(password.normalize('NFC'), Buffer.from(salt, 'base64url'), LENGTH, COST);
  return timingSafeEqual(derived, expected) && scheme === 'scrypt';
}

/** Of a secret that was made here: too long to be guessed, so the hash may be fast. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

export const matchesSecret = (secret: string, stored: string): boolean =>
  timingSafeEqual(digest(hashSecret(secret)), digest(stored));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
