import { z } from 'zod';

/** The form of a bundle; another one gets another number. */
export const FORMAT = 'cairn-export/1';

/** Files of a bundle that have one place each. */
export const FILES = {
  manifest: 'manifest.json',
  events: 'events.ndjson',
  checkpoints: 'checkpoints',
  keys: 'keys.json',
  protocol: 'protocol.json',
  consistency: 'consistency.json',
} as const;

const digits = z.string().regex(/^[0-9a-f]{64}$/);
const root = z.base64().length(44);
const place = z.strictObject({ id: z.string(), recordedat: z.string() });

/** What a bundle says of itself. All of it follows from the other files, so nothing in it has to be believed. */
export const Manifest = z.strictObject({
  format: z.string(),
  tenant: z.string(),
  trial: z.string(),
  /** First segment of the trial's streams. */
  scope: z.string(),
  /** Events, which are the leaves of the tree. */
  size: z.int().min(1),
  /** Of the tree of this size. */
  root,
  first: place,
  last: place,
  /** The last checkpoint in the bundle. With a cut it may be of a larger tree. */
  checkpoint: z.strictObject({ size: z.int().min(1), root }),
  /** Up to whose last event the events go. */
  cut: z.string().optional(),
  /** Names of the keys that signed the checkpoints. */
  keys: z.array(z.string()),
  /** Each other file, by its path in the bundle. */
  files: z.record(z.string(), z.strictObject({ bytes: z.int().min(0), sha256: digits })),
});
export type Manifest = z.infer<typeof Manifest>;

/** A name that anything may have, as part of a path. */
export const pathPart = (name: string): string => encodeURIComponent(name).replaceAll('.', '%2E');

export const tablePath = (cut: string, table: string): string => `cut/${pathPart(cut)}/${pathPart(table)}.json`;
export const cutPath = (cut: string): string => `cut/${pathPart(cut)}/cut.json`;
