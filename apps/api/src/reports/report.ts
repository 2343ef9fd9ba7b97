import type { Instant } from '@cairn/event-sourcing';
import type { FlowNode, TrialTable } from '@cairn/monitoring';
import type { OpenRaisedSignal, RaisedSignal } from './raised-signals.js';
import type { SignalReport } from './signals.js';

/** A table that everybody who sees cuts may be shown: it has no number of one arm. */
export type OpenTable = TrialTable & { readonly audience: 'open' };

/** A table by arm, under the arms' own ids. No report shows it so. */
export type ClosedTable = TrialTable & { readonly audience: 'closed' };

export const isOpenTable = (table: TrialTable): table is OpenTable => table.audience === 'open';
export const isClosedTable = (table: TrialTable): table is ClosedTable => table.audience === 'closed';

/** The trial that a report is of. */
export interface ReportedTrial {
  readonly trial: string;
  readonly title: string;
  readonly registration: string | undefined;
}

/** What a cut is cited by, in every file that is made of it. */
export interface CutHeader {
  readonly cut: string;
  readonly note: string;
  /** SHA-256 over all that the cut says, its tables' digests among it. */
  readonly hash: string;
  /** The last position of the tenant's log that is in it. */
  readonly position: string;
  /** Events of the trial in it. */
  readonly size: number;
  /** RFC 3339; exclusive. */
  readonly occurredBefore: string;
  readonly takenAt: Instant;
  /** Version of the protocol in force. */
  readonly protocol: number;
  /** The code that made the tables. */
  readonly code: string;
}

/** What a report is made of, whichever it is. */
interface ReportContent {
  readonly trial: ReportedTrial;
  readonly cut: CutHeader;
  readonly signals: SignalReport;
  /** Who came in, and what became of them; undefined where the cut has no such table. */
  readonly flow: FlowNode | undefined;
}

/** For everybody who sees cuts. */
export interface OpenReport extends ReportContent {
  readonly kind: 'open';
  readonly tables: readonly OpenTable[];
  /** In this cut and not in the one before. */
  readonly raised: readonly OpenRaisedSignal[];
}

/** By masked arm; for the committee and its statistician, for a time. */
export interface ClosedReport extends ReportContent {
  readonly kind: 'closed';
  readonly tables: readonly (OpenTable | MaskedTable)[];
  /** Those about the delivery of the intervention too. */
  readonly raised: readonly RaisedSignal[];
  /** From when on it is not shown any more. */
  readonly closedUntil: Instant;
  /** The letter of each arm, for whoever may know the arms. */
  readonly armKey: readonly MaskedArm[] | undefined;
}

export type Report = OpenReport | ClosedReport;

declare const masked: unique symbol;

/** A table by arm in which letters stand for the arms; made by `maskTable` and nothing else. */
export type MaskedTable = ClosedTable & { readonly [masked]: true };

/** Which arm a letter stands for. */
export interface MaskedArm {
  readonly letter: string;
  readonly arm: string;
}
