import type { Instant } from '@cairn/event-sourcing';
import { instantOf, type VersionOf } from '../../record-versions.js';
import { participantStanding } from '../participant-standing.js';
import { NEVER, type TrialFacts, versionsOf } from '../trial-facts.js';
import { type Counted, countedAt, countSteps } from './counted.js';
import { perCent, type Step } from './step.js';

/** Of what was entered in so many last whole local days. */
const OVER_DAYS = 28;
/** A contact that was entered more calendar days than this after it occurred was entered late. The limit is ours. */
const LATE_AFTER_DAYS = 7;

type Part = 'late' | 'inTime';

/**
 * Per cent of the contacts, and attempts at one, entered during the last 28 whole local days that were entered more than 7
 * calendar days after they occurred. It changes at beginnings of local days. It is causal by when things were entered,
 * and as nothing counts as entered before it occurred, by when they occurred as well.
 * @param participants of one site
 */
export function lateEntries(facts: TrialFacts, participants: readonly string[]): readonly Step[] {
  const counted = participants.flatMap((id) => ofParticipant(facts, id));
  return countSteps<Part>(['late', 'inTime'], counted).map(({ at, counts: { late, inTime } }) => ({
    at,
    value: perCent(late, late + inTime),
    denominator: late + inTime,
    numbers: { late, entered: late + inTime },
    records: () => countedAt(counted, ['late'], at),
  }));
}

function ofParticipant(facts: TrialFacts, id: string): readonly Counted<Part>[] {
  const standing = participantStanding(facts, id);
  if (!standing) return [];
  const { calendar } = facts.setting;
  const left = standing.withdrawnAt.data_use ?? NEVER;
  return versionsOf(facts, { kind: 'participant', id }).flatMap((record): readonly Counted<Part>[] => {
    if (record.type !== 'WardContactRecorded' && record.type !== 'CommunityMeetingRecorded') return [];
    const entered = calendar.numberOf(enteredAt(record));
    const late = entered - calendar.numberOf(record.occurredAt) > LATE_AFTER_DAYS;
    const known = Math.max(entered, calendar.numberOf(standing.referredAt));
    return [
      {
        part: late ? 'late' : 'inTime',
        from: calendar.startOfNumber(known + 1),
        until: Math.min(calendar.startOfNumber(entered + OVER_DAYS + 1), left),
        record,
      },
    ];
  });
}

/** When the source says that it was entered, otherwise when it was first recorded; never before it occurred. */
function enteredAt({
  data,
  firstRecordedAt,
  occurredAt,
}: VersionOf<'WardContactRecorded' | 'CommunityMeetingRecorded'>): Instant {
  return Math.max(occurredAt, data.enteredAt === undefined ? firstRecordedAt : instantOf(data.enteredAt));
}
