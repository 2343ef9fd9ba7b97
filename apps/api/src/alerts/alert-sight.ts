import type { Reach, Viewer } from '@cairn/access';
import { EventStoreUnavailable, type TenantId } from '@cairn/event-sourcing';
import type { RecordedAlert } from '@cairn/signals';
import type { TrialStates } from '../monitoring/trial-states.js';

/** What of the alerts of an audience somebody sees. */
const reachOf = (viewer: Viewer, { alert, audience }: RecordedAlert): Reach => {
  switch (audience) {
    case 'open':
      return viewer.reach('openSignals', alert.data.trial);
    case 'delivery':
      return viewer.reach('signals', alert.data.trial);
    default:
      return audience satisfies never;
  }
};

/** Who is shown which alert. */
export class AlertSight {
  constructor(private readonly states: Pick<TrialStates, 'current'>) {}

  /**
   * Whether the viewer may be sent an alert. Of a caseload are those who were ever allocated to its worker, as far as that
   * was known when the alert was.
   * @throws EventStoreUnavailable when that cannot be told now
   */
  covers(viewer: Viewer, recorded: RecordedAlert): boolean | Promise<boolean> {
    const reach = reachOf(viewer, recorded);
    if (reach.kind !== 'part') return reach.kind === 'whole';
    if (reach.sites.has(recorded.alert.data.site)) return true;
    if (recorded.participant === undefined || reach.workers.size === 0) return false;
    return this.isOfCaseload(viewer.tenant, reach.workers, recorded, recorded.participant);
  }

  private async isOfCaseload(
    tenant: TenantId,
    workers: ReadonlySet<string>,
    { alert, position }: RecordedAlert,
    participant: string,
  ): Promise<boolean> {
    const state = await this.states.current(tenant, alert.data.trial, position);
    if (!state || state === 'behind')
      throw new EventStoreUnavailable('the read models have not come as far as the alert');
    return state.isAllocated(participant, workers, EVER);
  }
}

const EVER = { asOf: Infinity, knownAt: Infinity } as const;
