import type { Append, Position, RecordedEvent, SubscriptionOptions, TenantId } from '@cairn/event-sourcing';
import type { LogStore } from '../log-store.js';
import type { RestoredEvent } from '../postgres/event-restoration.js';

/**
 * What became of an append, without the positions of its events, which KurrentDB tells only by another read.
 *
 * - `appended`: `position` is that of the last event.
 * - `repeated`: the events are in the log already, from `firstRevision` of `stream` on; their ids derive from the command.
 * - `conflict`: the stream's last revision (undefined: no such stream) is not the expected one; nothing was stored.
 */
export type WriteOutcome =
  | {
      readonly kind: 'appended';
      readonly stream: string;
      readonly firstRevision: number;
      readonly lastRevision: number;
      readonly position: Position;
    }
  | { readonly kind: 'repeated'; readonly stream: string; readonly firstRevision: number }
  | { readonly kind: 'conflict'; readonly actual: number | undefined };

/** A page of the logs of all tenants. */
export interface AllRange {
  /** Exclusive; `LOG_START` for the first page. */
  readonly after: Position;
  /** At most so many events, 1 to 10,000. */
  readonly limit: number;
}

/**
 * The logs of all tenants as the one log that KurrentDB keeps. Positions rise across tenants, with gaps. The position of a
 * page is that of its last event, never further: whoever goes on from it misses nothing.
 */
export interface KurrentLog extends LogStore {
  /** As `append`, one round trip cheaper. @throws what `append` throws */
  write(tenant: TenantId, append: Append): Promise<WriteOutcome>;

  /**
   * Stores events as they were recorded in another log, in its order: same ids, revisions and times of record. Events that
   * are there already are passed by, so an interrupted copy may begin again anywhere before the place where it was cut. The
   * events of one command must come in one call.
   *
   * @throws RecordedElsewhere when a stream holds something else at a revision
   * @throws EventStoreUnavailable when it is not known how far it got
   */
  writeRecorded(tenant: TenantId, events: readonly RestoredEvent[]): Promise<void>;

  /** A page of the events of all tenants, in the order of `$all`; empty at the end. */
  readAll(range: AllRange): Promise<readonly RecordedEvent[]>;

  /** Such pages as the logs grow, for ever, across a server that is away for a while. */
  followAll(options: SubscriptionOptions): AsyncGenerator<readonly RecordedEvent[], void, void>;
}

/** A stream holds something else where an event of another log was to go: it is not a copy of that log. */
export class RecordedElsewhere extends Error {
  override readonly name = 'RecordedElsewhere';
  constructor(stream: string, revision: number) {
    super(`stream ${stream} holds another event at revision ${revision}`);
  }
}
