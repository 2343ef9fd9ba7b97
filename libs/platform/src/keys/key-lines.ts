import { z } from 'zod';
import type { KeyOwner, StoredKey } from './key-management.js';

const KeyLine = z.object({ tenant: z.string(), trial: z.string(), participant: z.string(), key: z.string() });

/** Stands in the place of each character of a key that was destroyed. No wrapped key has it. */
const GONE = '#';
const NEWLINE = 0x0a;

/** A key as a file has it, and where. */
export interface PlacedKey {
  readonly owner: KeyOwner;
  readonly key: StoredKey;
  /** Bytes of the wrapped key within the file. */
  readonly at: number;
  readonly length: number;
}

/** What a file of wrapped keys holds. */
export interface KeyLines {
  readonly keys: Map<string, PlacedKey>;
  /** Bytes of whole lines; behind them may lie the beginning of one, of a process that ended as it wrote. */
  readonly length: number;
}

export const noKeys = (): KeyLines => ({ keys: new Map(), length: 0 });

/** The key comes last, so that it can be found and overwritten in its place. */
export const keyLine = ({ tenant, trial, participant }: KeyOwner, wrapped: string | undefined): string =>
  `${JSON.stringify({ tenant, trial, participant, key: wrapped ?? GONE })}\n`;

/**
 * What a file holds with the bytes that follow what is known of it. A later line of the same owner says what became of their key.
 * @throws Error for a whole line that is none, without repeating it
 */
export function readKeyLines(bytes: Buffer, known: KeyLines = noKeys()): KeyLines {
  let from = 0;
  for (let end = bytes.indexOf(NEWLINE, from); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
    const placed = readKeyLine(bytes.subarray(from, end), known.length + from);
    known.keys.set(ownerKey(placed.owner), placed);
    from = end + 1;
  }
  return { keys: known.keys, length: known.length + from };
}

function readKeyLine(line: Buffer, at: number): PlacedKey {
  let read: z.infer<typeof KeyLine>;
  try {
    read = KeyLine.parse(JSON.parse(line.toString('utf8')));
  } catch {
    throw new Error(`there is no key at byte ${at} of the file of keys`);
  }
  const { key, ...owner } = read;
  return {
    owner,
    // Half overwritten is destroyed: what is left of it opens nothing.
    key: key.includes(GONE) ? { kind: 'destroyed' } : { kind: 'wrapped', wrapped: key },
    at: at + line.length - '"}'.length - key.length,
    length: key.length,
  };
}

/** What a destroyed key is overwritten with. */
export const gone = (length: number): Buffer => Buffer.from(GONE.repeat(length));

export const ownerKey = ({ tenant, trial, participant }: KeyOwner): string =>
  JSON.stringify([tenant, trial, participant]);
