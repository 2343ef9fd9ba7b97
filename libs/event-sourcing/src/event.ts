import type { Instant } from './time.js';

/** The customer whose log an event belongs to: first in every key, never derived from a request body. */
export type TenantId = string;

/** A place in one tenant's log. The first event has position 1; `LOG_START` is before it. Only order means anything. */
export type Position = bigint;
export const LOG_START: Position = 0n;

/** A fact in a context's own words, before it has a place in any log. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  /** When it happened in the world. */
  readonly occurredAt: Instant;
  readonly data: Data;
}

/**
 * An event as a store takes it: the payload is JSON text and never touched again, so that its bytes can be hashed. An
 * `EventCatalogue` writes it in the form of RFC 8785.
 */
export interface EncodedEvent {
  readonly type: string;
  /** Version of the payload's schema, from 1. */
  readonly schemaVersion: number;
  readonly occurredAt: Instant;
  /** A JSON object, exactly as it is stored. */
  readonly payload: string;
}

/** What the store knows about an event beside the event itself. */
export interface Envelope {
  /** UUID v5 of the command id and the event's ordinal in it, see `eventId`. */
  readonly id: string;
  readonly tenant: TenantId;
  readonly stream: string;
  /** Place in the stream, from 0, without gaps. */
  readonly revision: number;
  readonly position: Position;
  /** When the store accepted it, by the store's clock; never earlier than that of a lower position. */
  readonly recordedAt: Instant;
  /** Who gave the command. */
  readonly actor: string;
  readonly commandId: string;
  /** The command at the root of the conversation; the command itself when nothing came before. */
  readonly correlationId: string;
  /** The command or event that led to this command; the command itself when nothing did. */
  readonly causationId: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An event as a store gives it back. */
export type RecordedEvent = EncodedEvent & Envelope;

/** A recorded event read into the current shape of its type: what projections fold. */
export type Fact<E extends DomainEvent = DomainEvent> = E extends DomainEvent
  ? E & Envelope & { readonly schemaVersion: number }
  : never;

/** A domain event with the id that it has, or will have, in the store: what a decider's state is folded from. */
export type Identified<E extends DomainEvent = DomainEvent> = E extends DomainEvent
  ? E & { readonly id: string }
  : never;
