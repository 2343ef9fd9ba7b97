import { type ContactFact, type ParticipantFact, TrialEngagement } from '@cairn/monitoring';
import fc from 'fast-check';

/*
 * Trials by chance for the attack on benchmarks: sites from nobody to forty, who become engaged by one definition, by both
 * or by none over half a year, and are recorded with a delay.
 */

const DAY = 86_400_000;
const begin = Date.parse('2020-01-06T09:00:00Z');
export const MOST_AT_A_SITE = 40;

export interface Participant {
  readonly site: string;
  /** Days after the beginning, as the others. */
  readonly offeredOn: number;
  readonly engages: 'by both' | 'by text' | 'by none';
  readonly engagedOn: number;
  readonly recordedAfter: number;
}

export interface BenchmarkTrial {
  readonly sites: readonly string[];
  readonly participants: readonly Participant[];
}

export const benchmarkTrial: fc.Arbitrary<BenchmarkTrial> = fc
  .array(fc.record({ size: fc.integer({ min: 0, max: MOST_AT_A_SITE }), share: fc.constantFrom(1, 2, 4, 8) }), {
    minLength: 3,
    maxLength: 5,
  })
  .chain((sites) =>
    fc
      .tuple(
        ...sites.map(({ size, share }, index) =>
          fc.array(
            fc.record({
              site: fc.constant(`S${index}`),
              offeredOn: fc.integer({ min: 0, max: 120 }),
              engages: fc.oneof(
                { arbitrary: fc.constant('by both' as const), weight: share },
                { arbitrary: fc.constant('by text' as const), weight: 1 },
                { arbitrary: fc.constant('by none' as const), weight: 3 },
              ),
              engagedOn: fc.integer({ min: 121, max: 180 }),
              recordedAfter: fc.integer({ min: 0, max: 30 }),
            }),
            { minLength: size, maxLength: size },
          ),
        ),
      )
      .map((participants) => ({ sites: sites.map((_, index) => `S${index}`), participants: participants.flat() })),
  );

export const after = (days: number): number => begin + days * DAY;

/** The product's own calculation over the trial, as far as it was recorded by then. */
export function engagementOf({ participants }: BenchmarkTrial, until = Infinity): TrialEngagement {
  const engagement = new TrialEngagement({
    timeZone: 'Europe/London',
    protocol: { arms: [{ id: 'peers', intervention: true }], interventionWindow: { monthsAfterDischarge: 12 } },
  });
  for (const [index, participant] of participants.entries()) {
    const facts = factsOf(participant).filter(({ recordedAt }) => recordedAt <= until);
    engagement.set(`P${index}`, { facts });
  }
  return engagement;
}

function factsOf({ site, offeredOn, engages, engagedOn, recordedAfter }: Participant): readonly ParticipantFact[] {
  const fact = <F>(day: number, content: F) => ({
    event: `${day}`,
    occurredAt: after(day),
    recordedAt: after(day + recordedAfter),
    ...content,
  });
  const contact = (day: number): ContactFact =>
    fact(day, {
      kind: 'contact' as const,
      setting: 'community' as const,
      mode: engages === 'by both' ? ('face_to_face' as const) : ('telephone' as const),
      outcome: 'attended' as const,
    });
  return [
    fact(offeredOn, { kind: 'referred' as const, site }),
    fact(offeredOn, { kind: 'randomised' as const, arm: 'peers' }),
    fact(offeredOn, { kind: 'allocated' as const, worker: 'W' }),
    fact(offeredOn, { kind: 'discharged' as const }),
    ...(engages === 'by none' ? [] : [contact(engagedOn - 1), contact(engagedOn)]),
  ];
}
