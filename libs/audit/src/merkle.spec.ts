import {
  consistencySpans,
  EMPTY_ROOT,
  Frontier,
  type Hash,
  inclusionSpans,
  type Node,
  nodeHash,
  type Span,
  spanHash,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from './merkle.js';
import { createHash } from 'node:crypto';

/*
 * The eight leaves that Certificate Transparency's implementations are tested with, and what they say of them: roots by
 * size, audit paths, consistency proofs (transparency-dev/merkle, proof/verify_test.go).
 */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => rfcLeaf(Buffer.from(hex, 'hex')),
);

const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
].map(bytes);

const A = '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7';
const B = '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e';
const C = '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4';
const D = 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b';
const E = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0';
const F = 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7';
const G = '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a';

const AUDIT_PATHS: readonly (readonly [index: number, size: number, path: readonly string[]])[] = [
  [0, 1, []],
  [0, 2, [A]],
  [1, 2, ['6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d']],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [1, 5, ['6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', B, D]],
  [0, 8, [A, B, C]],
  [5, 8, [D, E, F]],
];

const CONSISTENCY: readonly (readonly [earlier: number, later: number, proof: readonly string[]])[] = [
  [1, 1, []],
  [1, 8, [A, B, C]],
  [6, 8, [G, E, F]],
  [2, 5, [B, D]],
  [6, 7, [G, 'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f', F]],
];

function bytes(hex: string): Hash {
  return Buffer.from(hex, 'hex');
}

function rfcLeaf(leaf: Uint8Array): Hash {
  return createHash('sha256').update(Buffer.of(0)).update(leaf).digest();
}

const nodeOf =
  (leaves: readonly Hash[]) =>
  ({ level, index }: Node): Hash =>
    level === 0
      ? leaves[index]!
      : nodeHash(
          nodeOf(leaves)({ level: level - 1, index: 2 * index }),
          nodeOf(leaves)({ level: level - 1, index: 2 * index + 1 }),
        );
const proofOf = (spans: readonly Span[], leaves: readonly Hash[]): readonly Hash[] =>
  spans.map((span) => spanHash(span, nodeOf(leaves)));
const hex = (hashes: readonly Hash[]): readonly string[] => hashes.map((hash) => Buffer.from(hash).toString('hex'));

describe('the reference tree of RFC 6962', () => {
  it('has its roots, leaf by leaf', () => {
    expect(hex([EMPTY_ROOT])).toEqual(['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']);
    expect(treeRoot([])).toEqual(EMPTY_ROOT);
    const frontier = new Frontier();
    for (const [at, leaf] of LEAVES.entries()) {
      frontier.append(leaf);
      expect(frontier.size).toBe(at + 1);
      expect(hex([frontier.root()])).toEqual(hex([ROOTS[at]!]));
    }
  });

  it.each(AUDIT_PATHS)('proves leaf %i of %i', (index, size, path) => {
    expect(hex(proofOf(inclusionSpans(index, size), LEAVES.slice(0, size)))).toEqual(path);
    expect(verifyInclusion(LEAVES[index]!, index, size, path.map(bytes), ROOTS[size - 1]!)).toBe(true);
  });

  it.each(CONSISTENCY)('proves that %i is the beginning of %i', (earlier, later, proof) => {
    expect(hex(proofOf(consistencySpans(earlier, later), LEAVES.slice(0, later)))).toEqual(proof);
    const [before, after] = [ROOTS[earlier - 1]!, ROOTS[later - 1]!];
    expect(verifyConsistency(earlier, later, before, after, proof.map(bytes))).toBe(true);
  });
});

/** What transparency-dev/merkle tries on its verifiers. */
describe('a proof that was tampered with', () => {
  const some = bytes('abacaba000000000000000000000000000000000000000000060061e00123456');
  const flipped = (hash: Hash, bit: number): Hash =>
    Uint8Array.from(hash, (byte, at) => (at === 0 ? byte ^ bit : byte));
  const none = new Uint8Array();
  const spoilt = (proof: readonly Hash[], root: Hash): readonly (readonly Hash[])[] => [
    ...[none, root].flatMap((garbage) => [
      [...proof, garbage],
      [garbage, ...proof],
    ]),
    ...proof.map((_, at) => proof.map((hash, other) => (other === at ? flipped(hash, 8) : hash))),
    ...(proof.length > 0 ? [proof.slice(0, -1), [proof[0]!, some, ...proof.slice(1)]] : []),
  ];

  it.each(AUDIT_PATHS)('is none for leaf %i of %i', (index, size, path) => {
    const [leaf, root, proof] = [LEAVES[index]!, ROOTS[size - 1]!, path.map(bytes)];
    // What says nothing else: of a tree of one or two, some other sizes have the same path.
    const elsewhere = [index - 1, index + 1, index ^ 2].filter((other) => other !== index);
    for (const other of elsewhere) expect(verifyInclusion(leaf, other, size, proof, root)).toBe(false);
    for (const other of [size * 2, Math.floor(size / 2)]) {
      expect(verifyInclusion(leaf, index, other, proof, root)).toBe(false);
    }
    for (const wrong of [bytes('00'), EMPTY_ROOT, some]) {
      expect(verifyInclusion(wrong, index, size, proof, root)).toBe(false);
      expect(verifyInclusion(leaf, index, size, proof, wrong)).toBe(false);
    }
    for (const wrong of spoilt(proof, root)) expect(verifyInclusion(leaf, index, size, wrong, root)).toBe(false);
  });

  it.each(CONSISTENCY.slice(1))('is none for %i and %i', (earlier, later, path) => {
    const [before, after, proof] = [ROOTS[earlier - 1]!, ROOTS[later - 1]!, path.map(bytes)];
    for (const other of [earlier - 1, earlier + 1, earlier ^ 2]) {
      expect(verifyConsistency(other, later, before, after, proof)).toBe(false);
    }
    for (const other of [later * 2, Math.floor(later / 2)]) {
      expect(verifyConsistency(earlier, other, before, after, proof)).toBe(false);
    }
    for (const wrong of [bytes('00'), EMPTY_ROOT, some]) {
      expect(verifyConsistency(earlier, later, wrong, after, proof)).toBe(false);
      expect(verifyConsistency(earlier, later, before, wrong, proof)).toBe(false);
    }
    expect(verifyConsistency(earlier, later, after, before, proof)).toBe(false);
    expect(verifyConsistency(earlier, later, before, after, [])).toBe(false);
    for (const wrong of [...spoilt(proof, before), [...proof, after], [proof[0]!, ...proof]]) {
      expect(verifyConsistency(earlier, later, before, after, wrong)).toBe(false);
    }
  });

  it('is none out of range', () => {
    for (const [index, size] of [
      [0, 0],
      [1, 0],
      [2, 1],
      [-1, 1],
      [0.5, 1],
      [Number.NaN, 1],
    ] as const) {
      expect(verifyInclusion(some, index, size, [], some)).toBe(false);
      expect(() => inclusionSpans(index, size)).toThrow(RangeError);
    }
    expect(verifyConsistency(2, 1, some, some, [])).toBe(false);
    expect(verifyConsistency(-1, 1, some, some, [])).toBe(false);
    expect(() => consistencySpans(2, 1)).toThrow(RangeError);
  });

  it('begins every tree with the empty one, and no tree with another', () => {
    expect(verifyConsistency(0, 8, EMPTY_ROOT, ROOTS[7]!, [])).toBe(true);
    expect(verifyConsistency(0, 8, some, ROOTS[7]!, [])).toBe(false);
    expect(verifyConsistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])).toBe(true);
    expect(verifyConsistency(0, 1, EMPTY_ROOT, ROOTS[0]!, [some])).toBe(false);
    expect(verifyConsistency(1, 1, some, EMPTY_ROOT, [])).toBe(false);
  });
});
