import type { Append, AppendOutcome, Fence } from '@cairn/event-sourcing';

/** Appends of one call at the most. */
const BATCH_MAX_APPENDS = 512;
/** UTF-16 code units of text in one call at the most, unless a single append has more. */
const BATCH_MAX_LENGTH = 4_000_000;
/** About what an event has beside its payload: many small ones are a large call too. */
const ENVELOPE_LENGTH = 250;

interface Waiting {
  readonly append: Append;
  readonly length: number;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
  next: Waiting | undefined;
}

/** Appends that wait for one stream, in the order in which they came. */
interface Lane {
  first: Waiting;
  last: Waiting;
}

/** Stores a batch: one outcome per append, or the error that one of them alone is to blame for. */
export type StoreBatch = (appends: readonly Append[]) => Promise<readonly (AppendOutcome | Error)[]>;

/**
 * Group commit for one tenant: one call at a time, and what comes meanwhile is the next one. There is no timer, so a
 * lone append does not wait and a crowd shares a call.
 *
 * A batch holds at most one append of a stream, and of a command id: later ones see the effect of the earlier. All of it is
 * under the same fence, or under none, so that a stale one refuses what carries it and nothing else.
 */
export class AppendQueue {
  private readonly lanes = new Map<string, Lane>();
  /** Streams with something to send, by turn; each once. */
  private ready: string[] = [];
  private running = false;

  /** @param emptied called when nothing waits and nothing is under way any more */
  constructor(
    private readonly store: StoreBatch,
    private readonly emptied: () => void,
  ) {}

  add(append: Append): Promise<AppendOutcome> {
    return new Promise((resolve, reject) => {
      const length = append.events.reduce((sum, event) => sum + event.payload.length + ENVELOPE_LENGTH, 0);
      const waiting: Waiting = { append, length, resolve, reject, next: undefined };
      const lane = this.lanes.get(append.stream);
      if (lane) {
        lane.last = lane.last.next = waiting;
      } else {
        this.lanes.set(append.stream, { first: waiting, last: waiting });
        this.ready.push(append.stream);
      }
      if (!this.running) {
        this.running = true;
        // What the same turn of the event loop adds is sent along.
        queueMicrotask(() => void this.run());
      }
    });
  }

  private async run(): Promise<void> {
    while (this.ready.length > 0) {
      const batch = this.takeBatch();
      try {
        const outcomes = await this.store(batch.map((waiting) => waiting.append));
        batch.forEach((waiting, index) => {
          const outcome = outcomes[index]!;
          if (outcome instanceof Error) waiting.reject(outcome);
          else waiting.resolve(outcome);
        });
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    this.running = false;
    this.emptied();
  }

  private takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const commandIds = new Set<string>();
    const held: string[] = [];
    const more: string[] = [];
    let length = 0;
    let taken = 0;
    // Holding back is bounded too, or many streams under one command id would be looked through again and again.
    for (; taken < this.ready.length && batch.length < BATCH_MAX_APPENDS && held.length < BATCH_MAX_APPENDS; taken++) {
      const stream = this.ready[taken]!;
      const lane = this.lanes.get(stream)!;
      const waiting = lane.first;
      if (batch.length > 0 && length + waiting.length > BATCH_MAX_LENGTH) break;
      const commandId = waiting.append.commandId.toLowerCase();
      if (commandIds.has(commandId) || !isSameFence(waiting.append.fence, batch[0]?.append.fence, batch.length)) {
        held.push(stream);
        continue;
      }
      commandIds.add(commandId);
      length += waiting.length;
      batch.push(waiting);
      if (waiting.next) {
        lane.first = waiting.next;
        more.push(stream);
      } else {
        this.lanes.delete(stream);
      }
    }
    this.ready = [...held, ...this.ready.slice(taken), ...more];
    return batch;
  }
}

const isSameFence = (one: Fence | undefined, first: Fence | undefined, taken: number): boolean =>
  taken === 0 || one === first || (one?.service === first?.service && one?.token === first?.token);
