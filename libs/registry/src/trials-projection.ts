import type { Projection } from '@cairn/event-sourcing';
import { type TrialEvent, trialEventTypes } from './events.js';
import { evolve, type Trial } from './trial.js';
import { trialsSpecimen } from './trials-specimen.js';

/**
 * The read model `trials`: each trial's roster with the history of its protocol. Documents are `TrialRoster`s; the
 * other state of `Trial` can only come of a log that the rules did not guard.
 */
export const trialsProjection: Projection<Trial, TrialEvent> = {
  name: 'trials',
  version: 3,
  eventTypes: trialEventTypes.map(({ type }) => type),
  keyOf: (event) => ({ scope: event.data.trial, id: event.data.trial }),
  evolve: (trial = { kind: 'unregistered' }, event) => evolve(trial, event),
  specimen: trialsSpecimen,
};
