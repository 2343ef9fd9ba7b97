import { createHash } from 'node:crypto';
import { canonicalJson } from '@cairn/event-sourcing';
import { z } from 'zod';

/** The form of a backup; another one gets another number. */
export const FORMAT = 'cairn-backup/1';

/** Files of a stone that have one place each. */
export const STONE_FILE = 'stone.json';
export const ALERTING_FILE = 'alerting.ndjson';

const digits = z.string().regex(/^[0-9a-f]{64}$/);
const position = z.string().regex(/^(0|[1-9]\d{0,18})$/);

const BackedUpLog = z.strictObject({
  tenant: z.string().min(1),
  /** Events after this position up to `to` are in this stone. */
  from: position,
  to: position,
  /** Id of the event at `to`, by which a backup is told from that of another log. */
  last: z.string().optional(),
  /** Checkpoints of positions after this one up to `signed` are in this stone. */
  signedFrom: position,
  signed: position,
  /** Names of the files, where there is something new. */
  events: z.string().optional(),
  checkpoints: z.string().optional(),
});
export type BackedUpLog = z.infer<typeof BackedUpLog>;

/**
 * One run of a backup: what every log has had since the run before, and what is kept beside the logs as it was then. Stones are
 * added, none is taken away or changed; all up to one are the backup of that moment.
 */
export const Stone = z.strictObject({
  format: z.literal(FORMAT),
  /** Of all stones of one backup. */
  backup: z.uuid(),
  /** From 1. */
  number: z.int().min(1),
  /** SHA-256 of the stone before, as it says of itself. */
  previous: digits.nullable(),
  takenAt: z.iso.datetime(),
  /** Numbers of the migrations that the database had. */
  migrations: z.array(z.int()),
  /** Public keys of whoever signs the logs, as far as they were known. */
  keys: z.array(z.string()),
  logs: z.array(BackedUpLog),
  /** Rows of what is kept beside the logs, in this stone's file of them. */
  alertingRows: z.int().min(0),
  files: z.record(z.string(), z.strictObject({ bytes: z.int().min(0), sha256: digits })),
});
export type Stone = z.infer<typeof Stone>;

const Sealed = z.strictObject({ sha256: digits, stone: z.unknown() });

/** The folder of a stone. */
export const stoneName = (number: number): string => String(number).padStart(6, '0');

export const digestOf = (stone: Stone): string => createHash('sha256').update(canonicalJson(stone)).digest('hex');

export const stoneText = (stone: Stone): string => `${canonicalJson({ sha256: digestOf(stone), stone })}\n`;

/** @returns undefined for what is no stone of this form, or not what was written */
export function readStone(text: string): { readonly stone: Stone; readonly sha256: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const sealed = Sealed.safeParse(value);
  const stone = Stone.safeParse(sealed.data?.stone);
  if (!sealed.success || !stone.success) return undefined;
  const { sha256 } = sealed.data;
  // The text too: nothing in it has a second form.
  return sha256 === digestOf(stone.data) && text === stoneText(stone.data) ? { stone: stone.data, sha256 } : undefined;
}
