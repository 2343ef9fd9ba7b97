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
import type { StoreMetrics } from './store-metrics.js';

/** An event store, whichever it is, whose calls are counted and timed. */
export class MeasuredStore implements LogStore {
  constructor(
    private readonly store: LogStore,
    private readonly metrics: StoreMetrics,
  ) {}

  append(tenant: TenantId, append: Append): Promise<AppendOutcome> {
    return this.metrics.append(() => this.store.append(tenant, append));
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
