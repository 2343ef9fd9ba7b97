import type { Viewer } from '@cairn/access';
import type { Instant, Position, TenantId } from '@cairn/event-sourcing';
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
  /**
   * @param knownAt everything that was recorded by then is waited for, so that what is answered about then is final
   * @throws a typed error (READ_MODEL_BEHIND) when it does not come in time
   */
  sight(knownAt?: Instant): TrialSight | Promise<TrialSight>;
  /** The register as it stood, of that what the viewer may know of; undefined when the trial was not on it. */
  rosterAt(knownAt: Instant): Promise<TrialRoster | undefined>;
}
