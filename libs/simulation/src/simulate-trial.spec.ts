import fc from 'fast-check';
import { bundleOf } from './bundle-files.js';
import { historyOf, recordsOf } from './history.js';
import { LocalDays, localDayOf, numberOfDay } from './local-days.js';
import { readPlan, SimulationPlan } from './plan.js';
import { nullPlan, variedPlan } from './plans.js';
import type { SimulatedRecord } from './records.js';
import { simulateTrial } from './simulate-trial.js';
import { tallyOf } from './tally.js';

const two = (over: object = {}): SimulationPlan =>
  SimulationPlan.parse({
    startsOn: '2023-01-09',
    sites: [
      { site: 'A', participants: 12 },
      { site: 'B', participants: 9, ...over },
    ],
  });

const write = (plan: SimulationPlan): string => {
  const { trial, files } = bundleOf(simulateTrial(plan));
  return JSON.stringify([trial, files.map(({ file, columns, rows }) => [file, columns, [...rows()]])]);
};

describe('a simulated trial', () => {
  it('is the same for the same plan and seed, and another for another seed', () => {
    expect(write(two())).toBe(write(two()));
    expect(write({ ...two(), seed: 2 })).not.toBe(write(two()));
  });

  it('differs only where the plan does', () => {
    const before = simulateTrial(two());
    const after = simulateTrial(two({ engagement: 0, supervision: { gaps: [{ fromDay: 0, days: 30 }] } }));
    expect([...after.lives(0)]).toEqual([...before.lives(0)]);
    const withoutContacts = (trial: typeof before) => [...trial.lives(1)].map((life) => ({ ...life, contacts: [] }));
    expect(withoutContacts(after)).toEqual(withoutContacts(before));
    const opening = Date.parse('2023-01-09');
    expect([...after.supervisions(1)]).toEqual(
      [...before.supervisions(1)].filter(({ occurredAt }) => occurredAt >= opening + 30 * 86_400_000),
    );
  });

  it('has the sizes and shares that the plan says', () => {
    const site = { site: 'A', participants: 4_000, recruitedPerWeek: 50, engagement: 0.4, unknownWorkers: 0.2 };
    const [tally] = tallyOf(simulateTrial(SimulationPlan.parse({ sites: [{ ...site, withdrawals: 0 }] })));
    expect(tally).toMatchObject({ randomised: 4_000, offered: 2_000, fidelity: 10.5 });
    expect(tally!.withData / tally!.offered).toBeCloseTo(0.8, 1);
    expect(tally!.engaged / tally!.withData).toBeCloseTo(0.4, 1);
  });

  it('holds supervision as often as the plan says, but in its gaps', () => {
    const plan = two({ supervision: { everyDays: 10, gaps: [{ fromDay: 15, days: 40 }] } });
    const since = [...simulateTrial(plan).supervisions(1)].map(({ occurredAt }) =>
      Math.floor((occurredAt - Date.parse('2023-01-09')) / 86_400_000),
    );
    expect(since.slice(0, 5)).toEqual([0, 10, 60, 70, 80]);
  });

  it('trains peer workers as the protocol says, or short of it', () => {
    const days = (untrained: number): number[] => {
      const plan = SimulationPlan.parse({ trainingDays: 8.5, sites: [{ site: 'A', participants: 0, untrained }] });
      const trainings = [...simulateTrial(plan).trainings()];
      const byWorker = Map.groupBy(trainings, ({ data }) => data.worker);
      return [...byWorker.values()].map((of) => of.reduce((sum, { data }) => sum + data.days, 0));
    };
    expect(days(0)).toEqual(Array.from({ length: 6 }, () => 8.5));
    expect(days(1).every((each) => each >= 5.5 && each <= 7.5)).toBe(true);
  });

  const anyPlan = fc.record({
    seed: fc.nat(1_000),
    timeZone: fc.constantFrom('Europe/London', 'America/Sao_Paulo', 'Pacific/Apia', 'Asia/Kathmandu'),
    startsOn: fc.constantFrom('2017-09-20', '2011-09-01', '2023-01-09', '2024-02-29'),
    window: fc.oneof(
      fc.record({ monthsAfterDischarge: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ weeksAfterDischarge: fc.integer({ min: 1, max: 20 }) }),
    ),
    sites: fc.uniqueArray(
      fc.record({
        site: fc.constantFrom('A', 'B', 'C'),
        participants: fc.nat(15),
        recruitedPerWeek: fc.constantFrom(0.5, 2, 40),
        contactsPerWeek: fc.constantFrom(0.5, 1, 3.5),
        withdrawals: fc.constantFrom(0, 1),
        engagement: fc.constantFrom(0, 0.5, 1),
      }),
      { minLength: 1, selector: ({ site }) => site },
    ),
  });

  it('tells everything in the order of time, and nothing but what becomes of its people, sites and workers', () => {
    fc.assert(
      fc.property(anyPlan, (given) => {
        const trial = simulateTrial(SimulationPlan.parse(given));
        const history = [...historyOf(trial)];
        const times = history.map(({ occurredAt }) => occurredAt);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        const all: readonly SimulatedRecord[] = [
          ...[...trial.lives()].flatMap((life) => recordsOf('simulated', life)),
          ...trial.supervisions(),
          ...trial.preparations(),
          ...trial.assessments(),
          ...trial.trainings(),
        ];
        const texts = (records: readonly SimulatedRecord[]) => records.map((record) => JSON.stringify(record)).sort();
        expect(texts(history)).toEqual(texts(all));
      }),
      { numRuns: 40 },
    );
  });

  it('lets nobody live backwards', () => {
    fc.assert(
      fc.property(anyPlan, (given) => {
        for (const life of simulateTrial(SimulationPlan.parse(given)).lives()) {
          expect(life.referredAt).toBeLessThan(life.randomisedAt);
          expect(life.randomisedAt).toBeLessThan(life.dischargedAt);
          expect(life.dischargedAt).toBeLessThan(life.closesAt);
          for (const { type, occurredAt, data } of life.contacts) {
            expect(data.worker).toBe(life.worker);
            expect(occurredAt < life.dischargedAt).toBe(type === 'WardContactRecorded');
            expect(occurredAt).toBeGreaterThan(life.randomisedAt);
            expect(occurredAt).toBeLessThan(life.withdrawnAt ?? life.closesAt);
            expect(Date.parse(data.enteredAt)).toBeGreaterThan(occurredAt);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('leaves out a day that its zone leaves out', () => {
    const apia = new LocalDays('Pacific/Apia');
    const missing = numberOfDay('2011-12-30');
    const times = [missing - 1, missing, missing + 1].flatMap((day) =>
      [9 * 60, 17 * 60 + 15].map((at) => apia.at(day, at)),
    );
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(times.map((at) => localDayOf(at, 'Pacific/Apia'))).not.toContain('2011-12-30');
  });

  it('is made while it is read: of a trial of a million the first are there at once', () => {
    const plan = variedPlan({ sites: 10, participants: 1_000_000, seed: 1 });
    expect(plan.sites.reduce((sum, { participants }) => sum + participants, 0)).toBe(1_000_000);
    const contacts = bundleOf(simulateTrial(plan)).files.find(({ file }) => file === 'contacts.csv')!;
    const first = function* <T>(many: number, of: Generator<T>): Generator<T> {
      for (const each of of) {
        yield each;
        if (--many === 0) return;
      }
    };
    expect([...first(100, contacts.rows())]).toHaveLength(100);
    expect([...first(1_000, historyOf(simulateTrial(plan)))]).toHaveLength(1_000);
  });
});

describe('a null plan', () => {
  it('has the same sites of the same size, all alike', () => {
    const plan = nullPlan(variedPlan({ sites: 5, participants: 120, seed: 3 }));
    expect(plan.sites.map(({ participants }) => participants)).toEqual([24, 24, 24, 24, 24]);
    const bare = plan.sites.map(({ site: _, opensAfterDays: _opens, employer: _employer, ...rest }) => rest);
    expect(bare).toEqual(bare.map(() => bare[0]));
    expect(SimulationPlan.parse(plan)).toEqual(plan);
  });
});

describe('a plan', () => {
  it('tells everything that is wrong with it, and where', () => {
    const given = { seed: -1, timeZone: 'Mars', sites: [{ site: 'A', participants: 1, engagement: 70 }] };
    const reading = readPlan(given);
    expect(reading.kind === 'faulty' && reading.problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'PLAN_VALUE seed',
      'PLAN_VALUE timeZone',
      'PLAN_VALUE sites.0.engagement',
    ]);
  });

  it('has no site twice, and no member that it does not know', () => {
    const site = { site: 'A', participants: 1 };
    expect(readPlan({ sites: [site, site] })).toMatchObject({
      problems: [{ code: 'PLAN_SITE_TWICE', path: 'sites.1.site' }],
    });
    expect(readPlan({ sites: [{ ...site, engagment: 0.5 }] })).toMatchObject({ problems: [{ code: 'PLAN_VALUE' }] });
    expect(readPlan({ sites: [] })).toMatchObject({ problems: [{ path: 'sites' }] });
  });
});
