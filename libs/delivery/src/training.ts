import type { Identified } from '@cairn/event-sourcing';
import type { TrainingEvent } from './events.js';
import { RecordBook } from './record-book.js';
import { amendedVersion } from './versions.js';

export type TrainingFact = Exclude<TrainingEvent, { readonly type: 'TrainingVoided' | 'TrainingAmended' }>;

/** A worker's training on one calendar day: at most one entry stands. */
export type TrainingDay = RecordBook<TrainingFact>;

export const noTraining: TrainingDay = RecordBook.empty((fact) => [fact.type]);

export function evolve(day: TrainingDay, event: Identified<TrainingEvent>): TrainingDay {
  switch (event.type) {
    case 'TrainingVoided':
      return day.strike(event.id, event.data);
    case 'TrainingAmended':
      return day.amend(event.id, event.data, amendedVersion(event.data));
    default:
      return day.enter(event.id, event);
  }
}
