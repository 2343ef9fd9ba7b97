import type { RestoredEvent } from './event-restoration.js';

/** U+001E, the record separator of ASCII: no name may hold it, and JSON only escaped. */
export const SEPARATOR = '\u001e';

/**
 * Events as they were recorded, as the columns that `cairn.restore` and `cairn.copy` take: revisions, ids, command ids, schema
 * versions, times when they occurred and when they were recorded; then streams, types, actors, correlation and causation ids,
 * metadata, payloads.
 */
export const recordedColumns = (events: readonly RestoredEvent[]): string[] => [
  ...[
    events.map(({ revision }) => revision),
    events.map(({ id }) => id),
    events.map(({ commandId }) => commandId),
    events.map(({ schemaVersion }) => schemaVersion),
    events.map(({ occurredAt }) => occurredAt),
    events.map(({ recordedAt }) => recordedAt),
  ].map((column) => `{${column}}`),
  ...[
    events.map(({ stream }) => stream),
    events.map(({ type }) => type),
    events.map(({ actor }) => actor),
    events.map(({ correlationId, commandId }) => (correlationId === commandId ? '' : correlationId)),
    events.map(({ causationId, commandId }) => (causationId === commandId ? '' : causationId)),
    events.map(({ metadata }) => metadataText(metadata)),
    events.map(({ payload }) => payload),
  ].map((column) => column.join(SEPARATOR)),
];

/** A flat object of texts; an empty text for an empty one. */
export function metadataText(metadata: Readonly<Record<string, string>>): string {
  for (const _ in metadata) return JSON.stringify(metadata);
  return '';
}
