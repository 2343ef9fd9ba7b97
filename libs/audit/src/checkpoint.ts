import { HASH_BYTES, type Hash } from './merkle.js';
import { fromBase64 } from './signed-note.js';

/** At most so many leaves are added by one checkpoint. */
export const CHECKPOINT_MAX_LEAVES = 256;

/** What a checkpoint says of a tree (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Which tree, see `checkpointOrigin`. */
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  readonly root: Hash;
  /**
   * Hashes of the leaves that the checkpoint before did not have, as extension lines. So every leaf is signed by itself:
   * a log that was altered and hashed anew cannot hide from which position on.
   */
  readonly added: readonly Hash[];
}

/**
 * The origin line of a tree: `<key name>/<tenant>/<scope>`, percent-encoded. The scope is the first segment of the streams
 * whose events are its leaves, or empty for the tree of the tenant's whole log.
 */
export const checkpointOrigin = (keyName: string, tenant: string, scope: string): string =>
  `${keyName}/${encodeURIComponent(tenant)}/${scope}`;

/** The text that is signed. */
export const checkpointText = ({ origin, size, root, added }: Checkpoint): string =>
  [origin, size, base64(root), ...added.map(base64), ''].join('\n');

/** @returns undefined for a text that is no checkpoint of ours, or not in its one form */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  if (!text.endsWith('\n')) return undefined;
  const [origin, digits, root, ...added] = text.slice(0, -1).split('\n');
  if (!origin || root === undefined || !/^(0|[1-9]\d{0,15})$/.test(digits!)) return undefined;
  const size = Number(digits);
  const hashes = [root, ...added].map(fromBase64).filter((hash) => hash?.length === HASH_BYTES) as Hash[];
  if (!Number.isSafeInteger(size) || hashes.length < 1 + added.length) return undefined;
  if (added.length > Math.min(size, CHECKPOINT_MAX_LEAVES)) return undefined;
  return { origin, size, root: hashes[0]!, added: hashes.slice(1) };
}

/**
 * Which leaf of the tree it is that a checkpoint adds, without taking the checkpoint apart.
 * @param text as `parseCheckpoint` reads it
 * @returns undefined when it is none of those that it adds
 */
export function addedAt(text: string, leaf: Hash): number | undefined {
  const [, beginning, digits] = /^([^\n]*\n(\d{1,16})\n[^\n]*\n)/.exec(text) ?? [];
  if (beginning === undefined) return undefined;
  const line = `${base64(leaf)}\n`;
  const at = text.indexOf(line, beginning.length);
  // Lines of hashes are all of one length.
  const after = (text.length - at) / line.length;
  return at < 0 || !Number.isInteger(after) ? undefined : Number(digits) - after;
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
