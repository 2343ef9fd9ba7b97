import { randomUUID } from 'node:crypto';
import type { Append, EncodedEvent, EventStore } from '@cairn/event-sourcing';

/** What an adapter brings to the contract. */
export interface StoreUnderTest {
  readonly store: EventStore;
  /** The same logs as another process would reach them; an adapter without processes gives the same store. */
  readonly elsewhere: EventStore;
  close(): Promise<void>;
}

export type OpenStore = () => Promise<StoreUnderTest>;

/** A tenant of its own keeps each case out of all others' way. */
export const newTenant = (): string => `tenant-${randomUUID()}`;

/** A referral as an event; `about` tells it from others. */
export const anEvent = (about: unknown = 1, occurredAt = Date.UTC(2022, 2, 4, 10)): EncodedEvent => ({
  type: 'ParticipantReferred',
  schemaVersion: 1,
  occurredAt,
  payload: JSON.stringify({ about }),
});

/** An append of one event to a participant's stream, under a command id of its own. */
export const anAppend = (given: Partial<Append> = {}): Append => ({
  stream: 'enrich/participant/S4-0012',
  expected: 'any',
  commandId: randomUUID(),
  events: [anEvent()],
  actor: 'site-4',
  ...given,
});

/** Waits for a thing to become true, looking again and again; fails after ten seconds. */
export async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('it did not become true in ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
