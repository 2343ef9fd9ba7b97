import { describe, expect, it } from '@jest/globals';
import {
  type BenchmarkFigure,
  RECORDS_AT_ONCE,
  SMALLEST_COUNT,
  tableDefinition,
  textDefinition,
  type TrialEngagement,
} from '@cairn/monitoring';
import fc from 'fast-check';
import { rounds } from '../support/rounds.js';
import {
  bothPartsSmall,
  type Definition,
  type Possible,
  possible,
  type Sighting,
  stepOf,
  type SuppressedWhen,
  type Told,
} from './benchmark-attacker.js';
import { after, benchmarkTrial, type BenchmarkTrial, engagementOf, MOST_AT_A_SITE } from './benchmark-trial.js';

/** A count that can only be one of fewer values than these is taken for found out. */
const ENOUGH = 4;
const definitions = { table: tableDefinition, text: textDefinition } as const;
const both = Object.keys(definitions) as Definition[];
/** When the attacker asks: in the middle of months and lots, at ends of months, and when all is over. */
const asked = [20, 55, 86, 100, 117, 128, 135, 147, 152, 160, 170, 178, 185, 200, 400].map(after);

/** What somebody at all sites but one is told of that one. */
function figureOf(
  engagement: TrialEngagement,
  definition: Definition,
  { sites }: BenchmarkTrial,
  site: string,
  at: { readonly now: number; readonly asOf?: number },
): BenchmarkFigure {
  const own = new Set(sites.filter((each) => each !== site));
  const { others } = engagement.benchmark(definitions[definition], sites, own, at);
  expect(others).toHaveLength(1);
  return others[0]!;
}

const told = ({ ofWithData }: BenchmarkFigure): Told =>
  ofWithData === null
    ? 'suppressed'
    : { engaged: stepOf(ofWithData.numerator), others: stepOf(ofWithData.denominator - ofWithData.numerator) };

const forEach = <T>(of: (definition: Definition) => T): Record<Definition, T> => ({
  table: of('table'),
  text: of('text'),
});

/** Counts that were found out: too few values are left, or all or none are engaged for certain. */
const foundOut = (states: readonly Possible[]): number =>
  states
    .flatMap(({ engaged, others }) => both.flatMap((definition) => [engaged[definition], others[definition]]))
    .filter((counts) => {
      // Whoever modelled the product wrongly is left with nothing, and has found out nothing.
      expect(counts.length).toBeGreaterThan(0);
      return counts.length < ENOUGH || counts.at(-1) === 0;
    }).length;

describe('collecting benchmarks', () => {
  it('of every definition over every moment finds out no count at another site', () => {
    let figures = 0;
    fc.assert(
      fc.property(benchmarkTrial, (trial) => {
        const engagement = engagementOf(trial);
        for (const site of trial.sites) {
          const sighting = (at: { now: number; asOf?: number }): Sighting => ({
            told: forEach((definition) => told(figureOf(engagement, definition, trial, site, at))),
          });
          // As it becomes known, and back through the months of what is known in the end.
          const live = asked.map((now) => sighting({ now }));
          const months = asked.map((asOf) => sighting({ now: asked.at(-1)!, asOf }));
          for (const sightings of [live, months]) {
            expect(foundOut(possible(sightings, bothPartsSmall, MOST_AT_A_SITE))).toBe(0);
            figures += sightings.filter(({ told: { table } }) => table !== 'suppressed').length;
          }
        }
      }),
      { numRuns: rounds({ ci: 15, night: 300 }) },
    );
    // What tells nothing because it shows nothing would pass too.
    expect(figures).toBeGreaterThan(0);
  });

  it('from two sites tells nothing that one is not told, and sums tell nothing that their parts do not', () => {
    fc.assert(
      fc.property(benchmarkTrial, fc.constantFrom(...asked), (trial, now) => {
        const engagement = engagementOf(trial);
        for (const definition of both) {
          const labelled = trial.sites.map((site) => figureOf(engagement, definition, trial, site, { now }));
          const shown = labelled.flatMap(({ ofWithData }) => ofWithData ?? []);
          for (const [index, site] of trial.sites.entries()) {
            const { others, overall } = engagement.benchmark(definitions[definition], trial.sites, new Set([site]), {
              now,
            });
            const rest = labelled.filter((_, each) => each !== index);
            expect([...others].map(text).sort()).toEqual(rest.map(text).sort());
            if (shown.length < 2) expect(overall).toEqual({ ofWithData: null, suppressed: 'too_few_sites' });
            else {
              expect(overall.ofWithData).toMatchObject({
                numerator: shown.reduce((sum, { numerator }) => sum + numerator, 0),
                denominator: shown.reduce((sum, { denominator }) => sum + denominator, 0),
              });
            }
          }
        }
      }),
      { numRuns: rounds({ ci: 50, night: 1_000 }) },
    );
  });

  it('of past times gives what was told at those times, and nothing else', () => {
    const day = fc.integer({ min: 0, max: 400 * 24 }).map((hours) => after(hours / 24));
    fc.assert(
      fc.property(benchmarkTrial, day, day, fc.option(day, { nil: undefined }), (trial, one, other, asOf) => {
        const [knownAt, now] = [Math.min(one, other), Math.max(one, other)];
        const [later, then] = [engagementOf(trial), engagementOf(trial, knownAt)];
        for (const definition of both) {
          const own = new Set(trial.sites.slice(0, 1));
          expect(later.benchmark(definitions[definition], trial.sites, own, { asOf, knownAt, now })).toEqual(
            then.benchmark(definitions[definition], trial.sites, own, { asOf, now: knownAt }),
          );
        }
      }),
      { numRuns: rounds({ ci: 50, night: 1_000 }) },
    );
  });

  it('after every single record shows a lot of them at a time, or what a month left', () => {
    fc.assert(
      fc.property(benchmarkTrial, (trial) => {
        const engagement = engagementOf(trial);
        // All of one month: no other one ends while it is asked.
        const [from, to] = [Date.parse('2020-06-01T00:00:00+01:00'), Date.parse('2020-06-30T00:00:00+01:00')];
        const site = trial.sites[0]!;
        const records = trial.participants
          .filter((participant) => participant.site === site && participant.engages !== 'by none')
          .flatMap(({ engagedOn, recordedAfter }) => [
            after(engagedOn - 1 + recordedAfter),
            after(engagedOn + recordedAfter),
          ])
          .filter((at) => at >= from && at < to);
        const moments = [...new Set([from, ...records])].sort((a, b) => a - b);
        const figures = moments.map((now) => text(figureOf(engagement, 'text', trial, site, { now })));
        const changes = figures.filter((figure, index) => index > 0 && figure !== figures[index - 1]).length;
        expect(changes).toBeLessThanOrEqual(Math.ceil(records.length / RECORDS_AT_ONCE));
      }),
      { numRuns: rounds({ ci: 20, night: 300 }) },
    );
  });
});

describe('the same attacker', () => {
  /** What one would do first: leave out what is small, and say how many there are in all. */
  const onlyEngagedSmall: SuppressedWhen = (engaged) => engaged < SMALLEST_COUNT;

  it('finds out what is left out where a total is exact and the other part is not left out', () => {
    let found = 0;
    fc.assert(
      fc.property(benchmarkTrial, (trial) => {
        const engagement = engagementOf(trial);
        const exact = asked.map((now) =>
          forEach((definition) => engagement.table(definitions[definition], { asOf: now, knownAt: now }, trial.sites)),
        );
        const [own, ...others] = trial.sites;
        for (const site of others) {
          const sightings = exact.map((tables): Sighting => {
            const count = (definition: Definition, of: string) =>
              tables[definition].sites.find((row) => row.site === of)!.counts;
            const { withData } = count('table', site);
            return {
              withData: [withData, withData],
              told: forEach((definition) => {
                const { engaged } = count(definition, site);
                if (onlyEngagedSmall(engaged, withData - engaged)) return 'suppressed';
                return { engaged: [engaged, engaged], others: [withData - engaged, withData - engaged] };
              }),
              // The total less one's own site and what is shown; what is suppressed beside this one is anything small.
              engaged: forEach((definition) => {
                const counts = others.filter((each) => each !== site).map((each) => count(definition, each).engaged);
                const known = counts.filter((engaged) => !onlyEngagedSmall(engaged, 0));
                const unknown = counts.length - known.length;
                const left =
                  tables[definition].overall.engaged -
                  count(definition, own!).engaged -
                  known.reduce((sum, each) => sum + each, 0);
                return [left - unknown * (SMALLEST_COUNT - 1), left];
              }),
            };
          });
          const states = possible(sightings, onlyEngagedSmall, MOST_AT_A_SITE);
          found += states.filter(({ engaged }, at) =>
            both.some(
              (definition) => sightings[at]!.told[definition] === 'suppressed' && engaged[definition].length < ENOUGH,
            ),
          ).length;
        }
      }),
      { numRuns: 10, seed: 3 },
    );
    expect(found).toBeGreaterThan(0);
  });
});

const text = (figure: BenchmarkFigure): string => JSON.stringify(figure);
