import { createHash } from 'node:crypto';
import type { RecordedEvent, TenantId } from '@cairn/event-sourcing';

/**
 * Which trace something belongs to, and which of its spans it is. Both follow from what is recorded anyway, so that nothing of a
 * trace is stored: an event is a leaf that is signed, and the same with and without a collector.
 */
export interface TraceKey {
  readonly tenant: TenantId;
  /** Of whatever was first. */
  readonly correlation: string;
}

/** Spans that others find without having been told of them. */
export type KnownSpan = 'request' | 'command' | 'append';

const digest = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** 16 bytes in hexadecimal digits. */
export const traceId = ({ tenant, correlation }: TraceKey): string =>
  digest('cairn trace', tenant, correlation).slice(0, 32);

/** 8 bytes in hexadecimal digits. @param of the correlation; of an append its command's id */
export const spanId = (span: KnownSpan, tenant: TenantId, of: string): string =>
  digest('cairn span', span, tenant, of).slice(0, 16);

/** How far from one event to the one that led to it is gone; they lead to each other once as a rule. */
const CAUSES = 4;

/**
 * The event from which all followed that led to this one: a signal names the event that led to it.
 * @param find one event by its id
 */
export async function originOf(
  event: RecordedEvent,
  find: (tenant: TenantId, id: string) => Promise<RecordedEvent | undefined>,
): Promise<RecordedEvent> {
  let origin = event;
  for (let step = 0; step < CAUSES && origin.causationId !== origin.commandId; step++) {
    const cause = await find(origin.tenant, origin.causationId);
    if (!cause) break;
    origin = cause;
  }
  return origin;
}
