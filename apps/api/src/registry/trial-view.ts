import type { Position } from '@cairn/event-sourcing';
import type { TrialRoster } from '@cairn/registry';
import type { TrialState } from '../monitoring/trial-state.js';

/** A trial that is being answered about. Its participants are looked at only when something asks for them. */
export interface TrialView {
  readonly tenant: string;
  readonly roster: TrialRoster;
  head(): Position | Promise<Position>;
  state(): TrialState | Promise<TrialState>;
}
