import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import path from 'node:path';
import { createReadStream } from 'node:fs';
import { Frontier, HASH_BYTES, leafHash, TILE_HEIGHT, TILE_WIDTH } from '@cairn/audit';
import { z } from 'zod';
import { ServerUnreachable } from '../exit-code.js';
import { HashList } from '../export/consistency.js';
import { FILES } from '../export/manifest.js';
import { BundleAltered } from './problem.js';

const Tile = z.strictObject({ level: z.int().min(0).max(8), index: z.int().min(0), hashes: z.base64().max(20_000) });

/**
 * Compares the tree that a server keeps, and makes its proofs of, with the one that the verified events of an export make.
 * @param directory of the export
 * @param tiles NDJSON, by level and index
 * @throws BundleAltered at the first leaf below what differs
 * @throws ServerUnreachable
 */
export async function compareTree(directory: string, tiles: AsyncIterable<Uint8Array>): Promise<void> {
  const levels = await tileLevels(directory);
  const expected = levels.flatMap((hashes, level) =>
    Array.from({ length: Math.ceil(hashes.size / TILE_WIDTH) }, (_, index) => ({ level, index })),
  );
  let next = 0;
  const differs = (level: number, node: number): BundleAltered => {
    const position = node * TILE_WIDTH ** level + 1;
    const message = `The stored tree has another hash at level ${level * TILE_HEIGHT}, from this position on.`;
    return new BundleAltered({ code: 'TILE_CHANGED', position, file: 'tiles', message });
  };
  for await (const line of createInterface({ input: Readable.from(tiles) })) {
    const read = Tile.safeParse(valueOf(line));
    const place = expected[next++];
    if (!read.success || !place) throw new ServerUnreachable('The server does not answer as this version of Cairn.');
    const { level, index } = place;
    const hashes = levels[level]!;
    const stored = Buffer.from(read.data.hashes, 'base64');
    for (let node = index * TILE_WIDTH; node < Math.min(hashes.size, (index + 1) * TILE_WIDTH); node++) {
      const at = (node % TILE_WIDTH) * HASH_BYTES;
      const isThere = read.data.level === level && read.data.index === index;
      if (!isThere || !stored.subarray(at, at + HASH_BYTES).equals(hashes.at(node))) throw differs(level, node);
    }
  }
  const missing = expected[next];
  if (missing) throw differs(missing.level, missing.index * TILE_WIDTH);
}

function valueOf(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** The hashes that tiles have, level by level. */
async function tileLevels(directory: string): Promise<readonly HashList[]> {
  const frontier = new Frontier();
  const levels: HashList[] = [];
  for await (const line of createInterface({ input: createReadStream(path.join(directory, FILES.events)) })) {
    frontier.append(leafHash(line), (level, _index, hash) => {
      if (level % TILE_HEIGHT === 0) (levels[level / TILE_HEIGHT] ??= new HashList()).add(hash);
    });
  }
  return levels;
}
