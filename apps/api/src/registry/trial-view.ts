import type { Viewer } from '@cairn/access';
import type { Position, TenantId } from '@cairn/event-sourcing';
import type { TrialRoster } from '@cairn/registry';
import type { TrialSight } from '../monitoring/trial-sight.js';

/** A trial that is being answered about. Its participants are looked at only when something asks for them. */
export interface TrialView {
  readonly tenant: TenantId;
  readonly trial: string;
  readonly viewer: Viewer;
  /** With the sites and workers that the viewer may know of. */
  readonly roster: TrialRoster;
  /** On the scale that the viewer is told. */
  head(): Position | Promise<Position>;
  sight(): TrialSight | Promise<TrialSight>;
}
