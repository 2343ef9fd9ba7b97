import {
  type Append,
  type AppendOutcome,
  EventStoreUnavailable,
  Fenced,
  InvalidAppend,
  type TenantId,
} from '@cairn/event-sourcing';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StoreTracing } from '../tracing/store-tracing.js';

/** Why a call of the event store failed. */
type Fault = 'unavailable' | 'fenced' | 'invalid' | 'failed';

const faultOf = (error: unknown): Fault => {
  if (error instanceof EventStoreUnavailable) return 'unavailable';
  if (error instanceof Fenced) return 'fenced';
  return error instanceof InvalidAppend ? 'invalid' : 'failed';
};

/** What operators see of the event store of a service. */
export class StoreMetrics {
  private readonly seconds: Histogram<'outcome'>;
  private readonly batch: Histogram;
  private readonly waiting: Gauge;
  private readonly faults: Counter<'call' | 'fault'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.seconds = new Histogram({
      name: 'cairn_append_seconds',
      help: 'From an append to its answer.',
      labelNames: ['outcome'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    });
    this.batch = new Histogram({
      name: 'cairn_append_batch_appends',
      help: 'Appends that one call to the store took along.',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
      registers,
    });
    this.waiting = new Gauge({
      name: 'cairn_appends_waiting',
      help: 'Appends without an answer yet, those under way among them.',
      registers,
    });
    this.faults = new Counter({
      name: 'cairn_store_faults_total',
      help: 'Calls of the event store that failed.',
      labelNames: ['call', 'fault'],
      registers,
    });
  }

  /** Told of each batch as well. */
  tracing: Pick<StoreTracing, 'batch'> | undefined;

  /** To be given to the store. */
  readonly onBatch = (appends: readonly Append[], tenant: TenantId): (() => void) | undefined => {
    this.batch.observe(appends.length);
    return this.tracing?.batch(appends, tenant);
  };

  async append(call: () => Promise<AppendOutcome>): Promise<AppendOutcome> {
    const done = this.seconds.startTimer();
    this.waiting.inc();
    try {
      const outcome = await call();
      done({ outcome: outcome.kind });
      return outcome;
    } catch (error) {
      done({ outcome: this.fault('append', error) });
      throw error;
    } finally {
      this.waiting.dec();
    }
  }

  async read<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      this.fault('read', error);
      throw error;
    }
  }

  private fault(call: 'append' | 'read', error: unknown): Fault {
    const fault = faultOf(error);
    this.faults.inc({ call, fault });
    return fault;
  }
}
