import type { Identified } from '@cairn/event-sourcing';
import type { TrainingEvent } from './events.js';
import { RecordBook } from './record-book.js';

export type TrainingFact = Exclude<TrainingEvent, { readonly type: 'TrainingVoided' }>;

/** A worker's training on one calendar day: at most one entry stands. */
export type TrainingDay = RecordBook<TrainingFact>;

export const noTraining: TrainingDay = RecordBook.empty((fact) => [fact.type]);

export const evolve = (day: TrainingDay, event: Identified<TrainingEvent>): TrainingDay =>
  event.type === 'TrainingVoided' ? day.strike(event.id, event.data) : day.enter(event.id, event);
