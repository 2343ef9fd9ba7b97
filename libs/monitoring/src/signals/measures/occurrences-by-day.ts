import type { Instant } from '@cairn/event-sourcing';
import type { RateMeasure } from '@cairn/signals/rule';
import { earliestOf, ofType, type RecordVersion } from '../../record-versions.js';
import { participantStanding } from '../participant-standing.js';
import { NEVER, type TrialFacts, versionsOf } from '../trial-facts.js';
import { type Counted, countedAt, type Counts, countSteps } from './counted.js';
import type { Contributing } from './step.js';

/** How often something happened in the last so many whole local days, and in as many before those. */
export type BeforeAndRecent = Counts<'recent' | 'before'>;

export interface RateStep {
  readonly at: Instant;
  readonly counts: BeforeAndRecent;
}

export interface Rate {
  readonly steps: readonly RateStep[];
  readonly recordsAt: (at: Instant) => readonly Contributing[];
}

/**
 * How often something happens to the participants of a site, by whole local days. It changes at beginnings of days, and
 * when somebody withdraws the use of their data, whose contacts are then no longer counted. A referral still is.
 */
export function rateOf(
  measure: RateMeasure,
  overDays: number,
  facts: TrialFacts,
  participants: readonly string[],
): Rate {
  const { calendar } = facts.setting;
  const counted = participants.flatMap((id): readonly Counted<'recent' | 'before'>[] => {
    const standing = participantStanding(facts, id);
    if (!standing) return [];
    const left = measure === 'referrals' ? NEVER : (standing.withdrawnAt.data_use ?? NEVER);
    return recordsOf(measure, versionsOf(facts, { kind: 'participant', id })).flatMap((record) => {
      // A participant belongs to the site from the referral on.
      const day = calendar.numberOf(Math.max(record.occurredAt, standing.referredAt));
      const [from, turn, until] = [day + 1, day + 1 + overDays, day + 1 + 2 * overDays].map((number) =>
        Math.min(calendar.startOfNumber(number), left),
      ) as [Instant, Instant, Instant];
      return [
        { part: 'recent' as const, from, until: turn, record },
        { part: 'before' as const, from: turn, until, record },
      ];
    });
  });
  return {
    steps: countSteps<'recent' | 'before'>(['recent', 'before'], counted),
    recordsAt: (at) => countedAt(counted, ['recent', 'before'], at),
  };
}

function recordsOf(measure: RateMeasure, versions: readonly RecordVersion[]): readonly RecordVersion[] {
  const meetings = (): readonly RecordVersion[] =>
    ofType(versions, 'CommunityMeetingRecorded').filter(({ data }) => data.outcome === 'attended');
  switch (measure) {
    case 'community_meetings':
      return meetings();
    case 'contacts':
      return [
        ...meetings(),
        ...ofType(versions, 'WardContactRecorded').filter(({ data }) => data.outcome === 'attended'),
      ];
    case 'referrals': {
      const referral = earliestOf(ofType(versions, 'ParticipantReferred'));
      return referral ? [referral] : [];
    }
    default:
      return measure satisfies never;
  }
}
