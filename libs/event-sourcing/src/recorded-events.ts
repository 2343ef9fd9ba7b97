import { eventId } from './event-id.js';
import type { Append, ExpectedRevision, Placement } from './event-store.js';
import type { RecordedEvent, TenantId } from './event.js';

/** The events of an append as every store gives them back, from where one placed them. */
export function recordedEvents(tenant: TenantId, append: Append, placement: Placement): readonly RecordedEvent[] {
  const commandId = append.commandId.toLowerCase();
  return append.events.map((event, ordinal) => ({
    ...event,
    id: eventId(commandId, ordinal),
    tenant,
    stream: placement.stream,
    revision: placement.firstRevision + ordinal,
    position: placement.positions[ordinal]!,
    recordedAt: placement.recordedAt,
    actor: append.actor,
    commandId,
    correlationId: append.correlationId ?? commandId,
    causationId: append.causationId ?? commandId,
    metadata: append.metadata ?? {},
  }));
}

/** Whether a stream is as an append expects it. @param actual its last revision; undefined: there is no such stream */
export const isAsExpected = (expected: ExpectedRevision, actual: number | undefined): boolean =>
  expected === 'any' ||
  (expected === 'none' ? actual === undefined : expected === 'exists' ? actual !== undefined : expected === actual);
