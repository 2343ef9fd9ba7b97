import type { Identified } from '@cairn/event-sourcing';
import type { SiteRecordEvent } from './events.js';
import { RecordBook } from './record-book.js';

export type SiteRecordFact = Exclude<SiteRecordEvent, { readonly type: 'SiteRecordVoided' }>;

/** One site-level record: at most one entry stands, and once it is voided the record may be made anew. */
export type SiteRecord = RecordBook<SiteRecordFact>;

export const noRecord: SiteRecord = RecordBook.empty((fact) => [fact.type]);

export const evolve = (record: SiteRecord, event: Identified<SiteRecordEvent>): SiteRecord =>
  event.type === 'SiteRecordVoided' ? record.strike(event.id, event.data) : record.enter(event.id, event);
