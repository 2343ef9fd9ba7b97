import { isNeutral, type ParticipantEvent, participantEventTypes } from '@cairn/delivery';
import { EventCatalogue, type EventStore, type Instant, type TenantId } from '@cairn/event-sourcing';
import { LRUCache } from 'lru-cache';
import type { KnownStream } from './blinded-answer.js';

const participantEvents = new EventCatalogue(participantEventTypes);
const isOfParticipant = new Set<string>(participantEventTypes.map(({ type }) => type));

interface Read {
  /** Revision from which the stream is to be read on. */
  next: number;
  /** Of each event of a participant: what a void strikes decides on the void. */
  readonly events: Map<string, ParticipantEvent>;
  readonly ranks: Map<string, number>;
  recordedAt: Instant | undefined;
}

const MAX_STREAMS = 10_000;

/**
 * Of streams, what is recorded whichever arm a participant is in. Only participants have arms, so other streams are neutral
 * as a whole. What was read is kept: whoever asks again and again about one participant must not be able to tell by the
 * time that it takes how much of one arm's there is to be read.
 */
export class NeutralStreams {
  private readonly kept = new LRUCache<string, Promise<Read>>({ max: MAX_STREAMS });

  constructor(private readonly store: EventStore) {}

  async of(tenant: TenantId, stream: string): Promise<KnownStream> {
    const key = `${tenant}\n${stream}`;
    const before = this.kept.get(key);
    // One after the other: each reads on where the one before came to.
    const reading = this.readOn(tenant, stream, before);
    this.kept.set(key, reading);
    const { ranks, recordedAt } = await reading;
    return { rankOf: (event) => ranks.get(event), recordedAt };
  }

  private async readOn(tenant: TenantId, stream: string, before: Promise<Read> | undefined): Promise<Read> {
    const read = (await before?.catch(() => undefined)) ?? {
      next: 0,
      events: new Map<string, ParticipantEvent>(),
      ranks: new Map<string, number>(),
      recordedAt: undefined,
    };
    for (const recorded of await this.store.readStream(tenant, stream, { from: read.next })) {
      read.next = recorded.revision + 1;
      if (isOfParticipant.has(recorded.type)) {
        const event = participantEvents.decode(recorded) as unknown as ParticipantEvent;
        read.events.set(recorded.id, event);
        if (!isNeutral(event, (id) => read.events.get(id))) continue;
      }
      read.ranks.set(recorded.id, read.ranks.size);
      read.recordedAt = recorded.recordedAt;
    }
    return read;
  }
}
