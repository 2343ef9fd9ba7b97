import { flowOf } from './flow-diagram.js';
import { isOpenSignal, type RaisedSignal } from './raised-signals.js';
import type { CutHeader, OpenReport, OpenTable, ReportedTrial } from './report.js';
import { type Looked, signalsOf } from './signals.js';

/** What a report is of. */
export interface ReportSubject {
  readonly trial: ReportedTrial;
  readonly cut: CutHeader;
  readonly now: Looked;
  /** The cut before. */
  readonly before: Looked | undefined;
  /** What the alerter raised that is in this cut and not in the one before. */
  readonly raised: readonly RaisedSignal[];
}

/**
 * The report for everybody who sees cuts. It is made of open tables and cannot be handed another: no number of one arm, and no
 * word that only one arm has, is in it.
 */
export function openReport({ trial, cut, now, before, raised }: ReportSubject): OpenReport {
  const tables: readonly OpenTable[] = now.tables;
  return {
    kind: 'open',
    trial,
    cut,
    tables,
    flow: flowOf(tables),
    signals: signalsOf(now, before),
    raised: raised.filter(isOpenSignal),
  };
}
