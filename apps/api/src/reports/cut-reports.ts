import type { SealReason, Viewer } from '@cairn/access';
import { type Instant, isIdentifier, parseInstant } from '@cairn/event-sourcing';
import type { TrialTable } from '@cairn/monitoring';
import type { TrialRoster } from '@cairn/registry';
import type { Conduct } from '../access/conduct.js';
import type { CutReader, TakenCut } from '../cuts/cut-reader.js';
import { readModelBehind } from '../graphql/errors.js';
import type { TrialView } from '../registry/trial-view.js';
import { CLOSED_REPORT_LASTS_MS, closedReport, closedUntil } from './closed-report.js';
import { armLetters } from './masking.js';
import type { EventHistory } from '@cairn/platform';
import { type CutEnd, raisedSince } from './raised-signals.js';
import { openReport, type ReportSubject } from './open-report.js';
import { type ClosedReport, isClosedTable, isOpenTable, type OpenReport, type Report } from './report.js';
import { ALL_SITES, type Looked } from './signals.js';

/** A report, or why it is not shown. */
export type Shown<Report> =
  { readonly kind: 'shown'; readonly report: Report } | { readonly kind: 'sealed'; readonly reason: SealReason };

/** The fields that records of looks and of refusals name. */
export const OPEN_REPORT = 'DataCut.openReport';
export const CLOSED_REPORT = 'DataCut.closedReport';
/** A closed report that says which letter is which arm. */
const ARM_KEY = 'ClosedReport.armKey';

/** Makes the reports of cuts, each for one viewer: who may not see one is given none here. */
export class CutReports {
  /** @param secret what the letters of arms follow from */
  constructor(
    private readonly cuts: Pick<CutReader, 'find' | 'list' | 'tables' | 'positionOf'>,
    private readonly history: Pick<EventHistory, 'read'>,
    private readonly conduct: Pick<Conduct, 'sealedRead' | 'sealedReadRefused'>,
    private readonly secret: string,
    private readonly clock: () => Instant = Date.now,
  ) {}

  /**
   * The report of a cut by its id. Who is not shown any is told so before it is looked whether there is such a cut.
   * @throws CutAltered when what is kept of the cut is not what was taken
   */
  async find(
    viewer: Viewer,
    view: TrialView,
    { kind, cut }: { readonly kind: Report['kind']; readonly cut: string },
  ): Promise<Shown<Report> | { readonly kind: 'absent' }> {
    const [area, field] = kind === 'open' ? (['cuts', OPEN_REPORT] as const) : (['byArm', CLOSED_REPORT] as const);
    const reach = viewer.reach(area, view.trial);
    if (reach.kind !== 'whole') return this.refused(viewer, view, field, reach);
    const taken = isIdentifier(cut) ? await this.cuts.find(view.tenant, view.trial, cut) : undefined;
    if (!taken) return { kind: 'absent' };
    return kind === 'open' ? this.open(viewer, view, taken) : this.closed(viewer, view, taken);
  }

  /** @throws CutAltered when what is kept of the cut is not what was taken */
  async open(viewer: Viewer, view: TrialView, taken: TakenCut): Promise<Shown<OpenReport>> {
    const reach = viewer.reach('cuts', view.trial);
    if (reach.kind !== 'whole') return this.refused(viewer, view, OPEN_REPORT, reach);
    return { kind: 'shown', report: openReport(await this.subject(viewer, view, taken)) };
  }

  /**
   * Once the look at it is recorded.
   * @throws CutAltered when what is kept of the cut is not what was taken
   */
  async closed(viewer: Viewer, view: TrialView, taken: TakenCut): Promise<Shown<ClosedReport>> {
    const { tenant, trial, roster } = view;
    const reach = viewer.reach('byArm', trial);
    if (reach.kind !== 'whole') return this.refused(viewer, view, CLOSED_REPORT, reach);
    if (this.clock() >= taken.takenAt + CLOSED_REPORT_LASTS_MS) {
      return this.refused(viewer, view, CLOSED_REPORT, { kind: 'sealed', reason: 'EXPIRED' });
    }
    const subject = await this.subject(viewer, view, taken);
    const kept = await this.cuts.tables(tenant, taken, ({ audience }) => audience === 'closed');
    const byArm = kept.map(({ content }): TrialTable => content).filter(isClosedTable);
    const arms = roster.protocols.map(({ protocol }) => protocol.arms.map(({ id }) => id));
    const withKey = viewer.reach('allocation', trial).kind === 'whole';
    const report = closedReport(subject, byArm, armLetters(this.secret, tenant, trial, arms), {
      until: closedUntil(taken.takenAt, viewer.reachEnds('byArm', trial)),
      withKey,
    });
    await this.conduct.sealedRead({
      viewer,
      trial,
      field: withKey ? ARM_KEY : CLOSED_REPORT,
      participants: randomisedIn(subject.now),
      by: 'role',
      cut: taken.cut.cut,
    });
    return { kind: 'shown', report };
  }

  /** That somebody was kept from what would unblind them, or what was theirs for a time, is recorded. */
  private async refused(
    viewer: Viewer,
    { trial }: TrialView,
    field: string,
    reach: ReturnType<Viewer['reach']> | { readonly kind: 'sealed'; readonly reason: SealReason },
  ): Promise<{ readonly kind: 'sealed'; readonly reason: SealReason }> {
    const reason = reach.kind === 'sealed' ? reach.reason : 'NOT_IN_ROLE';
    if (reason !== 'NOT_IN_ROLE') await this.conduct.sealedReadRefused({ viewer, trial, field, reason });
    return { kind: 'sealed', reason };
  }

  private async subject(
    { knowsPositions }: Viewer,
    { tenant, trial, roster }: TrialView,
    taken: TakenCut,
  ): Promise<ReportSubject> {
    const all = await this.cuts.list(tenant, trial);
    const earlier = all[all.findIndex(({ event }) => event === taken.event) + 1];
    const { cut, note, hash, size, occurredBefore, protocol, code } = taken.cut;
    // As in GraphQL: the log's own positions count what is recorded of everybody, in trials where the viewer is blinded too.
    const position = knowsPositions ? taken.cut.position : String(taken.takenAt);
    return {
      trial: { trial: roster.trial, title: roster.title, registration: roster.registration },
      cut: { cut, note, hash, position, size, occurredBefore, takenAt: taken.takenAt, protocol, code },
      now: await this.looked(tenant, roster, taken),
      before: earlier && (await this.looked(tenant, roster, earlier)),
      raised: await raisedSince(
        this.history,
        { tenant, trial },
        await this.endOf(tenant, taken),
        earlier && (await this.endOf(tenant, earlier)),
      ),
    };
  }

  private async endOf(tenant: string, taken: TakenCut): Promise<CutEnd> {
    const position = await this.cuts.positionOf(tenant, taken);
    return { position, occurredBefore: parseInstant(taken.cut.occurredBefore)! };
  }

  private async looked(tenant: string, roster: TrialRoster, taken: TakenCut): Promise<Looked> {
    const kept = await this.cuts.tables(tenant, taken, ({ audience }) => audience === 'open');
    const { cut, protocol: version } = taken.cut;
    const found = roster.protocols.find((each) => each.version === version);
    // The cut was taken of the log, and the register is a read model.
    if (!found) throw readModelBehind(`the register has not come to version ${version} of the protocol`);
    return {
      cut,
      tables: kept.map(({ content }): TrialTable => content).filter(isOpenTable),
      protocol: found.protocol,
    };
  }
}

/** How many participants' figures a report by arm has. */
const randomisedIn = ({ tables }: Looked): number => {
  const flow = tables.find(({ table }) => table === 'flow');
  return Number(flow?.rows.find(({ site }) => site === ALL_SITES)?.['randomised'] ?? 0);
};
