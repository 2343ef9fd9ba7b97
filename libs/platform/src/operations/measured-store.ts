import type {
  Append,
  AppendOutcome,
  LogRange,
  Position,
  RecordedEvent,
  StreamRange,
  SubscriptionOptions,
  TenantId,
} from '@cairn/event-sourcing';
import type { AppendedListener, LogStore } from '../log-store.js';
import { StoreTracing } from '../tracing/store-tracing.js';
import type { Tracing } from '../tracing/tracing.js';
import type { StoreMetrics } from './store-metrics.js';

/** An event store, whichever it is, whose calls are counted and timed, and traced where there is a collector. */
export class MeasuredStore implements LogStore {
  readonly tracing: StoreTracing | undefined;

  constructor(
    private readonly store: LogStore,
    private readonly metrics: StoreMetrics,
    tracing?: Tracing,
  ) {
    this.tracing = tracing && new StoreTracing(tracing, (tenant, id) => store.findEvent(tenant, id));
    metrics.tracing = this.tracing;
  }

  append(tenant: TenantId, append: Append): Promise<AppendOutcome> {
    const call = (): Promise<AppendOutcome> => this.metrics.append(() => this.store.append(tenant, append));
    return this.tracing ? this.tracing.append(tenant, append, call) : call();
  }

  readStream(tenant: TenantId, stream: string, range?: StreamRange): Promise<readonly RecordedEvent[]> {
    return this.metrics.read(() => this.store.readStream(tenant, stream, range));
  }

  readLog(tenant: TenantId, range: LogRange): Promise<readonly RecordedEvent[]> {
    return this.metrics.read(() => this.store.readLog(tenant, range));
  }

  findEvent(tenant: TenantId, id: string): Promise<RecordedEvent | undefined> {
    return this.metrics.read(() => this.store.findEvent(tenant, id));
  }

  subscribe(tenant: TenantId, options: SubscriptionOptions): AsyncIterable<readonly RecordedEvent[]> {
    return this.store.subscribe(tenant, options);
  }

  head(tenant: TenantId): Promise<Position> {
    return this.metrics.read(() => this.store.head(tenant));
  }

  tenants(): Promise<readonly TenantId[]> {
    return this.metrics.read(() => this.store.tenants());
  }

  onAppended(listener: AppendedListener): () => void {
    return this.store.onAppended(listener);
  }

  appendedElsewhere(tenant: TenantId): void {
    this.store.appendedElsewhere(tenant);
  }

  ping(): Promise<void> {
    return this.store.ping();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
