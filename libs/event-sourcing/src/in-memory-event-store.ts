import { LOG_START, type Position, type RecordedEvent, type TenantId } from './event.js';
import { eventId } from './event-id.js';
import {
  type Append,
  type AppendOutcome,
  checkAppend,
  type EventStore,
  InvalidAppend,
  type LogRange,
  type Placement,
  type StreamRange,
  type SubscriptionOptions,
} from './event-store.js';
import { followLog } from './follow-log.js';
import { isIdentifier } from './identifier.js';
import { isAsExpected, recordedEvents } from './recorded-events.js';
import type { Instant } from './time.js';

interface Log {
  readonly events: RecordedEvent[];
  readonly streams: Map<string, RecordedEvent[]>;
  readonly ids: Map<string, RecordedEvent>;
}

/** The event store of specs: everything is gone with the process. */
export class InMemoryEventStore implements EventStore {
  private readonly logs = new Map<TenantId, Log>();
  private readonly listeners = new Set<(tenant: TenantId) => void>();

  constructor(private readonly clock: () => Instant) {}

  async append(tenant: TenantId, append: Append): Promise<AppendOutcome> {
    if (!isIdentifier(tenant)) throw new InvalidAppend('a tenant is an identifier');
    checkAppend(append);
    const log = this.log(tenant);
    const first = log.ids.get(eventId(append.commandId, 0));
    if (first) return { kind: 'repeated', ...placementOf(commandEvents(log, first)) };
    const stream = log.streams.get(append.stream) ?? [];
    const actual = stream.at(-1)?.revision;
    if (!isAsExpected(append.expected, actual)) return { kind: 'conflict', actual };
    const placement: Placement = {
      stream: append.stream,
      firstRevision: stream.length,
      positions: append.events.map((_event, ordinal) => BigInt(log.events.length + ordinal + 1)),
      recordedAt: Math.max(this.clock(), log.events.at(-1)?.recordedAt ?? 0),
    };
    const events = recordedEvents(tenant, append, placement);
    stream.push(...events);
    log.streams.set(append.stream, stream);
    log.events.push(...events);
    for (const event of events) log.ids.set(event.id, event);
    for (const listener of this.listeners) listener(tenant);
    return { kind: 'appended', ...placement };
  }

  async readStream(tenant: TenantId, stream: string, range: StreamRange = {}): Promise<readonly RecordedEvent[]> {
    const events = this.logs.get(tenant)?.streams.get(stream) ?? [];
    const { from, limit = Infinity } = range;
    if (range.direction === 'backwards') {
      return events
        .slice(0, from === undefined ? undefined : from + 1)
        .reverse()
        .slice(0, limit);
    }
    return events.slice(from ?? 0).slice(0, limit);
  }

  async readLog(tenant: TenantId, range: LogRange): Promise<readonly RecordedEvent[]> {
    const events = this.logs.get(tenant)?.events ?? [];
    if (range.direction === 'backwards') {
      const before = range.from === undefined ? events.length : Math.max(0, Number(range.from) - 1);
      return events.slice(0, before).reverse().slice(0, range.limit);
    }
    const after = Number(range.from ?? LOG_START);
    return events.slice(after, after + range.limit);
  }

  async findEvent(tenant: TenantId, id: string): Promise<RecordedEvent | undefined> {
    return this.logs.get(tenant)?.ids.get(id.toLowerCase());
  }

  subscribe(tenant: TenantId, options: SubscriptionOptions): AsyncGenerator<readonly RecordedEvent[]> {
    return followLog(this, tenant, options);
  }

  /** Calls after every append. @returns what ends it */
  onAppended(listener: (tenant: TenantId) => void): () => void {
    const own = (tenant: TenantId): void => listener(tenant);
    this.listeners.add(own);
    return () => this.listeners.delete(own);
  }

  async head(tenant: TenantId): Promise<Position> {
    return this.logs.get(tenant)?.events.at(-1)?.position ?? LOG_START;
  }

  async tenants(): Promise<readonly TenantId[]> {
    return [...this.logs]
      .filter(([, log]) => log.events.length > 0)
      .map(([tenant]) => tenant)
      .sort();
  }

  private log(tenant: TenantId): Log {
    const log = this.logs.get(tenant) ?? { events: [], streams: new Map(), ids: new Map() };
    this.logs.set(tenant, log);
    return log;
  }
}

const commandEvents = (log: Log, first: RecordedEvent): RecordedEvent[] =>
  log.streams
    .get(first.stream)!
    .slice(first.revision)
    .filter((event) => event.commandId === first.commandId);

const placementOf = (events: readonly RecordedEvent[]): Placement => ({
  stream: events[0]!.stream,
  firstRevision: events[0]!.revision,
  positions: events.map((event) => event.position),
  recordedAt: events[0]!.recordedAt,
});
