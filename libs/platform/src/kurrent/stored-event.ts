import { type Append, eventId, type Instant, type RecordedEvent } from '@cairn/event-sourcing';
import type { ProposedEvent } from './append-request.js';
import type { RawEvent } from './raw-event.js';
import { eventStream, readEventStream } from './stream-names.js';

/** What is kept beside a payload. The payload itself is binary: as JSON, the client would write it anew. */
interface StoredMetadata {
  /** Place in its append, from 0, and how many events that has. */
  readonly ordinal: number;
  readonly count: number;
  readonly schemaVersion: number;
  readonly occurredAt: Instant;
  readonly actor: string;
  readonly commandId: string;
  /** Position of the claim that came before the append: in `$all`, its events are the next ones of their stream. */
  readonly claimedAt: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Of an event that was recorded in another store first. */
  readonly recordedAt?: Instant;
  /** Where the name in KurrentDB does not tell it. */
  readonly stream?: string;
}

/** An event as it is stored, with what only its neighbours can tell: when its append was recorded, and its position. */
export interface StoredEvent {
  readonly raw: RawEvent;
  readonly ordinal: number;
  readonly count: number;
  readonly claimedAt: bigint;
  /** Undefined: recorded when the first event of its append was created. */
  readonly recordedAt: Instant | undefined;
  readonly event: Omit<RecordedEvent, 'position' | 'recordedAt'>;
}

/** An append under a claim. @param recordedAt of each event, where another store recorded it */
export function proposedEvents(
  append: Append,
  claimedAt: bigint,
  recordedAt: readonly Instant[] = [],
): ProposedEvent[] {
  const { actor, correlationId, causationId, metadata, stream } = append;
  const commandId = append.commandId.toLowerCase();
  return append.events.map(({ type, schemaVersion, occurredAt, payload }, ordinal) => {
    const stored: StoredMetadata = {
      ordinal,
      count: append.events.length,
      schemaVersion,
      occurredAt,
      actor,
      commandId,
      claimedAt: String(claimedAt),
      ...(correlationId !== undefined && correlationId !== commandId && { correlationId }),
      ...(causationId !== undefined && causationId !== commandId && { causationId }),
      ...(metadata !== undefined && Object.keys(metadata).length > 0 && { metadata }),
      ...(recordedAt[ordinal] !== undefined && { recordedAt: recordedAt[ordinal] }),
      ...(nameIsLost(stream) && { stream }),
    };
    return { id: eventId(commandId, ordinal), type, data: payload, metadata: JSON.stringify(stored) };
  });
}

/** @returns undefined for an event that Cairn did not store */
export function storedEvent(raw: RawEvent): StoredEvent | undefined {
  const name = readEventStream(raw.stream);
  const stored = name && metadataOf(raw);
  if (!stored) return undefined;
  const { ordinal, count, commandId, schemaVersion, occurredAt, actor, recordedAt } = stored;
  return {
    raw,
    ordinal,
    count,
    claimedAt: BigInt(stored.claimedAt),
    recordedAt,
    event: {
      id: raw.id,
      tenant: name.tenant,
      stream: stored.stream ?? name.stream!,
      revision: raw.revision,
      type: raw.type,
      schemaVersion,
      occurredAt,
      payload: raw.data.toString('utf8'),
      actor,
      commandId,
      correlationId: stored.correlationId ?? commandId,
      causationId: stored.causationId ?? commandId,
      metadata: stored.metadata ?? {},
    },
  };
}

function metadataOf(raw: RawEvent): StoredMetadata | undefined {
  try {
    const metadata = JSON.parse(raw.metadata.toString('utf8')) as StoredMetadata | null;
    return typeof metadata?.commandId === 'string' && typeof metadata.ordinal === 'number' ? metadata : undefined;
  } catch {
    return undefined;
  }
}

const nameIsLost = (stream: string): boolean => readEventStream(eventStream('x', stream))!.stream === undefined;
