import { describe, expect, it } from '@jest/globals';
import type { Condition, LevelMeasure, RateMeasure } from '@cairn/signals/rule';
import fc from 'fast-check';
import type { Episode } from './episode.js';
import { thresholdEpisodes } from './threshold.js';
import { trendEpisodes } from './trend.js';
import type { TrialFacts } from './trial-facts.js';
import { at, factsOf, type SpecRecord } from './measures/spec-trial.js';

const HOUR = 3_600_000;
const BEGINNING = at('2017-01-02T00:00:00Z');
const HOURS = 24 * 400;

const hour = fc.integer({ min: 0, max: HOURS });
const early = fc.integer({ min: 0, max: HOURS / 8 });
const site = fc.constantFrom('S1', 'S2', 'S3');
const arm = fc.constantFrom('support', 'support', 'usual');
const worker = fc.constantFrom('W1', 'W2');

type Drawn = Pick<SpecRecord, 'type' | 'data'> & { readonly hour: number; readonly delay: number };
const record = <Data extends object>(
  type: SpecRecord['type'],
  data: { readonly [Name in keyof Data]: fc.Arbitrary<Data[Name]> },
  when = hour,
): fc.Arbitrary<Drawn> =>
  fc.record({ type: fc.constant(type), data: fc.record(data), hour: when, delay: fc.nat(24 * 15) });
const contact = {
  mode: fc.constant('face_to_face'),
  outcome: fc.constantFrom('attended', 'attended', 'attended', 'on_leave'),
};
/** What most have in their first weeks, some not, and in any order. */
const beginnings = fc
  .tuple(
    record('ParticipantReferred', { site }, early),
    record('ParticipantRandomised', { arm }, early),
    fc.option(record('WorkerAllocated', { worker }, early), { nil: undefined, freq: 2 }),
    record('ParticipantDischarged', {}, early),
  )
  .map((drawn) => drawn.filter((each) => each !== undefined));
/** Anything at any time. */
const more = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: record('ParticipantReferred', { site }) },
    { weight: 1, arbitrary: record('ParticipantRandomised', { arm }) },
    { weight: 1, arbitrary: record('WorkerAllocated', { worker }) },
    { weight: 1, arbitrary: record('ParticipantDischarged', {}) },
    {
      weight: 1,
      arbitrary: record('ParticipantWithdrawn', { scope: fc.constantFrom('intervention', 'data_use', 'follow_up') }),
    },
    { weight: 6, arbitrary: record('WardContactRecorded', contact) },
    { weight: 12, arbitrary: record('CommunityMeetingRecorded', contact) },
  ),
  { minLength: 4, maxLength: 10 },
);

/** Records of a few participants, sensible or not. */
const ofParticipants = fc.array(fc.tuple(beginnings, more), { minLength: 8, maxLength: 8 }).map((people) =>
  people.flatMap((drawn, index) =>
    drawn.flat().map(({ type, data, hour: after, delay }): SpecRecord => {
      const occurredAt = BEGINNING + after * HOUR;
      return {
        kind: 'participant',
        unit: `P${index}`,
        type,
        data: data!,
        occurredAt,
        recordedAt: occurredAt + delay * HOUR,
      };
    }),
  ),
);
const ofOthers = fc
  .array(fc.record({ hour, total: fc.integer({ min: 3, max: 12 }), rater: fc.constantFrom('R1', 'R2'), site }), {
    minLength: 3,
    maxLength: 10,
  })
  .map((drawn) =>
    drawn.flatMap(({ hour: after, total, rater, site: unit }): readonly SpecRecord[] => {
      const occurredAt = BEGINNING + after * HOUR;
      return [
        { kind: 'site', unit, type: 'FidelityAssessed', occurredAt, data: { instrument: 'index', rater, total } },
        { kind: 'worker', unit: 'W1', type: 'TrainingAttended', occurredAt, data: { days: total / 3 } },
      ];
    }),
  );

/** So many records must say something often: limits near the middle of what there is. */
const limits: Readonly<Record<LevelMeasure, number>> = {
  engagement: 40,
  fidelity: 7,
  training_days: 4,
  late_entries: 50,
  missing_contact_data: 0.2,
};
const conditions: readonly Condition[] = [
  ...Object.entries(limits).flatMap(([measure, limit]): Condition[] =>
    (['below', 'above'] as const).map((direction) => ({
      kind: 'threshold',
      measure: measure as LevelMeasure,
      direction,
      limit,
    })),
  ),
  ...(['contacts', 'community_meetings', 'referrals'] satisfies RateMeasure[]).flatMap((measure): Condition[] =>
    (['falling', 'rising'] as const).map((direction) => ({
      kind: 'trend',
      measure,
      direction,
      overDays: 20,
      factor: 1.5,
    })),
  ),
];

function episodes(condition: Condition, facts: TrialFacts): readonly Episode[] {
  if (condition.kind === 'threshold') return thresholdEpisodes(condition, facts);
  return condition.kind === 'trend' ? trendEpisodes(condition, facts) : [];
}

const recruited = { recruitmentTo: '2017-03-01' };
const begun = (found: readonly Episode[], before: number) =>
  found.filter(({ from }) => from < before).map(({ subject, site: of, cause, from }) => ({ subject, of, cause, from }));

describe('what measures say', () => {
  it('has begun by an instant as if nothing had been recorded of what came after it', () => {
    const found = new Map(conditions.map((condition) => [condition, 0]));
    fc.assert(
      fc.property(ofParticipants, ofOthers, hour, (people, others, until) => {
        const instant = BEGINNING + until * HOUR;
        const records = [...people, ...others];
        const all = factsOf(records, recruited);
        const past = factsOf(
          records.filter(({ occurredAt }) => occurredAt < instant),
          recruited,
        );
        for (const condition of conditions) {
          const expected = begun(episodes(condition, all), instant);
          expect(begun(episodes(condition, past), instant)).toEqual(expected);
          found.set(condition, found.get(condition)! + expected.length);
        }
      }),
      { numRuns: 40 },
    );
    // None of them is silent.
    expect([...found].filter(([, count]) => count === 0)).toEqual([]);
  });

  it('begins before it ends, and one after the other of each subject', () => {
    fc.assert(
      fc.property(ofParticipants, ofOthers, (people, others) => {
        const facts = factsOf([...people, ...others], recruited);
        for (const condition of conditions) {
          for (const ofOne of Map.groupBy(episodes(condition, facts), ({ subject }) => subject.id).values()) {
            const instants = ofOne.flatMap(({ from, until = Infinity }) => [from, until]);
            expect(instants).toEqual(instants.toSorted((a, b) => a - b));
            expect(ofOne.every(({ from, until = Infinity }) => from < until)).toBe(true);
          }
        }
      }),
      { numRuns: 20 },
    );
  });
});
