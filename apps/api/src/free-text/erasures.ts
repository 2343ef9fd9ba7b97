import { erasureStream } from '@cairn/audit';
import type { EventStore } from '@cairn/event-sourcing';
import type { KeyOwner } from '@cairn/platform/keys';
import { LRUCache } from 'lru-cache';

/** What another process appended is seen within this time, in milliseconds. */
const TRUSTED_FOR_MS = 1_000;
const MAX_PARTICIPANTS = 100_000;
/** A stream of an erasure has a few events. */
const TOMBSTONE = 'ParticipantErased';

/** Who was erased, from the log: their keys may not be used, whether they could be destroyed by then or not. */
export class Erasures {
  private readonly known = new LRUCache<string, { readonly erased: boolean; readonly readAt: number }>({
    max: MAX_PARTICIPANTS,
  });

  constructor(
    private readonly store: Pick<EventStore, 'readStream'>,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** Something was appended to the participant's erasure by this process. */
  changed({ tenant, trial, participant }: KeyOwner): void {
    this.known.delete(JSON.stringify([tenant, trial, participant]));
  }

  async isErased({ tenant, trial, participant }: KeyOwner, { fresh = false } = {}): Promise<boolean> {
    const key = JSON.stringify([tenant, trial, participant]);
    const known = this.known.get(key);
    const readAt = this.clock();
    if (known?.erased) return true;
    if (known && !fresh && readAt - known.readAt < TRUSTED_FOR_MS) return false;
    const events = await this.store.readStream(tenant, erasureStream(trial, participant));
    const erased = events.some(({ type }) => type === TOMBSTONE);
    this.known.set(key, { erased, readAt });
    return erased;
  }
}
