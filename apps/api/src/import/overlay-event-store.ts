import {
  type Append,
  type AppendOutcome,
  checkAppend,
  type EventStore,
  eventId,
  type Instant,
  isAsExpected,
  type LogRange,
  type Placement,
  type Position,
  type RecordedEvent,
  recordedEvents,
  type StreamRange,
  type TenantId,
} from '@cairn/event-sourcing';

/** An append as the overlay keeps it; events are made of it when it is read, for a million of them must fit. */
interface KeptAppend {
  readonly append: Append;
  readonly recordedAt: Instant;
  readonly firstRevision: number;
  readonly firstPosition: Position;
}

interface KeptStream {
  readonly appends: KeptAppend[];
  revision: number | undefined;
}

/** A million contacts keep about half of it. */
export const OVERLAY_MAX_BYTES = 1_000_000_000;
/** Heap beside the payload: ids, the fingerprint, the objects that hold them. */
const BYTES_PER_APPEND = 600;

/**
 * One tenant's log as it is now, with appends on top that only this object ever sees: what a dry run writes to. Reads see the
 * log below as it was when the overlay was made, whatever is appended there meanwhile.
 */
export class OverlayEventStore implements EventStore {
  private readonly appends: KeptAppend[] = [];
  private readonly streams = new Map<string, KeptStream>();
  private readonly ids = new Map<string, KeptAppend>();
  /** Last revisions below, as far as whole streams were read. */
  private readonly revisionsBelow = new Map<string, number | undefined>();
  private top: Position;
  private bytes = 0;

  private constructor(
    private readonly below: EventStore,
    private readonly tenant: TenantId,
    private readonly belowHead: Position,
    private readonly clock: () => Instant,
    private readonly maxBytes: number,
  ) {
    this.top = belowHead;
  }

  static async over(
    below: EventStore,
    tenant: TenantId,
    clock: () => Instant,
    maxBytes = OVERLAY_MAX_BYTES,
  ): Promise<OverlayEventStore> {
    return new OverlayEventStore(below, tenant, await below.head(tenant), clock, maxBytes);
  }

  /** @throws OverlayFull when a dry run has become too large to be kept */
  async append(tenant: TenantId, append: Append): Promise<AppendOutcome> {
    this.check(tenant);
    checkAppend(append);
    const commandId = append.commandId.toLowerCase();
    const firstId = eventId(commandId, 0);
    const first = this.ids.has(firstId) ? undefined : await this.findBelow(firstId);
    if (first) {
      const events = (await this.readBelow(first.stream, { from: first.revision })).filter(
        (event) => event.commandId === commandId,
      );
      return {
        kind: 'repeated',
        stream: first.stream,
        firstRevision: first.revision,
        positions: events.map((event) => event.position),
        recordedAt: first.recordedAt,
      };
    }
    if (!this.revisionsBelow.has(append.stream)) await this.readBelow(append.stream);
    // From here on nothing waits, so that appends given at once are taken one after another.
    const kept = this.ids.get(firstId);
    if (kept) return { kind: 'repeated', ...placementOf(kept) };
    const stream = this.stream(append.stream);
    if (!isAsExpected(append.expected, stream.revision)) return { kind: 'conflict', actual: stream.revision };
    this.bytes += BYTES_PER_APPEND + append.events.reduce((sum, event) => sum + event.payload.length, 0);
    if (this.bytes > this.maxBytes) throw new OverlayFull();
    const added: KeptAppend = {
      append: { ...append, commandId },
      recordedAt: Math.max(this.clock(), this.appends.at(-1)?.recordedAt ?? 0),
      firstRevision: (stream.revision ?? -1) + 1,
      firstPosition: this.top + 1n,
    };
    stream.revision = added.firstRevision + append.events.length - 1;
    stream.appends.push(added);
    this.streams.set(append.stream, stream);
    append.events.forEach((_event, ordinal) => this.ids.set(eventId(commandId, ordinal), added));
    this.appends.push(added);
    this.top += BigInt(append.events.length);
    return { kind: 'appended', ...placementOf(added) };
  }

  async readStream(tenant: TenantId, stream: string, range: StreamRange = {}): Promise<readonly RecordedEvent[]> {
    this.check(tenant);
    const above = (this.streams.get(stream)?.appends ?? []).flatMap((kept) => this.eventsOf(kept));
    const { from, limit = Infinity } = range;
    if (range.direction === 'backwards') {
      const newest = above.filter((event) => from === undefined || event.revision <= from).reverse();
      if (newest.length >= limit) return newest.slice(0, limit);
      const { limit: _given, ...rest } = range;
      return [...newest, ...(await this.readBelow(stream, rest))].slice(0, limit);
    }
    const oldest = await this.readBelow(stream, range);
    return [...oldest, ...above.filter((event) => event.revision >= (from ?? 0))].slice(0, limit);
  }

  async readLog(tenant: TenantId, range: LogRange): Promise<readonly RecordedEvent[]> {
    this.check(tenant);
    if (range.direction === 'backwards') {
      const before = range.from ?? this.top + 1n;
      const newest = this.eventsBetween(this.belowHead, before).reverse().slice(0, range.limit);
      const limit = range.limit - newest.length;
      if (limit === 0) return newest;
      const from = before > this.belowHead ? this.belowHead + 1n : before;
      return [...newest, ...(await this.below.readLog(tenant, { from, limit, direction: 'backwards' }))];
    }
    const after = range.from ?? 0n;
    const oldest =
      after < this.belowHead
        ? (await this.below.readLog(tenant, range)).filter((event) => event.position <= this.belowHead)
        : [];
    const limit = range.limit - oldest.length;
    if (limit === 0) return oldest;
    const floor = after > this.belowHead ? after : this.belowHead;
    return [...oldest, ...this.eventsBetween(floor, this.top + 1n).slice(0, limit)];
  }

  async findEvent(tenant: TenantId, id: string): Promise<RecordedEvent | undefined> {
    this.check(tenant);
    const wanted = id.toLowerCase();
    const kept = this.ids.get(wanted);
    return kept ? this.eventsOf(kept).find((event) => event.id === wanted) : this.findBelow(wanted);
  }

  // eslint-disable-next-line require-yield -- a dry run has an end; nobody can wait for more of it
  async *subscribe(): AsyncGenerator<readonly RecordedEvent[]> {
    throw new Error('an overlay cannot be subscribed to');
  }

  async head(tenant: TenantId): Promise<Position> {
    this.check(tenant);
    return this.top;
  }

  async tenants(): Promise<readonly TenantId[]> {
    return this.top === 0n ? [] : [this.tenant];
  }

  private check(tenant: TenantId): void {
    if (tenant !== this.tenant) throw new Error('an overlay is of one tenant');
  }

  private stream(name: string): KeptStream {
    return this.streams.get(name) ?? { appends: [], revision: this.revisionsBelow.get(name) };
  }

  private async readBelow(stream: string, range: StreamRange = {}): Promise<readonly RecordedEvent[]> {
    const events = (await this.below.readStream(this.tenant, stream, range)).filter(
      (event) => event.position <= this.belowHead,
    );
    if (range.from === undefined && range.limit === undefined && range.direction !== 'backwards') {
      this.revisionsBelow.set(stream, events.at(-1)?.revision);
    }
    return events;
  }

  private async findBelow(id: string): Promise<RecordedEvent | undefined> {
    const event = await this.below.findEvent(this.tenant, id);
    return event && event.position <= this.belowHead ? event : undefined;
  }

  /** Both ends exclusive. */
  private eventsBetween(after: Position, before: Position): RecordedEvent[] {
    return this.appends
      .filter((kept) => kept.firstPosition < before && kept.firstPosition + BigInt(kept.append.events.length) > after)
      .flatMap((kept) => this.eventsOf(kept))
      .filter((event) => event.position > after && event.position < before);
  }

  private eventsOf(kept: KeptAppend): readonly RecordedEvent[] {
    return recordedEvents(this.tenant, kept.append, placementOf(kept));
  }
}

/** The dry run is too large to be kept in memory; nothing of it was written. */
export class OverlayFull extends Error {
  override readonly name = 'OverlayFull';
  constructor() {
    super('the dry run has become too large; try parts of the bundle');
  }
}

const placementOf = (kept: KeptAppend): Placement => ({
  stream: kept.append.stream,
  firstRevision: kept.firstRevision,
  positions: kept.append.events.map((_event, ordinal) => kept.firstPosition + BigInt(ordinal)),
  recordedAt: kept.recordedAt,
});
