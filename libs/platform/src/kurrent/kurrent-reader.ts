import {
  type Instant,
  isIdentifier,
  isPlainText,
  isUuid,
  LOG_START,
  type LogRange,
  type Placement,
  type Position,
  type RecordedEvent,
  type StreamRange,
  type TenantId,
} from '@cairn/event-sourcing';
import type { Place } from './claims.js';
import type { KurrentConnection } from './connection.js';
import type { AllRange } from './kurrent-log.js';
import type { RawEvent } from './raw-event.js';
import { allRead, type AllRead, streamRead } from './read-requests.js';
import { storedEvent, type StoredEvent } from './stored-event.js';
import {
  EVENT_STREAMS,
  eventStream,
  exactly,
  readEventStream,
  streamsOfOthers,
  tenantStreams,
} from './stream-names.js';

/** More than a stream or a page can hold. */
const WITHOUT_END = 2_000_000_000;
/** Events that are looked through at a time for one. */
const SEARCH_PAGE = 1_000;
/** Positions of a stream's events are looked up so many appends at a time. */
const LOOKUPS_AT_ONCE = 32;

/** Reads streams, and `$all` as the log of one tenant or of all. */
export class KurrentReader {
  private readonly known: TenantId[] = [];
  private knownUntil: Position | undefined;

  constructor(private readonly connection: KurrentConnection) {}

  async stream(tenant: TenantId, stream: string, range: StreamRange): Promise<readonly RecordedEvent[]> {
    const { from, limit = WITHOUT_END, direction = 'forwards' } = range;
    if (!isIdentifier(tenant) || !isPlainText(stream) || limit < 1) return [];
    const name = eventStream(tenant, stream);
    const first = from === undefined ? undefined : Math.max(0, Math.trunc(from));
    const most = Math.min(Math.trunc(limit), WITHOUT_END);
    const events = await this.read(streamRead({ stream: name, direction, from: first, limit: most }));
    return this.withPositions(events);
  }

  async log(tenant: TenantId, range: LogRange): Promise<readonly RecordedEvent[]> {
    const { from, limit, direction = 'forwards' } = range;
    if (!isIdentifier(tenant)) return [];
    if (direction === 'forwards') return this.after(tenantStreams(tenant), from ?? LOG_START, limit);
    return this.recorded(await this.all(tenantStreams(tenant), direction, from, limit));
  }

  allLogs({ after, limit }: AllRange): Promise<readonly RecordedEvent[]> {
    return this.after(EVENT_STREAMS, after, limit);
  }

  /** Looks through the tenant's log: KurrentDB finds an event by its place, not by its id. */
  async event(tenant: TenantId, id: string): Promise<RecordedEvent | undefined> {
    if (!isUuid(id)) return undefined;
    for (let after = LOG_START; ;) {
      const page = await this.log(tenant, { from: after, limit: SEARCH_PAGE });
      const found = page.find((event) => event.id === id.toLowerCase());
      if (found || page.length === 0) return found;
      after = page.at(-1)!.position;
    }
  }

  /** Asks what needs the most: not everybody may read `$all`. */
  async ping(): Promise<void> {
    await this.connection.read(allRead({ direction: 'backwards', from: undefined, limit: 1, streams: { regex: '.' } }));
  }

  async head(tenant: TenantId): Promise<Position> {
    if (!isIdentifier(tenant)) return LOG_START;
    const [last] = await this.all(tenantStreams(tenant), 'backwards', undefined, 1);
    return last?.raw.position ?? LOG_START;
  }

  /** Goes through `$all` once, from one tenant's first event to that of the next; later on only through what has come since. */
  async tenants(): Promise<readonly TenantId[]> {
    for (;;) {
      const streams = { regex: streamsOfOthers(this.known) };
      const request = allRead({ direction: 'forwards', from: this.knownUntil, limit: 1, streams });
      const [first] = await this.connection.read(request, 'search');
      const tenant = first && readEventStream(first.stream)?.tenant;
      if (tenant === undefined || this.known.includes(tenant)) return this.known.toSorted();
      this.known.push(tenant);
      this.knownUntil = first!.position;
    }
  }

  /** Where events of a command are that are stored at a place. */
  async placement(tenant: TenantId, place: Place): Promise<Placement> {
    const name = eventStream(tenant, place.stream);
    const one = { stream: name, direction: 'forwards', from: place.firstRevision, limit: 1 } as const;
    const [first] = await this.read(streamRead(one));
    return this.placementOf(first!);
  }

  async placementAfter(tenant: TenantId, place: Place, claimedAt: bigint, count: number): Promise<Placement> {
    const events = await this.appendAfter(eventStream(tenant, place.stream), claimedAt, count);
    return {
      ...place,
      positions: events.map(({ raw }) => raw.position!),
      recordedAt: events[0]!.recordedAt ?? events[0]!.raw.created,
    };
  }

  private async placementOf({ event, claimedAt, count }: StoredEvent): Promise<Placement> {
    const place = { stream: event.stream, firstRevision: event.revision };
    return this.placementAfter(event.tenant, place, claimedAt, count);
  }

  /** The events of the append that came after a claim: in `$all`, they are the next of their stream. */
  private appendAfter(stream: string, claimedAt: bigint, count: number): Promise<readonly StoredEvent[]> {
    const streams = { regex: exactly(stream) };
    return this.read(allRead({ direction: 'forwards', from: claimedAt, limit: count, streams }));
  }

  private async after(prefix: string, after: Position, limit: number): Promise<readonly RecordedEvent[]> {
    for (let from = after; ;) {
      const read: AllRead = { direction: 'forwards', from, limit: limit + 1, streams: { prefix } };
      const raw = (await this.connection.read(allRead(read), 'search')).filter((event) => event.position! > from);
      const events = raw.map(storedEvent).filter((event) => event !== undefined);
      if (events.length > 0 || raw.length === 0) return this.recorded(events.slice(0, limit));
      // Nothing but what somebody else stored under such names.
      from = raw.at(-1)!.position!;
    }
  }

  private async all(
    prefix: string,
    direction: 'forwards' | 'backwards',
    from: Position | undefined,
    limit: number,
  ): Promise<readonly StoredEvent[]> {
    const request = allRead({ direction, from, limit, streams: { prefix } });
    return (await this.connection.read(request, 'search')).map(storedEvent).filter((event) => event !== undefined);
  }

  private async read(request: Parameters<KurrentConnection['read']>[0]): Promise<readonly StoredEvent[]> {
    return (await this.connection.read(request)).map(storedEvent).filter((event) => event !== undefined);
  }

  /** A page of `$all` as it was recorded: all events of an append when its first was created. */
  private async recorded(page: readonly StoredEvent[]): Promise<readonly RecordedEvent[]> {
    const times = new Map<string, Instant>();
    for (const { raw, ordinal, event } of page) if (ordinal === 0) times.set(event.commandId, raw.created);
    // At either end of a page, an append may be cut off from its first event.
    for (const { raw, ordinal, event, recordedAt } of page) {
      if (recordedAt !== undefined || times.has(event.commandId)) continue;
      times.set(event.commandId, (await this.firstOf(raw, ordinal)).created);
    }
    return page.map(({ raw, event, recordedAt }) => ({
      ...event,
      position: raw.position!,
      recordedAt: recordedAt ?? times.get(event.commandId)!,
    }));
  }

  private async firstOf(raw: RawEvent, ordinal: number): Promise<RawEvent> {
    const one = { stream: raw.stream, direction: 'forwards', from: raw.revision - ordinal, limit: 1 } as const;
    const [first] = await this.connection.read(streamRead(one));
    return first!;
  }

  /** Events of a stream, which come without positions: those are looked up in `$all`, append by append. */
  private async withPositions(events: readonly StoredEvent[]): Promise<readonly RecordedEvent[]> {
    const appends = [...new Map(events.map((event) => [event.event.commandId, event])).values()];
    const placements = new Map<string, Placement>();
    for (let index = 0; index < appends.length; index += LOOKUPS_AT_ONCE) {
      const some = appends.slice(index, index + LOOKUPS_AT_ONCE);
      await Promise.all(
        some.map(async (one) => {
          const { event, ordinal } = one;
          const place = { stream: event.stream, firstRevision: event.revision - ordinal };
          placements.set(event.commandId, await this.placementAfter(event.tenant, place, one.claimedAt, one.count));
        }),
      );
    }
    return events.map(({ event, ordinal, recordedAt }) => {
      const placement = placements.get(event.commandId)!;
      return {
        ...event,
        position: placement.positions[ordinal]!,
        recordedAt: recordedAt ?? placement.recordedAt,
      };
    });
  }
}
