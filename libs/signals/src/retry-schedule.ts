import type { Instant } from '@cairn/event-sourcing';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** When a message is tried: each pause follows the attempt that failed. After the last one it is a dead letter. */
export interface RetrySchedule {
  /** Before each further attempt, in milliseconds. */
  readonly pauses: readonly Instant[];
  /** The longest that a recipient may ask to be left alone for, in milliseconds. */
  readonly longestWait: Instant;
}

/** As Standard Webhooks proposes: at once, after 5 seconds, 5 and 30 minutes, 2, 5, 10 and 10 hours; eight attempts in 27 hours. */
export const standardSchedule: RetrySchedule = {
  pauses: [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR],
  longestWait: 24 * HOUR,
};

/**
 * How long to wait after a failed attempt, in milliseconds; undefined: there is no other.
 * @param failed attempts so far, this one included
 * @param asked by the recipient (`Retry-After`): waited for, but never shorter than the schedule nor longer than `longestWait`
 * @param random from 0 to 1: pauses are up to a tenth longer, so that what failed together does not come back together
 */
export function pauseBefore(
  schedule: RetrySchedule,
  failed: number,
  { asked = 0, random }: { readonly asked?: number | undefined; readonly random: number },
): Instant | undefined {
  const pause = schedule.pauses[failed - 1];
  if (pause === undefined) return undefined;
  return Math.max(Math.round(pause * (1 + random / 10)), Math.min(asked, schedule.longestWait));
}
