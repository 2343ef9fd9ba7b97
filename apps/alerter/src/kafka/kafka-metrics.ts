import type { PublishFault } from '@cairn/platform/kafka';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
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
