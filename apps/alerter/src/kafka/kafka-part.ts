import fs from 'node:fs/promises';
import { EventsOfTypes } from '@cairn/platform';
import {
  type AlertPublisher,
  KafkaAlertPublisher,
  type KafkaCluster,
  KafkaRelayStore,
  nowhere,
} from '@cairn/platform/kafka';
import type { KafkaConfiguration } from '../configuration.js';
import type { Part } from '../part.js';
import type { AlerterTools } from '../tools.js';
import { observeKafka, watchLag } from './kafka-metrics.js';
import { KafkaPublisher } from './kafka-publisher.js';

/** Publishes alerts to Kafka; without a cluster it tells the subscriptions that ask for a topic. */
export function kafkaPart({ configuration, store, database, catalogue, logger, registry, now }: AlerterTools): Part {
  const events = new EventsOfTypes(database);
  const relays = new KafkaRelayStore(database);
  const observer = observeKafka(registry, logger);
  watchLag(registry, { store, events, relays, now });
  const { kafka, topicPrefix } = configuration;
  let publishing: KafkaPublisher | undefined;
  return {
    name: 'kafka',
    async start() {
      const publisher: AlertPublisher = kafka ? new KafkaAlertPublisher(await clusterOf(kafka), logger) : nowhere;
      publishing = new KafkaPublisher({ store, events, relays, publisher, catalogue, topicPrefix, observer });
      await publishing.start();
    },
    async stop() {
      await publishing?.stop();
    },
  };
}

/** With what the files hold. @throws Error of the file system for one that cannot be read */
async function clusterOf({ brokers, clientId, tls, sasl }: KafkaConfiguration): Promise<KafkaCluster> {
  const textOf = (file: string | undefined) => (file === undefined ? undefined : fs.readFile(file, 'utf8'));
  return {
    brokers,
    clientId,
    ...(tls && { tls: { ca: await textOf(tls.ca), cert: await textOf(tls.cert), key: await textOf(tls.key) } }),
    ...(sasl && { sasl }),
  };
}
