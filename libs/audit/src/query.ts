import type { Identified, Instant } from '@cairn/event-sourcing';
import type { QueryEvent } from './events.js';

/** What a query concerns; `event` is the record that it is about, where it is about one. */
export interface QuerySubject {
  readonly trial: string;
  readonly query: string;
  readonly site: string;
  readonly participant?: string | undefined;
  readonly event?: string | undefined;
}

/**
 * A query about what was recorded, by what has become of it:
 * - `open`: raised, or opened again, and not answered;
 * - `answered`: it is for whoever watches the data to say whether that will do;
 * - `closed`: for good.
 */
export type DataQuery =
  | { readonly kind: 'none' }
  | (QuerySubject & { readonly kind: 'open' | 'answered'; readonly text: string; readonly raisedAt: Instant })
  | (QuerySubject & {
      readonly kind: 'closed';
      readonly text: string;
      readonly raisedAt: Instant;
      readonly closedAt: Instant;
    });

export const noQuery: DataQuery = { kind: 'none' };

export function evolveQuery(query: DataQuery, event: QueryEvent | Identified<QueryEvent>): DataQuery {
  if (event.type === 'QueryRaised') return { kind: 'open', ...event.data, raisedAt: event.occurredAt };
  // The rules let nothing into the stream of a query before it is raised.
  if (query.kind === 'none') return query;
  switch (event.type) {
    case 'QueryAnswered':
      return { ...query, kind: 'answered' };
    case 'QueryReopened':
      return { ...query, kind: 'open' };
    case 'QueryClosed':
      return { ...query, kind: 'closed', closedAt: event.occurredAt };
    default:
      return event satisfies never;
  }
}

const DAY = 24 * 60 * 60 * 1_000;

/** How long a query has stood, or stood until it was closed, in days of 24 hours. */
export function ageInDays(query: Exclude<DataQuery, { kind: 'none' }>, asOf: Instant): number {
  const until = query.kind === 'closed' ? Math.min(query.closedAt, asOf) : asOf;
  return Math.max(0, until - query.raisedAt) / DAY;
}
