import type { SealReason, Viewer } from '@cairn/access';
import { isIdentifier, isUuid, type Position } from '@cairn/event-sourcing';
import type { AlertFilter, RecordedAlert } from '@cairn/signals';
import type { TrialStates } from '../monitoring/trial-states.js';
import { rosterFor } from '../registry/roster-sight.js';
import type { AlertFeed } from './alert-feed.js';
import type { AlertSight } from './alert-sight.js';
import type { AlertSource } from './stored-alerts.js';
import { VisibleAlerts } from './visible-alerts.js';

/** What somebody wants to follow. */
export interface WantedAlerts {
  readonly trial: string;
  /** Of this site only, beside what the filter says. */
  readonly site: string | undefined;
  readonly filter: AlertFilter;
  /** The id of the last alert that they had. */
  readonly after: string | undefined;
}

/** What becomes of the wish to follow a trial's alerts. */
export type OpenedAlerts =
  | { readonly kind: 'open'; readonly alerts: VisibleAlerts }
  /** There is no such trial for the viewer. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'sealed'; readonly reason: SealReason }
  /** There is no such site for the viewer. */
  | { readonly kind: 'no such site' }
  /** The viewer knows no such alert in the trial. */
  | { readonly kind: 'cursor unknown' };

/** Lets whoever may follow a trial's alerts; the same for every transport. */
export class OpenAlerts {
  constructor(
    private readonly feed: AlertFeed,
    private readonly source: Pick<AlertSource, 'find'>,
    private readonly states: Pick<TrialStates, 'current'>,
    private readonly sight: AlertSight,
  ) {}

  /**
   * @param viewer asked now and again before each alert, for the roles that are held then
   * @throws the source's error
   */
  async open(viewer: () => Promise<Viewer>, { trial, site, filter, after }: WantedAlerts): Promise<OpenedAlerts> {
    const now = await viewer();
    // Before anything of the trial is looked at, so that it is answered alike whatever there is.
    if (!isIdentifier(trial) || !now.seesTrial(trial)) return { kind: 'absent' };
    const reach = now.reach('openSignals', trial);
    if (reach.kind === 'sealed') return { kind: 'sealed', reason: reach.reason };
    const state = await this.states.current(now.tenant, trial);
    if (!state || state === 'behind') return { kind: 'absent' };
    const wanted = sitesOf(site, filter);
    const known = new Set(rosterFor(now, state.trial).sites.map((each) => each.site));
    if (!wanted.every((each) => known.has(each))) return { kind: 'no such site' };
    const from = after === undefined ? undefined : await this.positionOf(now, trial, after);
    if (after !== undefined && from === undefined) return { kind: 'cursor unknown' };
    const sites = site === undefined ? filter.sites : [site].filter((each) => filter.sites?.includes(each) ?? true);
    const reader = await this.feed.follow(now.tenant, {
      trial,
      filter: { ...filter, ...(sites !== undefined && { sites }) },
      ...(from !== undefined && { after: from }),
    });
    return { kind: 'open', alerts: new VisibleAlerts(reader, { trial, viewer }, this.sight) };
  }

  /** Where the alert is, if the viewer is one who was sent it, or would have been. */
  private async positionOf(viewer: Viewer, trial: string, id: string): Promise<Position | undefined> {
    const found: RecordedAlert | undefined = isUuid(id) ? await this.source.find(viewer.tenant, id) : undefined;
    if (found?.alert.data.trial !== trial) return undefined;
    return (await this.sight.covers(viewer, found)) ? found.position : undefined;
  }
}

const sitesOf = (site: string | undefined, { sites = [] }: AlertFilter): readonly string[] =>
  site === undefined ? sites : [site, ...sites];
