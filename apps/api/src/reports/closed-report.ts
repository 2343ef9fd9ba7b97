import type { Instant } from '@cairn/event-sourcing';
import { flowByArm } from './flow-diagram.js';
import { type ArmLetters, maskTable } from './masking.js';
import { openReport, type ReportSubject } from './open-report.js';
import type { ClosedReport, ClosedTable } from './report.js';

/** A closed report is shown for so many milliseconds after its cut was taken: until the committee has met and decided. */
export const CLOSED_REPORT_LASTS_MS = 90 * 24 * 60 * 60 * 1_000;

/** Until when the closed report of a cut is shown to somebody. @param roleEnds when the role ends by which they see it */
export const closedUntil = (takenAt: Instant, roleEnds: Instant | undefined): Instant =>
  Math.min(takenAt + CLOSED_REPORT_LASTS_MS, roleEnds ?? Infinity);

/**
 * The open report and, behind it, what is by arm, under letters.
 * @param letters of every arm of the trial
 * @param withKey whether it says which letter is which arm
 */
export function closedReport(
  subject: ReportSubject,
  byArm: readonly ClosedTable[],
  letters: ArmLetters,
  { until, withKey }: { readonly until: Instant; readonly withKey: boolean },
): ClosedReport {
  const { tables, flow, ...open } = openReport(subject);
  const masked = byArm.map((table) => maskTable(table, letters));
  const arms = masked.find(({ table }) => table === 'arms');
  return {
    ...open,
    kind: 'closed',
    raised: subject.raised,
    tables: [...masked, ...tables],
    flow: flow && arms ? flowByArm(flow, arms) : flow,
    closedUntil: until,
    armKey: withKey ? [...letters].map(([arm, letter]) => ({ letter, arm })).sort(byLetter) : undefined,
  };
}

const byLetter = (a: { readonly letter: string }, b: { readonly letter: string }): number =>
  a.letter.length - b.letter.length || (a.letter < b.letter ? -1 : 1);
