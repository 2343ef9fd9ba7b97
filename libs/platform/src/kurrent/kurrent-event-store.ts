import {
  type Append,
  type AppendOutcome,
  checkAppend,
  EventStoreUnavailable,
  followLog,
  InvalidAppend,
  isIdentifier,
  type LogRange,
  type Position,
  type RecordedEvent,
  type StreamRange,
  type SubscriptionOptions,
  type TenantId,
} from '@cairn/event-sourcing';
import type { AppendedListener } from '../log-store.js';
import type { RestoredEvent } from '../postgres/event-restoration.js';
import { KurrentConnection, type KurrentConnectionOptions } from './connection.js';
import { followAll } from './follow-all.js';
import { GrowthSignal } from './growth-signal.js';
import type { AllRange, KurrentLog, WriteOutcome } from './kurrent-log.js';
import { KurrentReader } from './kurrent-reader.js';
import { KurrentWriter, type Put } from './kurrent-writer.js';
import { recordedAppends, sameOrElsewhere } from './recorded-appends.js';

export type KurrentEventStoreOptions = KurrentConnectionOptions;

/** A subscription looks that often without having been called, in milliseconds: a server may be silent without an end. */
const LOOK_EVERY_MS = 2_000;

/** The event store on KurrentDB; what it promises, and how, is in README.md. */
export class KurrentEventStore implements KurrentLog {
  private readonly connection: KurrentConnection;
  private readonly writer: KurrentWriter;
  private readonly reader: KurrentReader;
  private readonly signal: GrowthSignal;
  private readonly closing = new AbortController();

  /** Does not connect yet. @throws InvalidKurrentUrl */
  constructor(options: KurrentEventStoreOptions) {
    this.connection = new KurrentConnection(options);
    this.writer = new KurrentWriter(this.connection);
    this.reader = new KurrentReader(this.connection);
    this.signal = new GrowthSignal(this.connection);
  }

  async append(tenant: TenantId, append: Append): Promise<AppendOutcome> {
    const put = await this.put(tenant, append);
    switch (put.kind) {
      case 'conflict':
        return put;
      case 'repeated':
        return { kind: put.kind, ...(await this.reader.placement(tenant, put)) };
      case 'appended': {
        const place = { stream: put.stream, firstRevision: put.firstRevision };
        const { position } = put.claim;
        const placement = await this.reader.placementAfter(tenant, place, position, append.events.length);
        return { kind: put.kind, ...placement };
      }
    }
  }

  async write(tenant: TenantId, append: Append): Promise<WriteOutcome> {
    const put = await this.put(tenant, append);
    if (put.kind !== 'appended') return put;
    const { kind, stream, firstRevision } = put;
    const lastRevision = firstRevision + append.events.length - 1;
    if (put.position !== undefined) return { kind, stream, firstRevision, lastRevision, position: put.position };
    const { positions } = await this.reader.placement(tenant, put);
    return { kind, stream, firstRevision, lastRevision, position: positions.at(-1)! };
  }

  async writeRecorded(tenant: TenantId, events: readonly RestoredEvent[]): Promise<void> {
    for (const { append, recordedAt, firstRevision } of recordedAppends(events)) {
      const put = await this.put(tenant, append, recordedAt);
      sameOrElsewhere(put, append.stream, firstRevision);
    }
  }

  readStream(tenant: TenantId, stream: string, range: StreamRange = {}): Promise<readonly RecordedEvent[]> {
    return this.reader.stream(tenant, stream, range);
  }

  readLog(tenant: TenantId, range: LogRange): Promise<readonly RecordedEvent[]> {
    return this.reader.log(tenant, range);
  }

  readAll(range: AllRange): Promise<readonly RecordedEvent[]> {
    return this.reader.allLogs(range);
  }

  findEvent(tenant: TenantId, id: string): Promise<RecordedEvent | undefined> {
    return this.reader.event(tenant, id);
  }

  subscribe(tenant: TenantId, options: SubscriptionOptions): AsyncGenerator<readonly RecordedEvent[], void, void> {
    return followLog(this, tenant, options, this.aid());
  }

  followAll(options: SubscriptionOptions): AsyncGenerator<readonly RecordedEvent[], void, void> {
    return followAll(this, options, this.aid());
  }

  onAppended(listener: AppendedListener): () => void {
    return this.signal.listen(listener);
  }

  appendedElsewhere(tenant: TenantId): void {
    this.signal.appended(tenant);
  }

  head(tenant: TenantId): Promise<Position> {
    return this.reader.head(tenant);
  }

  tenants(): Promise<readonly TenantId[]> {
    return this.reader.tenants();
  }

  async ping(): Promise<void> {
    await this.reader.ping();
  }

  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    await this.writer.idle();
    this.signal.close();
    await this.connection.close();
  }

  private async put(tenant: TenantId, append: Append, recordedAt?: readonly number[]): Promise<Put> {
    if (!isIdentifier(tenant)) throw new InvalidAppend('a tenant is an identifier');
    checkAppend(append);
    if (this.closing.signal.aborted) throw new EventStoreUnavailable('the event store is closed');
    const put = await this.writer.put(tenant, append, recordedAt);
    if (put.kind === 'appended') this.signal.appended(tenant);
    return put;
  }

  private aid() {
    return {
      closing: this.closing.signal,
      remind: (call: () => void) => {
        const reminder = setInterval(call, LOOK_EVERY_MS);
        const forget = this.signal.remind(call);
        return () => {
          clearInterval(reminder);
          forget();
        };
      },
    };
  }
}
