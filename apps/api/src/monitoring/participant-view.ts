import type { ParticipantEngagement } from '@cairn/monitoring';
import type { TrialState } from './trial-state.js';

/** A participant that is being answered about. */
export interface ParticipantView {
  readonly engagement: ParticipantEngagement;
  readonly state: TrialState;
}
