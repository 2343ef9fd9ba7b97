import type { EventStore, TenantId } from '@cairn/event-sourcing';
import type { EventsOfTypes } from '@cairn/platform';
import { type KafkaRelayStore, type PublishFault } from '@cairn/platform/kafka';
import { streamName } from '@cairn/event-sourcing';
import { alertedTypes } from '@cairn/signals';
import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { KafkaObserver } from './kafka-publisher.js';

/** Counts what operators want to see, and says in the log when something begins and ends to fail. */
export function observeKafka(registry: Registry, logger: Logger): KafkaObserver {
  const registers = [registry];
  const published = new Counter({
    name: 'cairn_kafka_published_total',
    help: 'Alerts that a cluster acknowledged.',
    registers,
  });
  const failures = new Counter({
    name: 'cairn_kafka_failures_total',
    help: 'Attempts that failed and are tried again after a pause.',
    labelNames: ['code'],
    registers,
  });
  const told = new Map<string, PublishFault | 'DATABASE'>();
  return {
    published: (count) => published.inc(count),
    failed: (tenant, subscription, code, error) => {
      failures.inc({ code });
      const key = JSON.stringify([tenant, subscription]);
      if (told.get(key) === code) return;
      told.set(key, code);
      // Only what the cluster or the database said: the error of a client may hold how it was called.
      const why =
        error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
      logger.warn({ tenant, subscription, code, why }, 'alerts do not get to their topic; it is tried again');
    },
    recovered: (tenant, subscription) => {
      told.delete(JSON.stringify([tenant, subscription]));
      logger.info({ tenant, subscription }, 'alerts get to their topic again');
    },
  };
}

/** Adds what is looked up at each scrape: how far each subscription is behind. */
export function watchLag(
  registry: Registry,
  tools: {
    readonly store: Pick<EventStore, 'tenants'>;
    readonly events: Pick<EventsOfTypes, 'read'>;
    readonly relays: KafkaRelayStore;
    readonly now: () => number;
  },
): void {
  const labelNames = ['tenant', 'trial', 'subscription'] as const;
  const failing = new Gauge({
    name: 'cairn_kafka_failing',
    help: '1 when nothing of the subscription gets through.',
    labelNames,
    registers: [registry],
  });
  const lag = new Gauge({
    name: 'cairn_kafka_lag_seconds',
    help: 'Age of the oldest signal event of the trial that the subscription is not past; 0 at the end.',
    labelNames,
    registers: [registry],
    async collect() {
      lag.reset();
      failing.reset();
      for (const tenant of await tools.store.tenants()) await collectOf(tenant);
    },
  });
  const collectOf = async (tenant: TenantId): Promise<void> => {
    for (const { trial, subscription, position, failure } of await tools.relays.relays(tenant)) {
      const range = { after: position, limit: 1, streamsUnder: streamName(trial, 'signal') };
      const [oldest] = await tools.events.read(tenant, alertedTypes, range);
      const labels = { tenant, trial, subscription };
      lag.set(labels, oldest ? Math.max(0, (tools.now() - oldest.recordedAt) / 1_000) : 0);
      failing.set(labels, failure ? 1 : 0);
    }
  };
}
