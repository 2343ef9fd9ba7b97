import { isUuid } from './event-id.js';
import type { EncodedEvent, Position, RecordedEvent, TenantId } from './event.js';
import { isPlainText } from './identifier.js';
import type { Instant } from './time.js';

/**
 * What a stream must look like for an append to be taken: `any` state, `none` (no such stream yet), `exists`, or a
 * number, the revision of its last event.
 */
export type ExpectedRevision = 'any' | 'none' | 'exists' | number;

/** By which right somebody appends who must be the only one to do so: the lease of a service on the tenant, by its token. */
export interface Fence {
  readonly service: string;
  /** Rises whenever the lease changes hands. */
  readonly token: bigint;
}

/** Events of one command for one stream: stored together or not at all. */
export interface Append {
  /** 1 to `NAME_MAX_LENGTH` characters without control characters; so are type, actor, correlation and causation. */
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** A UUID. It identifies the append for ever: a second append with the same id stores nothing. */
  readonly commandId: string;
  /** 1 to `APPEND_MAX_EVENTS`. */
  readonly events: readonly EncodedEvent[];
  readonly actor: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Stored only while this token is the lease's; adapters without leases pass over it. */
  readonly fence?: Fence;
}

/** Events of one append. */
export const APPEND_MAX_EVENTS = 1_000;
/** UTF-8 bytes of one event's payload. */
export const PAYLOAD_MAX_BYTES = 1_000_000;
/** UTF-8 bytes of all payloads of one append. */
export const APPEND_MAX_BYTES = 16_000_000;
/** UTF-16 code units of a stream name, an event type, an actor, a correlation or causation id. */
export const NAME_MAX_LENGTH = 512;

/** What formatInstant writes with a year of four digits: 0001-01-01 to 9999-12-31. */
const EARLIEST = -62_135_596_800_000;
const LATEST = 253_402_300_799_999;

/** Where a command's events are. */
export interface Placement {
  readonly stream: string;
  readonly firstRevision: number;
  /** One for each event, rising. Not always consecutive: that is an adapter's own affair. */
  readonly positions: readonly Position[];
  readonly recordedAt: Instant;
}

/**
 * - `appended`: the events are durable.
 * - `repeated`: this command id was appended before, possibly to another stream; here is where, nothing was stored.
 * - `conflict`: the stream's last revision (undefined: no such stream) is not the expected one; nothing was stored.
 *
 * A repeated command id wins over a conflict, so that a retry of a success is a success.
 */
export type AppendOutcome =
  | ({ readonly kind: 'appended' } & Placement)
  | ({ readonly kind: 'repeated' } & Placement)
  | { readonly kind: 'conflict'; readonly actual: number | undefined };

/** Which part of a stream is read. */
export interface StreamRange {
  /** First revision wanted, inclusive. Forwards: default 0. Backwards: default the last. */
  readonly from?: number;
  /** At most so many events; default all. */
  readonly limit?: number;
  readonly direction?: 'forwards' | 'backwards';
}

/** Which part of a log is read. */
export interface LogRange {
  /** Exclusive. Forwards: events after it, default the start. Backwards: events before it, default the end. */
  readonly from?: Position;
  /** At most so many events, 1 to 10,000. */
  readonly limit: number;
  readonly direction?: 'forwards' | 'backwards';
}

/** From where on a log is followed, and until when. */
export interface SubscriptionOptions {
  /** Exclusive: the first event delivered is the next one. */
  readonly after: Position;
  /** At most so many events in a page. */
  readonly pageSize?: number;
  /** Ends the subscription; its iterator then returns. */
  readonly signal: AbortSignal;
}

/**
 * An append-only log per tenant, divided into streams. Every method takes the tenant first and can reach no other.
 *
 * Invariants that every adapter keeps and the contract suite proves: positions of a log rise in the order in which
 * readers may see them, and what a reader has passed never gets a predecessor; an acknowledged event is durable; nothing
 * is ever changed or removed.
 */
export interface EventStore {
  /**
   * @throws InvalidAppend when the append breaks a stated limit
   * @throws EventStoreUnavailable when the outcome is not known: the same append may be sent again
   * @throws Fenced when somebody else has the lease by now; nothing was stored
   */
  append(tenant: TenantId, append: Append): Promise<AppendOutcome>;

  /** Events of one stream; an unknown stream is empty. */
  readStream(tenant: TenantId, stream: string, range?: StreamRange): Promise<readonly RecordedEvent[]>;

  /** A page of the tenant's log, in log order (backwards: reversed). */
  readLog(tenant: TenantId, range: LogRange): Promise<readonly RecordedEvent[]>;

  /** One event by its id. */
  findEvent(tenant: TenantId, id: string): Promise<RecordedEvent | undefined>;

  /** Pages of the log as it grows, across the live edge, for ever: each event once and in order. */
  subscribe(tenant: TenantId, options: SubscriptionOptions): AsyncIterable<readonly RecordedEvent[]>;

  /** The position of the last event; `LOG_START` for an empty or unknown log. */
  head(tenant: TenantId): Promise<Position>;

  /** Every tenant that has a log, in the order of their ids. */
  tenants(): Promise<readonly TenantId[]>;
}

/** The append can never be taken: a programming error of the caller, not a state of the store. */
export class InvalidAppend extends Error {
  override readonly name = 'InvalidAppend';
}

/** The store could not be reached or did not answer; whether an append was stored is not known. */
export class EventStoreUnavailable extends Error {
  override readonly name = 'EventStoreUnavailable';
}

/** Somebody else holds the lease by now under whose token this was to be appended. Nothing was stored. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** The limits of an append, the same for every adapter. @throws InvalidAppend */
export function checkAppend(append: Append): void {
  const { stream, expected, commandId, events, actor, correlationId, causationId } = append;
  checkName('a stream name', stream);
  checkName('an actor', actor);
  if (correlationId !== undefined) checkName('a correlation id', correlationId);
  if (causationId !== undefined) checkName('a causation id', causationId);
  if (typeof expected === 'number' && (!Number.isSafeInteger(expected) || expected < 0)) {
    throw new InvalidAppend('an expected revision is a whole number from 0');
  }
  if (!isUuid(commandId)) throw new InvalidAppend('a command id is a UUID');
  if (events.length === 0 || events.length > APPEND_MAX_EVENTS) {
    throw new InvalidAppend(`an append has 1 to ${APPEND_MAX_EVENTS} events`);
  }
  let bytes = 0;
  for (const event of events) bytes += checkEvent(event);
  if (bytes > APPEND_MAX_BYTES)
    throw new InvalidAppend(`the payloads of an append have at most ${APPEND_MAX_BYTES} bytes`);
}

/** @returns the UTF-8 bytes of the payload */
function checkEvent({ type, schemaVersion, occurredAt, payload }: EncodedEvent): number {
  checkName('an event type', type);
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > 1_000_000) {
    throw new InvalidAppend('a schema version is a whole number from 1 to 1,000,000');
  }
  if (!Number.isSafeInteger(occurredAt) || occurredAt < EARLIEST || occurredAt > LATEST) {
    throw new InvalidAppend('occurredAt is whole milliseconds within the years 1 to 9999');
  }
  const bytes = Buffer.byteLength(payload);
  if (bytes > PAYLOAD_MAX_BYTES) throw new InvalidAppend(`a payload has at most ${PAYLOAD_MAX_BYTES} bytes`);
  // A lone surrogate has no UTF-8: it would be stored as another character.
  if (!payload.isWellFormed() || !isJsonObject(payload)) throw new InvalidAppend('a payload is a JSON object');
  return bytes;
}

function checkName(what: string, name: string): void {
  if (name.length > 0 && name.length <= NAME_MAX_LENGTH && isPlainText(name) && !/[\t\n\r]/.test(name)) return;
  throw new InvalidAppend(`${what} has 1 to ${NAME_MAX_LENGTH} characters and no control characters`);
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
