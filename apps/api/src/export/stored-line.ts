import { cloudEventLine } from '@cairn/audit';
import { formatInstant } from '@cairn/event-sourcing';
import type { StoredEvent } from '@cairn/platform';

/**
 * An event as the line that was signed of it. A row that is not written as the store writes rows was changed past it: then
 * the line shows the row as it is, so that it is not the one that was signed. Nothing is mended on the way.
 */
export function storedLine(stored: StoredEvent): string {
  const line = lineOrNothing(stored);
  return line !== undefined && isAsWritten(stored) ? line : rowText(stored);
}

function lineOrNothing({ event }: StoredEvent): string | undefined {
  try {
    return cloudEventLine(event);
  } catch {
    return undefined;
  }
}

/** Whether a row has the one form that an append gives it. */
function isAsWritten({ event, metadata, recordedAt, occurredAt, correlationId, causationId }: StoredEvent): boolean {
  return (
    isCompact(event.payload) &&
    (metadata === null || (metadata !== '{}' && isCompact(metadata))) &&
    // The store keeps what follows from the command's id as nothing.
    correlationId !== event.commandId &&
    causationId !== event.commandId &&
    isWhole(recordedAt, event.recordedAt) &&
    isWhole(occurredAt, event.occurredAt)
  );
}

/** As JSON is written without white space and without a name twice; logs from before RFC 8785 have members in another order. */
const isCompact = (json: string): boolean => JSON.stringify(JSON.parse(json)) === json;

/** The log has whole milliseconds; the database could hold more. */
const isWhole = (micros: string, instant: number): boolean => formatInstant(instant).replace('Z', '000Z') === micros;

/** A line that no event has: what the row says, piece by piece. */
const rowText = ({ event, ...row }: StoredEvent): string =>
  JSON.stringify({ row: { ...event, ...row, position: undefined, tenant: undefined } });
