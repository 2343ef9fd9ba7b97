import type { Identified } from '@cairn/event-sourcing';
import type { SiteRecordEvent } from './events.js';
import { RecordBook } from './record-book.js';
import { amendedVersion } from './versions.js';

export type SiteRecordFact = Exclude<SiteRecordEvent, { readonly type: 'SiteRecordVoided' | 'SiteRecordAmended' }>;

/** One site-level record: at most one entry stands, and once it is voided the record may be made anew. */
export type SiteRecord = RecordBook<SiteRecordFact>;

export const noRecord: SiteRecord = RecordBook.empty((fact) => [fact.type]);

export function evolve(record: SiteRecord, event: Identified<SiteRecordEvent>): SiteRecord {
  switch (event.type) {
    case 'SiteRecordVoided':
      return record.strike(event.id, event.data);
    case 'SiteRecordAmended':
      return record.amend(event.id, event.data, amendedVersion(event.data));
    default:
      return record.enter(event.id, event);
  }
}
