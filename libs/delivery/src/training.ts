import type { Identified } from '@cairn/event-sourcing';
import type { TrainingEvent } from './events.js';
import { enter, type RecordBook, strike } from './record-book.js';

export type TrainingFact = Exclude<TrainingEvent, { readonly type: 'TrainingVoided' }>;

/** A worker's training on one calendar day: at most one entry stands. */
export type TrainingDay = RecordBook<TrainingFact>;

export const evolve = (day: TrainingDay, event: Identified<TrainingEvent>): TrainingDay =>
  event.type === 'TrainingVoided' ? strike(day, event.id, event.data) : enter(day, event.id, event);
