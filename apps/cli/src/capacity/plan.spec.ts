import fc from 'fast-check';
import type { Demand } from './demand.js';
import { limitsOf } from './limits.js';
import { MEASURED } from './measured.js';
import { type CapacityPlan, CONNECTIONS, planFor } from './plan.js';
import { demandOf } from './sizes.js';

const demand: fc.Arbitrary<Demand> = fc
  .record({
    trials: fc.integer({ min: 1, max: 60 }),
    sites: fc.integer({ min: 1, max: 12 }),
    participants: fc.integer({ min: 1, max: 5_000 }),
    eventsPerParticipant: fc.integer({ min: 1, max: 200 }),
    subscribers: fc.integer({ min: 0, max: 2_000 }),
    tenants: fc.integer({ min: 1, max: 20 }),
    years: fc.integer({ min: 1, max: 20 }),
    seed: fc.integer({ min: 0, max: 1_000 }),
  })
  .map(({ trials, ...given }) => demandOf(trials, given));

/** Every figure of a plan that says how much of something it takes. */
const takes = ({ flow, cores, instances, memory, connections, disk, wal, rebuild, ofOneTenant }: CapacityPlan) =>
  [flow, cores, instances, memory, { connections }, disk, wal, { rebuild }, ofOneTenant].flatMap((part) =>
    Object.entries(part as Readonly<Record<string, number>>),
  );

const grows = ['trials', 'sites', 'participants', 'eventsPerParticipant', 'subscribers', 'years'] as const;
it.each(grows)('with more %s nothing becomes less', (what) => {
  fc.assert(
    fc.property(demand, fc.integer({ min: 1, max: 50 }), (given, more) => {
      const before = takes(planFor(MEASURED, given));
      const after = takes(planFor(MEASURED, { ...given, [what]: given[what] + more }));
      for (const [nth, [name, figure]] of after.entries()) {
        // What one site has of its week is the one figure that more sites leave as it is.
        expect([name, figure >= before[nth]![1] * (1 - 1e-9)]).toEqual([name, true]);
      }
    }),
    { numRuns: 5 },
  );
});

it('costs that are higher never take less', () => {
  const halves = fc.constantFrom(...(['cpu', 'postgres', 'bytes', 'memory'] as const));
  fc.assert(
    fc.property(demand, halves, (given, part) => {
      const dearer = Object.fromEntries(Object.entries(MEASURED[part]).map(([name, cost]) => [name, cost * 3]));
      const before = takes(planFor(MEASURED, given));
      for (const [nth, [, figure]] of takes(planFor({ ...MEASURED, [part]: dearer }, given)).entries()) {
        expect(figure).toBeGreaterThanOrEqual(before[nth]![1] * (1 - 1e-9));
      }
    }),
    { numRuns: 5 },
  );
});

it('adds up in its units', () => {
  const given = demandOf(20, { sites: 5, participants: 100, eventsPerParticipant: 10, years: 3, tenants: 4 });
  const plan = planFor(MEASURED, given);
  // 10,000 participants, 10 events each and the alerts of these, in two years.
  const eventsPerYear = (20 * 5 * 100 * 10 * (1 + MEASURED.alertsOfAnEvent)) / 2;
  expect(plan.flow.participants).toBe(10_000);
  expect(plan.flow.eventsPerYear).toBeCloseTo(eventsPerYear, 6);
  expect(plan.flow.mean * 365.25 * 86_400).toBeCloseTo(eventsPerYear, 6);
  expect(plan.flow.weekOfASite * 100 * (365.25 / 7)).toBeCloseTo(eventsPerYear, 6);
  const { log, indexes, readModels, proofs } = plan.disk;
  const stored = MEASURED.bytes.log + MEASURED.bytes.indexes + MEASURED.bytes.readModels + MEASURED.bytes.proofs;
  expect(log + indexes + readModels + proofs).toBeCloseTo(3 * eventsPerYear * stored, 3);
  expect(plan.wal.year).toBeCloseTo(eventsPerYear * MEASURED.bytes.wal, 3);
  // A core is a thousand milliseconds a second, of which half are used.
  expect(plan.cores.projector).toBeCloseTo(
    (plan.flow.busiest * (MEASURED.cpu.projector + MEASURED.cpu.notary)) / 1_000 / 0.5,
    9,
  );
  const { api, projector, alerter } = plan.instances;
  expect(plan.connections).toBe(
    api * CONNECTIONS.api + projector * CONNECTIONS.projector + alerter * CONNECTIONS.alerter,
  );
  expect(plan.ofOneTenant.busiest * 4).toBeCloseTo(plan.flow.busiest, 9);
  expect(plan.rebuild).toBeCloseTo((3 * eventsPerYear * MEASURED.rebuildMicroseconds) / 1e6, 9);
});

it('has at least two of everything, so that one may be replaced', () => {
  expect(planFor(MEASURED, demandOf(1)).instances).toEqual({ api: 2, projector: 2, alerter: 2 });
});

it('puts first what breaks first', () => {
  for (const trials of [10, 1_000]) {
    const used = limitsOf(planFor(MEASURED, demandOf(trials)), MEASURED).map(({ load, bears }) => load / bears);
    expect(used).toEqual(used.toSorted((a, b) => b - a));
  }
});
