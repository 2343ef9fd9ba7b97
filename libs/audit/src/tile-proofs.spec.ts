import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  consistencySpans,
  Frontier,
  type Hash,
  inclusionSpans,
  leafHash,
  type Span,
  verifyInclusion,
} from './merkle.js';
import { besideLeaves, hashesOf, KeptTiles, type ReadTiles } from './tile-proofs.js';
import { TILE_HEIGHT, TILE_WIDTH } from './tiles.js';

/** A log that grows, with its tiles as a store keeps them. */
class Log {
  readonly frontier = new Frontier();
  readonly asked: string[] = [];
  private readonly tiles = new Map<string, Hash[]>();

  constructor(private readonly name = '') {}

  growTo(size: number): this {
    while (this.frontier.size < size) {
      this.frontier.append(this.leaf(this.frontier.size), (level, index, hash) => {
        if (level % TILE_HEIGHT !== 0) return;
        const key = `${level / TILE_HEIGHT}/${Math.floor(index / TILE_WIDTH)}`;
        this.tiles.set(key, [...(this.tiles.get(key) ?? []), hash]);
      });
    }
    return this;
  }

  leaf = (index: number): Hash => leafHash(`${this.name}${index}`);

  read: ReadTiles = (tiles) => {
    this.asked.push(...tiles.map(({ level, index }) => `${level}/${index}`));
    return Promise.resolve(tiles.map(({ level, index }) => Buffer.concat(this.tiles.get(`${level}/${index}`) ?? [])));
  };

  readonly proves = (index: number, proof: readonly Hash[]): boolean =>
    verifyInclusion(this.leaf(index), index, this.frontier.size, proof, this.frontier.root());
}

describe('tiles that are kept', () => {
  it('make the proofs that are made without them, however the log grows and few are kept', async () => {
    const step = fc.record({ grow: fc.nat(300), at: fc.nat(), earlier: fc.nat() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 6 }),
        async (steps, most) => {
          const kept = new KeptTiles(most);
          const log = new Log();
          for (const { grow, at, earlier } of steps) {
            const size = log.growTo(log.frontier.size + grow + 1).frontier.size;
            for (const spans of [inclusionSpans(at % size, size), consistencySpans(earlier % (size + 1), size)]) {
              const plainly = await hashesOf(spans, log.read);
              expect(await kept.hashesOf('tree', spans, log.read)).toEqual(plainly);
            }
            expect(log.proves(at % size, await kept.hashesOf('tree', inclusionSpans(at % size, size), log.read))).toBe(
              true,
            );
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('are read once, and again when they are too short', async () => {
    const kept = new KeptTiles(10);
    const log = new Log().growTo(300);
    const prove = (index: number): Promise<readonly Hash[]> =>
      kept.hashesOf('tree', inclusionSpans(index, log.frontier.size), log.read);
    await prove(5);
    expect(log.asked.splice(0).sort()).toEqual(['0/0', '0/1']);
    await prove(200);
    expect(log.asked.splice(0)).toEqual([]);
    log.growTo(310);
    expect(log.proves(5, await prove(5))).toBe(true);
    expect(log.asked).toEqual(['0/1']);
  });

  it('are those used last', async () => {
    const kept = new KeptTiles(2);
    const log = new Log().growTo(1024);
    const spans = (index: number): readonly Span[] => [{ from: index * 256, to: index * 256 + 128 }];
    for (const index of [0, 1, 0, 2, 0, 1]) await kept.hashesOf('tree', spans(index), log.read);
    expect(log.asked).toEqual(['0/0', '0/1', '0/2', '0/1']);
  });

  it('are of one tree each, and forgotten with it', async () => {
    const kept = new KeptTiles(10);
    const [before, after, other] = [
      new Log().growTo(100),
      new Log('otherwise ').growTo(100),
      new Log('other ').growTo(100),
    ];
    const spans = inclusionSpans(7, 100);
    expect(before.proves(7, await kept.hashesOf('tree', spans, before.read))).toBe(true);
    expect(other.proves(7, await kept.hashesOf('tree of another', spans, other.read))).toBe(true);
    // The log was brought back from a copy and went on otherwise.
    expect(after.proves(7, await kept.hashesOf('tree', spans, after.read))).toBe(false);
    kept.forget('tree');
    expect(after.proves(7, await kept.hashesOf('tree', spans, after.read))).toBe(true);
    other.asked.splice(0);
    await kept.hashesOf('tree of another', spans, other.read);
    expect(other.asked).toEqual([]);
  });

  it('are not read where they are at hand', async () => {
    const kept = new KeptTiles(10);
    const log = new Log().growTo(600);
    const spans = inclusionSpans(300, 600);
    const [atHand] = await log.read([{ level: 0, index: 1 }]);
    log.asked.splice(0);
    const read = besideLeaves(new Map([[1, atHand!]]), log.read);
    expect(log.proves(300, await kept.hashesOf('tree', spans, read))).toBe(true);
    expect(log.asked).not.toContain('0/1');
    log.asked.splice(0);
    expect(await new KeptTiles(1).hashesOf('tree', [{ from: 256, to: 300 }], read)).toHaveLength(1);
    expect(log.asked).toEqual([]);
  });

  it('that end too early are an error, and are not kept', async () => {
    const kept = new KeptTiles(10);
    const log = new Log().growTo(100);
    await expect(kept.hashesOf('tree', inclusionSpans(7, 200), log.read)).rejects.toThrow(RangeError);
    log.growTo(200);
    expect(log.proves(7, await kept.hashesOf('tree', inclusionSpans(7, 200), log.read))).toBe(true);
  });

  it('cannot be changed by whoever was given a hash', async () => {
    const kept = new KeptTiles(10);
    const log = new Log().growTo(100);
    for (const hash of await kept.hashesOf('tree', inclusionSpans(7, 100), log.read)) hash.fill(0);
    expect(log.proves(7, await kept.hashesOf('tree', inclusionSpans(7, 100), log.read))).toBe(true);
  });
});
