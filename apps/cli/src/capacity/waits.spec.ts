import fc from 'fast-check';
import { type Arrival, serversFor, waitsOf } from './waits.js';

/** Each piece by itself, on whichever of the servers is free first. */
function oneByOne(arrivals: readonly Arrival[], seconds: number, servers: number): { longest: number; end: number } {
  const freeAt = Array.from({ length: servers }, () => 0);
  let [longest, end] = [0, 0];
  for (const { at, pieces } of arrivals) {
    for (let piece = 0; piece < pieces; piece++) {
      const first = freeAt.indexOf(Math.min(...freeAt));
      const done = Math.max(at, freeAt[first]!) + seconds;
      freeAt[first] = done;
      longest = Math.max(longest, done - at);
      end = Math.max(end, done);
    }
  }
  return { longest, end };
}

const arrivals = fc
  .array(fc.record({ at: fc.integer({ min: 0, max: 60 }), pieces: fc.integer({ min: 0, max: 8 }) }), { maxLength: 20 })
  .map((all) => all.sort((a, b) => a.at - b.at));
const seconds = fc.integer({ min: 1, max: 30 }).map((tenths) => tenths / 10);

it('with one server it is what a queue piece by piece comes to', () => {
  fc.assert(
    fc.property(arrivals, seconds, (given, each) => {
      const { longest, end } = oneByOne(given, each, 1);
      const waits = waitsOf(given, each, 1);
      expect(waits.longest).toBeCloseTo(longest, 9);
      const first = given.find(({ pieces }) => pieces > 0)?.at ?? 0;
      expect(waits.until).toBeCloseTo(Math.max(0, end - first), 9);
    }),
  );
});

it('with more of them a piece takes at most as much longer as one server needs for it', () => {
  fc.assert(
    fc.property(arrivals, seconds, fc.integer({ min: 2, max: 5 }), (given, each, servers) => {
      const { longest } = oneByOne(given, each, servers);
      const waits = waitsOf(given, each, servers);
      expect(waits.longest).toBeLessThanOrEqual(longest + 1e-9);
      expect(longest).toBeLessThanOrEqual(waits.longest + each + 1e-9);
    }),
  );
});

it('finds the fewest servers that are enough', () => {
  fc.assert(
    fc.property(arrivals, seconds, fc.integer({ min: 4, max: 20 }), (given, each, patience) => {
      const servers = serversFor(given, each, patience);
      expect(waitsOf(given, each, servers).longest).toBeLessThanOrEqual(patience);
      if (servers > 1) expect(waitsOf(given, each, servers - 1).longest).toBeGreaterThan(patience);
    }),
  );
});
