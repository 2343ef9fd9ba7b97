import {
  consistencySpans,
  Frontier,
  frontierSpans,
  type Hash,
  hashesFromTiles,
  inclusionSpans,
  leafHash,
  type Span,
  TILE_HEIGHT,
  TILE_WIDTH,
  Tile,
  tilesFor,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '@cairn/audit';
import fc from 'fast-check';
import { rounds } from '../support/rounds.js';
import { auditPath, consistencyProof, merkleTreeHash } from './merkle-oracle.js';

const leavesOf = (size: number, seed: number): readonly string[] =>
  Array.from({ length: size }, (_, at) => `${seed}.${at}`);
const plain = (hashes: readonly Hash[]): readonly string[] => hashes.map((hash) => Buffer.from(hash).toString('hex'));

/** Tiles of a growing tree as a store would keep them: each node that a leaf completes goes behind the one before it. */
class Tiles {
  readonly frontier = new Frontier();
  private readonly rows = new Map<string, Hash[]>();
  readonly read = new Set<string>();

  append(leaf: string): void {
    this.frontier.append(leafHash(leaf), (level, index, hash) => {
      if (level % TILE_HEIGHT !== 0) return;
      const key = `${level / TILE_HEIGHT}/${Math.floor(index / TILE_WIDTH)}`;
      const row = this.rows.get(key) ?? [];
      expect(row).toHaveLength(index % TILE_WIDTH);
      this.rows.set(key, [...row, hash]);
    });
  }

  hashes(spans: readonly Span[]): readonly Hash[] {
    const wanted = new Set(tilesFor(spans).map(({ level, index }) => `${level}/${index}`));
    return hashesFromTiles(spans, ({ level, index }) => {
      expect(wanted).toContain(`${level}/${index}`);
      this.read.add(`${level}/${index}`);
      return new Tile(Buffer.concat(this.rows.get(`${level}/${index}`)!));
    });
  }
}

it('roots and proofs are those of the definition, whatever the size', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 700 }), fc.nat(), fc.nat(), (seed, size, a, b) => {
      const leaves = leavesOf(size, seed);
      const [index, earlier] = [a % size, b % (size + 1)];
      const tiles = new Tiles();
      for (const leaf of leaves) tiles.append(leaf);
      const root = merkleTreeHash(leaves);
      expect(plain([tiles.frontier.root(), treeRoot(leaves.map(leafHash))])).toEqual(plain([root, root]));

      const inclusion = tiles.hashes(inclusionSpans(index, size));
      expect(plain(inclusion)).toEqual(plain(auditPath(index, leaves)));
      expect(verifyInclusion(leafHash(leaves[index]!), index, size, inclusion, root)).toBe(true);

      const consistency = tiles.hashes(consistencySpans(earlier, size));
      expect(plain(consistency)).toEqual(earlier === 0 ? [] : plain(consistencyProof(earlier, leaves)));
      const before = merkleTreeHash(leaves.slice(0, earlier));
      expect(verifyConsistency(earlier, size, before, root, consistency)).toBe(true);

      const frontier = new Frontier(size, [...tiles.hashes(frontierSpans(size))]);
      frontier.append(leafHash('one more'));
      expect(plain([frontier.root()])).toEqual(plain([merkleTreeHash([...leaves, 'one more'])]));
    }),
    { numRuns: rounds({ ci: 60, night: 2_000 }) },
  );
});

it('no proof says anything of another leaf, index, size or root', () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(size, size, fc.nat(), fc.nat(), fc.nat(), (of, as, a, b, leaf) => {
      const leaves = leavesOf(of, 0);
      const [index, other, wrong] = [a % of, b % as, leaf % of];
      const isSame = index === other && of === as && wrong === index;
      fc.pre(!isSame);
      const proof = auditPath(index, leaves);
      // A size is told by its checkpoint, never without the root of that size.
      const root = merkleTreeHash(leavesOf(as, 0));
      const verified = verifyInclusion(leafHash(leaves[wrong]!), other, as, proof, root);
      expect(verified).toBe(false);
    }),
    { numRuns: rounds({ ci: 500, night: 20_000 }) },
  );
});

it('a proof among a million leaves reads as many tiles as the tree has levels of them, and one more at each', () => {
  const tiles = new Set<number>();
  for (const index of [0, 1, 77_777, 524_287, 999_999]) tiles.add(tilesFor(inclusionSpans(index, 1_000_000)).length);
  expect(Math.max(...tiles)).toBeLessThanOrEqual(6);
});
