import fc from 'fast-check';
import { flowOf } from './demand.js';
import { mondayOf, together } from './monday.js';
import { demandOf } from './sizes.js';
import type { Arrival } from './waits.js';

const sum = (arrivals: readonly Arrival[]): number => arrivals.reduce((total, { pieces }) => total + pieces, 0);
const monday = (trials: number, importing: number, seed = 1) => {
  const demand = demandOf(trials, { importing, seed });
  const flow = flowOf(demand, 0, 2);
  return { demand, flow, ...mondayOf(demand, flow, 0.5) };
};

it('is the same for the same seed, and another for another', () => {
  expect(monday(20, 0.3)).toEqual(monday(20, 0.3));
  expect(monday(20, 0.3).due).not.toEqual(monday(20, 0.3, 2).due);
});

it('has all that sites record in eight hours, a week of those that import, and every timer that is due', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 1), (trials, importing) => {
      const { demand, flow, recorded, imported, due } = monday(trials, importing);
      const sites = demand.trials * demand.sites;
      expect(sum(recorded)).toBeCloseTo(importing === 1 ? 0 : flow.busiest * 8 * 3_600, 3);
      expect(sum(imported)).toBeCloseTo(importing === 1 ? flow.weekOfASite * sites : 0, 6);
      expect(sum(due)).toBeCloseTo(sites * demand.participants * 0.5, 6);
    }),
    { numRuns: 6 },
  );
});

it('has timers due at few instants, which are midnights somewhere, and imports in the half hour after nine', () => {
  const { due, imported } = monday(200, 1);
  expect(due.length).toBeLessThanOrEqual(7);
  const midnights = due.map(({ at }) => at);
  for (const { at } of imported) {
    expect(midnights.some((midnight) => at >= midnight + 9 * 3_600 && at < midnight + 9.5 * 3_600)).toBe(true);
  }
});

it('in order of time', () => {
  for (const line of [monday(50, 0.5).recorded, monday(50, 0.5).imported, monday(50, 0.5).due]) {
    const times = line.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
});

it('lays two lines together, in order', () => {
  const at = (...pieces: readonly (readonly [number, number])[]) =>
    pieces.map(([second, each]) => ({ at: second, pieces: each }));
  expect(together(at([0, 1], [10, 2]), at([10, 3], [20, 4]), 2)).toEqual(at([0, 1], [10, 8], [20, 8]));
  expect(together([], at([5, 1]), 3)).toEqual(at([5, 3]));
});
