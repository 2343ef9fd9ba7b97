import { consistencySpans, HASH_BYTES, type Hash, treeRoot, verifyConsistency } from '@cairn/audit';
import { canonicalJson } from '@cairn/event-sourcing';
import { z } from 'zod';

/** A tree at one size. */
export interface TreeHead {
  readonly size: number;
  readonly root: Hash;
}

const hash = z
  .base64()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length === HASH_BYTES);
const head = z.strictObject({ size: z.int().min(0), root: hash });
const Consistency = z.strictObject({ from: head, to: head, proof: z.array(hash).max(128) });

/** Hashes side by side: 32 MB for a million of them. */
export class HashList {
  private bytes = Buffer.alloc(4_096 * HASH_BYTES);
  private count = 0;

  get size(): number {
    return this.count;
  }

  add(leaf: Hash): void {
    const at = this.count++ * HASH_BYTES;
    if (at === this.bytes.length) this.bytes = Buffer.concat([this.bytes, Buffer.alloc(this.bytes.length)]);
    this.bytes.set(leaf, at);
  }

  at(index: number): Hash {
    return this.bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  /** Root of the tree that a part of them are the leaves of. */
  root(from: number, to: number): Hash {
    return treeRoot(Array.from({ length: to - from }, (_, offset) => this.at(from + offset)));
  }
}

/** The proof (RFC 9162, 2.1.4) that the tree of a checkpoint begins with that of an export which ends before it, as a file. */
export function consistencyText(leaves: HashList, from: number, to: number): string {
  const proof = consistencySpans(from, to).map((span) => leaves.root(span.from, span.to));
  return fileText({ size: from, root: leaves.root(0, from) }, { size: to, root: leaves.root(0, to) }, proof);
}

/** Whether a file proves that a tree begins with another one. There is one text that does. */
export function isConsistent(text: string, from: TreeHead, to: TreeHead): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  const read = Consistency.safeParse(value);
  if (!read.success) return false;
  const { proof } = read.data;
  return text === fileText(from, to, proof) && verifyConsistency(from.size, to.size, from.root, to.root, proof);
}

const fileText = (from: TreeHead, to: TreeHead, proof: readonly Hash[]): string =>
  `${canonicalJson({ from: written(from), to: written(to), proof: proof.map(base64) })}\n`;

const written = ({ size, root }: TreeHead) => ({ size, root: base64(root) });
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
