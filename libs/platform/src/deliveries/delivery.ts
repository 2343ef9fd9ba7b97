import type { Instant, Position } from '@cairn/event-sourcing';

/** A subscription, within its tenant. */
export interface SubscriberKey {
  readonly trial: string;
  readonly subscription: string;
}

/** How far the relay is with a subscription. */
export interface Subscriber extends SubscriberKey {
  /** Of every alert that it asked for up to there a delivery was made. */
  readonly position: Position;
  /** Of the last request for a replay that was followed. */
  readonly replayed: Position;
  /** The last time at which a digest was due; undefined before the first. */
  readonly digestedUntil: Instant | undefined;
  /** Nothing is sent until somebody has looked at the dead letters. */
  readonly stalled: boolean;
}

/** A message that is to be sent. */
export interface Message {
  /** The same at every attempt. */
  readonly message: string;
  /** Of what it tells of; the last of it, of a digest. */
  readonly position: Position;
  /** Messages of one lane are sent one after another. */
  readonly lane: string;
  readonly kind: 'alert' | 'digest';
  readonly audience: 'open' | 'delivery';
  /** A CloudEvent as JSON. */
  readonly body: string;
}

/** What an attempt came to, as a word that stays. */
export const attemptResults = ['delivered', 'gone', 'redirected', 'rejected', 'refused', 'unreachable'] as const;
export type AttemptResult = (typeof attemptResults)[number];

/** One attempt to send a message. */
export interface Attempt {
  readonly at: Instant;
  readonly result: AttemptResult;
  /** Of HTTP, where there was an answer. */
  readonly status?: number;
  /** Where there was none. */
  readonly why?: string;
}

/** A message with what became of it so far. */
export interface Delivery extends Omit<Message, 'body'> {
  readonly state: 'waiting' | 'collected' | 'delivered' | 'dead';
  /** The last 20, the earliest first. */
  readonly attempts: readonly Attempt[];
  /** When it is tried next, where it waits: not before this, and not before those ahead of it in its lane. */
  readonly nextAt: Instant | undefined;
  readonly finishedAt: Instant | undefined;
}

/** A message that this caller alone may send until its claim runs out. */
export interface ClaimedDelivery extends SubscriberKey, Message {
  readonly claim: string;
  /** Attempts that failed since it began to wait. */
  readonly failed: number;
}
