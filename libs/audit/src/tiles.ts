import { HASH_BYTES, type Hash, type Node, nodeHash, type Span, spanHash, spanNodes } from './merkle.js';

/*
 * A tree is kept in tiles of eight levels (C2SP tlog-tiles): a tile of level t has up to 256 hashes of nodes of level 8t,
 * side by side, and what lies between them and the tile above is computed when it is asked for. So a proof among a million
 * leaves reads a handful of rows.
 */

export const TILE_HEIGHT = 8;
/** Hashes in a whole tile. */
export const TILE_WIDTH = 2 ** TILE_HEIGHT;

/** Tile `index` of level `level` begins with the node `256 · index` of level `8 · level`. */
export interface TileId {
  readonly level: number;
  readonly index: number;
}

/** A tile that spans need, and how many of its hashes. */
export interface NeededTile extends TileId {
  readonly hashes: number;
}

/** The tiles that hold what spans are made of, each once. */
export function tilesFor(spans: readonly Span[]): readonly NeededTile[] {
  const tiles = new Map<string, NeededTile>();
  for (const node of spans.flatMap(spanNodes)) {
    const tile = tileOf(node);
    const key = `${tile.level}/${tile.index}`;
    const hashes = (placeInTile(node) + 1) * 2 ** heightInTile(node);
    tiles.set(key, { ...tile, hashes: Math.max(hashes, tiles.get(key)?.hashes ?? 0) });
  }
  return [...tiles.values()];
}

/**
 * Hashes of spans, read from tiles.
 * @param tile a tile of `tilesFor`; it may have more than the tree had when it was smaller
 * @throws RangeError when a tile ends before what is needed
 */
export function hashesFromTiles(spans: readonly Span[], tile: (id: TileId) => Tile): readonly Hash[] {
  return spans.map((span) =>
    spanHash(span, (node) => tile(tileOf(node)).hashAt(heightInTile(node), placeInTile(node))),
  );
}

/**
 * A tile with the nodes between its hashes and the tile above. Each is hashed once, when it is first asked for: what lies
 * under it never changes, however the tile grows.
 */
export class Tile {
  /** As a heap: a node's children are at twice its place and the next one, the tile's own hashes in the second half. */
  private readonly nodes = new Uint8Array(2 * TILE_WIDTH * HASH_BYTES);
  private readonly known = new Uint8Array(TILE_WIDTH);
  /** How many hashes it has. */
  readonly size: number;

  /**
   * @param hashes side by side
   * @param before the same tile when it had fewer
   */
  constructor(hashes: Uint8Array, before?: Tile) {
    this.size = hashes.length / HASH_BYTES;
    if (before) {
      this.nodes.set(before.nodes);
      this.known.set(before.known);
    }
    this.nodes.set(hashes, TILE_WIDTH * HASH_BYTES);
  }

  /** @param height above the tile's hashes, less than `TILE_HEIGHT` @param place from the left among those of its height */
  hashAt(height: number, place: number): Hash {
    if ((place + 1) * 2 ** height > this.size) {
      throw new RangeError(`a tile of ${this.size} hashes ends before node ${place} of height ${height}`);
    }
    // A copy: nobody who is given one can change what is kept.
    return this.at(2 ** (TILE_HEIGHT - height) + place).slice();
  }

  private at(node: number): Hash {
    const hash = this.nodes.subarray(node * HASH_BYTES, (node + 1) * HASH_BYTES);
    if (node < TILE_WIDTH && this.known[node] === 0) {
      hash.set(nodeHash(this.at(2 * node), this.at(2 * node + 1)));
      this.known[node] = 1;
    }
    return hash;
  }
}

/** The hashes at the right edge of a tree: what a `Frontier` is made of. */
export const frontierSpans = (size: number): readonly Span[] =>
  spanNodes({ from: 0, to: size }).map(({ level, index }) => ({
    from: index * 2 ** level,
    to: (index + 1) * 2 ** level,
  }));

const heightInTile = ({ level }: Node): number => level % TILE_HEIGHT;
/** Among the nodes of its height in its tile. */
const placeInTile = (node: Node): number => node.index % 2 ** (TILE_HEIGHT - heightInTile(node));
const tileOf = (node: Node): TileId => ({
  level: Math.floor(node.level / TILE_HEIGHT),
  index: Math.floor(node.index / 2 ** (TILE_HEIGHT - heightInTile(node))),
});
