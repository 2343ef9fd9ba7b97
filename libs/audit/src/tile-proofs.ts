import type { Hash, Span } from './merkle.js';
import { hashesFromTiles, type NeededTile, Tile, type TileId, tilesFor } from './tiles.js';

/** Hashes of tiles, side by side in each, in the order in which they were asked for. */
export type ReadTiles = (tiles: readonly TileId[]) => Promise<readonly Uint8Array[]>;

/** Reads those tiles that are not at hand. @param leaves tiles of level 0, by index */
export const besideLeaves =
  (leaves: ReadonlyMap<number, Uint8Array>, read: ReadTiles): ReadTiles =>
  async (tiles) => {
    const atHand = ({ level, index }: TileId): Uint8Array | undefined => (level === 0 ? leaves.get(index) : undefined);
    const missing = tiles.filter((tile) => !atHand(tile));
    const found = missing.length === 0 ? [] : await read(missing);
    return tiles.map((tile) => atHand(tile) ?? found[missing.indexOf(tile)]!);
  };

/**
 * The hashes that proofs are made of, read in one go.
 * @throws RangeError when the tiles have less than the tree
 */
export const hashesOf = (spans: readonly Span[], read: ReadTiles): Promise<readonly Hash[]> =>
  new KeptTiles(Infinity).hashesOf('', spans, read);

/**
 * Tiles that were read, for the proofs to come: near the root it is the same few for every leaf. A tile only grows, so one
 * that has what is needed is not read again. But a log that was brought back from an earlier copy may have gone on
 * otherwise: whoever uses what is kept checks the proof, and forgets the tree where it does not hold.
 */
export class KeptTiles {
  /** By tree, level and index, those used longest ago first. */
  private readonly tiles = new Map<string, Tile>();

  /** @param most tiles at the most, of 16 kB each */
  constructor(private readonly most: number) {}

  /**
   * The hashes that proofs are made of; what is not kept is read in one go.
   * @param tree names the tree, alone of all
   * @throws RangeError when the tiles have less than the tree
   */
  async hashesOf(tree: string, spans: readonly Span[], read: ReadTiles): Promise<readonly Hash[]> {
    const wanted = tilesFor(spans);
    const here = new Map<string, Tile>();
    const missing: NeededTile[] = [];
    for (const id of wanted) {
      const kept = this.tiles.get(keyOf(tree, id));
      if (kept && kept.size >= id.hashes) here.set(keyOf(tree, id), kept);
      else missing.push(id);
    }
    const found = missing.length === 0 ? [] : await read(missing);
    missing.forEach((id, at) => here.set(keyOf(tree, id), new Tile(found[at]!, this.tiles.get(keyOf(tree, id)))));
    const hashes = hashesFromTiles(spans, (id) => here.get(keyOf(tree, id))!);
    for (const [key, tile] of here) this.keep(key, tile);
    return hashes;
  }

  /** Reads the tiles of a tree again when they are needed next. */
  forget(tree: string): void {
    for (const key of this.tiles.keys()) if (key.startsWith(`${tree}\n`)) this.tiles.delete(key);
  }

  private keep(key: string, tile: Tile): void {
    this.tiles.delete(key);
    this.tiles.set(key, tile);
    if (this.tiles.size > this.most) this.tiles.delete(this.tiles.keys().next().value!);
  }
}

const keyOf = (tree: string, { level, index }: TileId): string => `${tree}\n${level}/${index}`;
