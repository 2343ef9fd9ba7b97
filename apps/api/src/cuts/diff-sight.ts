import type { Viewer } from '@cairn/access';
import type { DiffCause, TrialChange } from '@cairn/monitoring';
import type { Disclosures } from '../graphql/disclosures.js';
import type { ShownEvent } from '../history/read-history.js';
import type { CutDiffs } from './cut-diffs.js';
import { type CutSight, type OpenAudience } from './cut-sight.js';
import type { EventsAt } from './events-at.js';
import type { Turn } from './trial-log.js';

/** The field that a record of a sealed read names. */
const CHANGES = 'CutDiff.changes';

export type CauseKind = DiffCause['kind'];

/** A change that is for the viewer. */
export interface ChangeSight {
  readonly change: TrialChange & { readonly audience: OpenAudience };
  readonly diff: DiffSight;
}

/** A cause of such a change. */
export interface CauseSight {
  readonly cause: DiffCause;
  readonly diff: DiffSight;
}

/** What is otherwise between two cuts, as one viewer may see it at this moment. */
export class DiffSight {
  constructor(
    private readonly diffs: CutDiffs,
    private readonly events: EventsAt,
    readonly from: CutSight,
    readonly to: CutSight,
    private readonly viewer: Viewer,
  ) {}

  /** Changes in tables that are for the viewer; where looks at arms are recorded, once that is. @throws CutAltered */
  async changes(disclosures: Disclosures, turn: Turn, table: string | undefined): Promise<readonly ChangeSight[]> {
    const { trial } = this.from;
    const all = await this.diffs.between(this.viewer.tenant, this.from.taken, this.to.taken, turn);
    const shown = all.flatMap((change) => {
      const { audience } = change;
      if ((table ?? change.table) !== change.table || audience === 'closed' || !this.from.shows(audience)) return [];
      return [{ change: { ...change, audience }, diff: this }];
    });
    const unblinded = shown.filter(({ change }) => change.audience === 'unblinded');
    const reach = this.viewer.reach('allocation', trial);
    if (unblinded.length > 0 && reach.kind === 'whole' && reach.recorded) {
      const participants = unblinded.flatMap(({ change: { key } }) =>
        typeof key['participant'] === 'string' ? [key['participant']] : [],
      );
      await disclosures.lookAtAll(this.viewer, trial, CHANGES, new Set(participants), 'role');
    }
    return shown;
  }

  /** The event that was a cause, as it is shown in a history. */
  async event(cause: DiffCause): Promise<ShownEvent | null> {
    if (cause.kind === 'time') return null;
    const event = await this.events.at(cause.position);
    if (!event) return null;
    const armsOf = (await this.from.view.sight()).armsOf();
    return { ...event, ...(!this.viewer.knowsPositions && { position: BigInt(event.recordedAt) }), armsOf };
  }
}
