import type { Instant } from '@cairn/event-sourcing';
import type { TrialCalendar } from '../trial-setting.js';

/** While a signal was open. */
export interface OpenTime {
  readonly from: Instant;
  /** Exclusive; undefined while it is open. */
  readonly until: Instant | undefined;
}

/**
 * For how many weeks on end a rule has had an open signal for a subject: the local week, from Monday on, of the moment, as
 * far as it has come, and those before it up to the first without any. 0 where there is none in the week of the moment.
 * @param open when signals of one rule and one subject were open, in any order
 * @param at inclusive
 */
export function streak(open: readonly OpenTime[], at: Instant, calendar: TrialCalendar): number {
  const wasOpen = (start: Instant, end: Instant): boolean =>
    open.some(({ from, until = Infinity }) => from < end && until > start);
  const today = calendar.dayOf(at);
  let monday = today.subtract({ days: today.dayOfWeek - 1 });
  let end = at + 1;
  let weeks = 0;
  while (wasOpen(calendar.startOf(monday), end)) {
    weeks += 1;
    end = calendar.startOf(monday);
    monday = monday.subtract({ days: 7 });
  }
  return weeks;
}
