import { parseVerifierKey, readRotation, type VerifierKey, verifierKeyText } from '@cairn/audit';
import { canonicalJson } from '@cairn/event-sourcing';
import { z } from 'zod';
import { FILES } from '../export/manifest.js';
import { BundleUnreadable } from './problem.js';

const KeysFile = z.strictObject({
  /** Verifier keys, in the order in which they came into use. */
  keys: z.array(z.string().max(1_000)).min(1).max(1_000),
  /** Signed notes, one for each key but the first. */
  rotations: z.array(z.string().max(10_000)).max(1_000),
});

/** Keys that a bundle brings, and how each came to be followed by the next. */
export interface BundleKeys {
  readonly keys: readonly VerifierKey[];
  readonly rotations: readonly string[];
}

export const keysText = (keys: z.infer<typeof KeysFile>): string => `${canonicalJson(keys)}\n`;

/** @throws BundleUnreadable */
export function readKeys(text: string): BundleKeys {
  const malformed = new BundleUnreadable('KEYS_MALFORMED', FILES.keys, `${FILES.keys} holds no verifier keys.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed;
  }
  const read = KeysFile.safeParse(value);
  if (!read.success) throw malformed;
  const keys = read.data.keys.map(parseVerifierKey).filter((key) => key !== undefined);
  if (keys.length < read.data.keys.length) throw malformed;
  return { keys, rotations: read.data.rotations };
}

/**
 * The keys whose signatures are believed: those that are trusted, and those that a trusted one has handed over to, or taken
 * over from.
 * @param given undefined: all that the bundle brings are
 */
export function trustedKeys(
  { keys, rotations }: BundleKeys,
  given: readonly VerifierKey[] | undefined,
): readonly VerifierKey[] {
  const trusted = new Map((given ?? keys).map((key) => [verifierKeyText(key), key]));
  const pairs = rotations.map(readRotation).filter((pair) => pair !== undefined);
  for (let grows = true; grows;) {
    grows = false;
    for (const pair of pairs) {
      const known = pair.filter((key) => trusted.has(verifierKeyText(key)));
      if (known.length !== 1) continue;
      for (const key of pair) trusted.set(verifierKeyText(key), key);
      grows = true;
    }
  }
  return [...trusted.values()];
}
