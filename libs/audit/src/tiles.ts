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

/** The tiles that hold what spans are made of, each once. */
export function tilesFor(spans: readonly Span[]): readonly TileId[] {
  const tiles = new Map<string, TileId>();
  for (const node of spans.flatMap(spanNodes)) {
    const tile = tileOf(node);
    tiles.set(`${tile.level}/${tile.index}`, tile);
  }
  return [...tiles.values()];
}

/**
 * Hashes of spans, read from tiles.
 * @param tile hashes of a tile of `tilesFor`, side by side; it may have more than the tree had when it was smaller
 * @throws RangeError when a tile ends before what is needed
 */
export function hashesFromTiles(spans: readonly Span[], tile: (id: TileId) => Uint8Array): readonly Hash[] {
  return spans.map((span) => spanHash(span, (node) => hashInTile(node, tile(tileOf(node)))));
}

/** The hashes at the right edge of a tree: what a `Frontier` is made of. */
export const frontierSpans = (size: number): readonly Span[] =>
  spanNodes({ from: 0, to: size }).map(({ level, index }) => ({
    from: index * 2 ** level,
    to: (index + 1) * 2 ** level,
  }));

const tileOf = ({ level, index }: Node): TileId => ({
  level: Math.floor(level / TILE_HEIGHT),
  index: Math.floor((index * 2 ** (level % TILE_HEIGHT)) / TILE_WIDTH),
});

function hashInTile({ level, index }: Node, tile: Uint8Array): Hash {
  const count = 2 ** (level % TILE_HEIGHT);
  const first = (index * count) % TILE_WIDTH;
  if (tile.length < (first + count) * HASH_BYTES)
    throw new RangeError(`a tile ends before node ${index} of level ${level}`);
  let hashes = Array.from({ length: count }, (_, at) =>
    tile.subarray((first + at) * HASH_BYTES, (first + at + 1) * HASH_BYTES),
  );
  while (hashes.length > 1) {
    hashes = Array.from({ length: hashes.length / 2 }, (_, at) => nodeHash(hashes[2 * at]!, hashes[2 * at + 1]!));
  }
  return hashes[0]!;
}
