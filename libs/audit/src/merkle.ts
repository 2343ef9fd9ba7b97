import { hash } from 'node:crypto';

/*
 * The Merkle tree of RFC 6962 and RFC 9162, section 2.1. Sizes and indexes are whole numbers up to 2^53, so they are halved
 * by division: JavaScript shifts 32 bits.
 */

/** SHA-256: 32 bytes. */
export type Hash = Uint8Array;
export const HASH_BYTES = 32;

/** The root of a tree without leaves. */
export const EMPTY_ROOT: Hash = hash('sha256', '', 'buffer');

/** The hash of a leaf, which is the UTF-8 bytes of a text. */
export const leafHash = (leaf: string): Hash => hash('sha256', `\0${leaf}`, 'buffer');

/** What is hashed for a node, written anew for each: a proof takes hundreds of them. */
const pair = new Uint8Array(1 + 2 * HASH_BYTES);
pair[0] = 1;

/** The hash of the node above two others. */
export function nodeHash(left: Hash, right: Hash): Hash {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return hash('sha256', pair, 'buffer');
}

export const sameHash = (a: Hash, b: Hash): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);

/**
 * A complete subtree: the leaves from `index · 2^level`, `2^level` of them. What lies under it never changes, so its hash
 * can be kept.
 */
export interface Node {
  readonly level: number;
  readonly index: number;
}

/** Leaves `from` (inclusive) to `to` (exclusive) as a subtree of RFC 6962, whose `from` is a multiple of the power of two above its half. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Largest power of two below `size`, from 2. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The complete subtrees that a span is made of, from left to right: each smaller than the one before it. */
export function spanNodes({ from, to }: Span): readonly Node[] {
  const nodes: Node[] = [];
  for (let at = from; at < to;) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level++;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** Hash of a span, from those of its complete subtrees. */
export function spanHash(span: Span, hashOf: (node: Node) => Hash): Hash {
  return joined(spanNodes(span).map(hashOf));
}

/** The root above complete subtrees that stand side by side. */
const joined = (hashes: readonly Hash[]): Hash =>
  hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right));

/** Root of the tree of these leaves. */
export function treeRoot(leaves: readonly Hash[]): Hash {
  const frontier = new Frontier();
  for (const leaf of leaves) frontier.append(leaf);
  return frontier.root();
}

/**
 * What an inclusion proof is made of, from the leaf upwards: the subtree beside each on its way to the root.
 * @throws RangeError when there is no such leaf
 */
export function inclusionSpans(index: number, size: number): readonly Span[] {
  if (!isSize(index) || !isSize(size) || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const spans: Span[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      spans.push({ from: middle, to });
      to = middle;
    } else {
      spans.push({ from, to: middle });
      from = middle;
    }
  }
  return spans.reverse();
}

/**
 * What a consistency proof is made of, in its order. None when one of the sizes is 0 or both are the same.
 * @throws RangeError when the earlier tree is the larger one
 */
export function consistencySpans(earlier: number, later: number): readonly Span[] {
  if (!isSize(earlier) || !isSize(later) || earlier > later)
    throw new RangeError(`a tree of ${later} has none of ${earlier}`);
  if (earlier === 0 || earlier === later) return [];
  const spans: Span[] = [];
  let [from, to, isWhole] = [0, later, true];
  while (earlier !== to) {
    const middle = from + splitOf(to - from);
    if (earlier <= middle) {
      spans.push({ from: middle, to });
      to = middle;
    } else {
      spans.push({ from, to: middle });
      from = middle;
      isWhole = false;
    }
  }
  // The earlier root is known to whoever asks, unless only a part of it is met.
  if (!isWhole) spans.push({ from, to });
  return spans.reverse();
}

/** Whether a leaf is the one at `index` of the tree of `size` leaves with this root (RFC 9162, 2.1.3.2). */
export function verifyInclusion(leaf: Hash, index: number, size: number, proof: readonly Hash[], root: Hash): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || ![leaf, root, ...proof].every(isHash)) return false;
  let [at, last, reached] = [index, size - 1, leaf];
  for (const beside of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      reached = nodeHash(beside, reached);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      reached = nodeHash(reached, beside);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameHash(reached, root);
}

/**
 * Whether the tree of `later` leaves begins with that of `earlier` leaves (RFC 9162, 2.1.4.2). Every tree begins with the
 * empty one.
 */
export function verifyConsistency(
  earlier: number,
  later: number,
  earlierRoot: Hash,
  laterRoot: Hash,
  proof: readonly Hash[],
): boolean {
  if (!isSize(earlier) || !isSize(later) || earlier > later) return false;
  if (![earlierRoot, laterRoot, ...proof].every(isHash)) return false;
  if (earlier === later) return proof.length === 0 && sameHash(earlierRoot, laterRoot);
  if (earlier === 0) return proof.length === 0 && sameHash(earlierRoot, EMPTY_ROOT);
  let [at, last] = [earlier - 1, later - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  // A whole earlier tree is its own beginning; of any other the proof has it.
  const path = at === 0 ? [earlierRoot, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let [before, after] = [first, first];
  for (const beside of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      before = nodeHash(beside, before);
      after = nodeHash(beside, after);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      after = nodeHash(after, beside);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameHash(before, earlierRoot) && sameHash(after, laterRoot);
}

/** The right edge of a growing tree: all that is needed to add leaves and to know the root. */
export class Frontier {
  /** @param nodes hashes of `spanNodes({ from: 0, to: size })` */
  constructor(
    private leaves = 0,
    private readonly nodes: Hash[] = [],
  ) {}

  get size(): number {
    return this.leaves;
  }

  /** @param completed told of each subtree above the leaf that is complete with it, from the leaf itself upwards */
  append(leaf: Hash, completed?: (level: number, index: number, hash: Hash) => void): void {
    let [level, index, reached] = [0, this.leaves, leaf];
    completed?.(level, index, reached);
    while (index % 2 === 1) {
      reached = nodeHash(this.nodes.pop()!, reached);
      level++;
      index = half(index);
      completed?.(level, index, reached);
    }
    this.nodes.push(reached);
    this.leaves++;
  }

  root(): Hash {
    return joined(this.nodes);
  }
}

const half = (count: number): number => Math.floor(count / 2);
const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isHash = (value: Hash): boolean => value.length === HASH_BYTES;
