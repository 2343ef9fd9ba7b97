import type { Hash, Span } from './merkle.js';
import { hashesFromTiles, type TileId, tilesFor } from './tiles.js';

/** Hashes of tiles, side by side in each, in the order in which they were asked for. */
export type ReadTiles = (tiles: readonly TileId[]) => Promise<readonly Uint8Array[]>;

/**
 * The hashes that proofs are made of, read in one go.
 * @throws RangeError when the tiles have less than the tree
 */
export async function hashesOf(spans: readonly Span[], read: ReadTiles): Promise<readonly Hash[]> {
  const wanted = tilesFor(spans);
  const tiles = await read(wanted);
  const byId = new Map(wanted.map(({ level, index }, at) => [`${level}/${index}`, tiles[at]!]));
  return hashesFromTiles(spans, ({ level, index }) => byId.get(`${level}/${index}`)!);
}
