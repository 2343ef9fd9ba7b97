import {
  type Append,
  EventStoreUnavailable,
  type ExpectedRevision,
  type Instant,
  isAsExpected,
  type Position,
  type TenantId,
} from '@cairn/event-sourcing';
import { LRUCache } from 'lru-cache';
import { type Claim, Claims, type Place } from './claims.js';
import type { KurrentConnection } from './connection.js';
import { InTurn } from './in-turn.js';
import { streamRead } from './read-requests.js';
import { proposedEvents } from './stored-event.js';
import { eventStream } from './stream-names.js';

/** Appends under way at once; the others wait their turn. */
const AT_ONCE = 64;
/** Streams whose ends are remembered. */
const ENDS_KEPT = 20_000;

/** What became of an append, as far as its own answers tell. */
export type Put =
  | ({ readonly kind: 'appended'; readonly claim: Claim; readonly position: Position | undefined } & Place)
  | ({ readonly kind: 'repeated' } & Place)
  | { readonly kind: 'conflict'; readonly actual: number | undefined };

/**
 * Appends: look where the stream ends, claim the place after it for the command, store the events there and nowhere else.
 *
 * The place decides everything. Events are stored under an explicit revision and with ids that derive from the command, so
 * to store them again, by whomever, changes nothing; and once something else is at the place, nobody can store them there.
 */
export class KurrentWriter {
  private readonly claims: Claims;
  private readonly turns = new InTurn(AT_ONCE);
  private readonly ends = new LRUCache<string, number>({ max: ENDS_KEPT });

  constructor(private readonly connection: KurrentConnection) {
    this.claims = new Claims(connection);
  }

  put(tenant: TenantId, append: Append, recordedAt?: readonly Instant[]): Promise<Put> {
    return this.turns.run(eventStream(tenant, append.stream), () => this.putInTurn(tenant, append, recordedAt));
  }

  /** When nothing is under way any more. */
  idle(): Promise<void> {
    return this.turns.idle();
  }

  private async putInTurn(tenant: TenantId, append: Append, recordedAt: readonly Instant[] = []): Promise<Put> {
    const { stream, commandId, expected } = append;
    const name = eventStream(tenant, stream);
    let lastClaim: number | undefined;
    for (let supposed = this.supposedEnd(name, expected); ; supposed = undefined) {
      const { end } = supposed ?? (await this.readEnd(name));
      if (!isAsExpected(expected, end)) {
        const state = await this.claims.state(tenant, commandId);
        if (state.kind === 'stored') return repeated(state);
        if (state.kind === 'open') throw outcomeUnknown(commandId);
        return { kind: 'conflict', actual: end };
      }
      const place: Place = { stream, firstRevision: end === undefined ? 0 : end + 1 };
      const claim = await this.claims.claim(tenant, commandId, place, lastClaim);
      if (!claim) {
        const state = await this.claims.state(tenant, commandId);
        if (state.kind === 'stored') return repeated(state);
        if (state.kind === 'none') throw outcomeUnknown(commandId);
        // An open claim on the same place is taken over: its events are these. One on another may yet be kept.
        if (state.kind === 'open' && !isSame(state, place)) throw outcomeUnknown(commandId);
        lastClaim = state.claim;
        continue;
      }
      lastClaim = claim.revision;
      const events = proposedEvents(append, claim.position, recordedAt);
      const written = await this.connection.append(name, end, events);
      if (written.kind === 'written') {
        this.ends.set(name, place.firstRevision + append.events.length - 1);
        return { kind: 'appended', ...place, claim, position: written.position };
      }
      this.ends.delete(name);
      // Somebody was there first: with other events, or with these.
      if (await this.claims.isAt(tenant, commandId, place)) return repeated(place);
    }
  }

  /**
   * Where a stream may end, as far as this process knows: it can only have grown since. That costs an attempt where it has,
   * never a wrong answer; a place beyond the end would be another thing, as nobody could ever say what will be there.
   */
  private supposedEnd(name: string, expected: ExpectedRevision): End | undefined {
    const end = this.ends.get(name);
    if (end === undefined) return expected === 'none' ? { end } : undefined;
    return isAsExpected(expected, end) ? { end } : undefined;
  }

  private async readEnd(name: string): Promise<End> {
    const last = { stream: name, direction: 'backwards', from: undefined, limit: 1 } as const;
    const [event] = await this.connection.read(streamRead(last));
    if (event) this.ends.set(name, event.revision);
    return { end: event?.revision };
  }
}

/** A stream's last revision; undefined: there is no such stream. */
interface End {
  readonly end: number | undefined;
}

const repeated = ({ stream, firstRevision }: Place): Put => ({ kind: 'repeated', stream, firstRevision });

const isSame = (one: Place, other: Place): boolean =>
  one.stream === other.stream && one.firstRevision === other.firstRevision;

const outcomeUnknown = (commandId: string): EventStoreUnavailable =>
  new EventStoreUnavailable(`whether command ${commandId} was stored is not known yet: it was begun elsewhere`);
