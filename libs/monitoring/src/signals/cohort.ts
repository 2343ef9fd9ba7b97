import type { Instant } from '@cairn/event-sourcing';
import type { Cohort, Happening } from '@cairn/signals/rule';
import type { ParticipantStanding } from './participant-standing.js';
import type { Span } from './span.js';

/**
 * While somebody belongs to those whom a rule is about.
 *
 * It begins when all of it is true: the referral, which says whose participant it is, and for `randomised` the
 * randomisation, for `offered` that it was to an intervention arm, for `with_data` an allocation too. It ends with a
 * withdrawal from what the rule waits for: from the intervention where it waits for contacts or an allocation, else from
 * follow-up; and always with one from the use of the data. A withdrawal before the beginning leaves nothing.
 * @param awaited what the rule waits for, or finds missing
 */
export function membership(
  standing: ParticipantStanding,
  cohort: Cohort,
  awaited: Happening,
): Omit<Span, 'key'> | undefined {
  const from = beginningOf(standing, cohort);
  const { withdrawnAt } = standing;
  const until = Math.min(withdrawnAt[scopeOf(awaited)] ?? Infinity, withdrawnAt.data_use ?? Infinity);
  return from !== undefined && from < until ? { from, until } : undefined;
}

function beginningOf(
  { referredAt, randomised, intervention, allocatedAt }: ParticipantStanding,
  cohort: Cohort,
): Instant | undefined {
  if (cohort === 'referred') return referredAt;
  if (randomised === undefined) return undefined;
  const from = Math.max(referredAt, randomised.occurredAt);
  switch (cohort) {
    case 'randomised':
      return from;
    case 'offered':
      return intervention ? from : undefined;
    case 'with_data':
      return intervention && allocatedAt !== undefined ? Math.max(from, allocatedAt) : undefined;
    default:
      return cohort satisfies never;
  }
}

/** Only the intervention is delivered in contacts by allocated workers; everything else is asked of all arms. */
const scopeOf = ({ what }: Happening): 'intervention' | 'follow_up' =>
  what === 'contact' || what === 'allocation' ? 'intervention' : 'follow_up';
