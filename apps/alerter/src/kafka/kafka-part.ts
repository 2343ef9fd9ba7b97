import { EventsOfTypes } from '@cairn/platform';
import {
  type AlertPublisher,
  KafkaAlertPublisher,
  kafkaCluster,
  KafkaRelayStore,
  nowhere,
} from '@cairn/platform/kafka';
import type { Part } from '../part.js';
import type { AlerterTools } from '../tools.js';
import { observeKafka } from './kafka-metrics.js';
import { KafkaPublisher } from './kafka-publisher.js';

/** Publishes alerts to Kafka; without a cluster it tells the subscriptions that ask for a topic. */
export function kafkaPart({
  configuration,
  store,
  traced,
  leases,
  database,
  catalogue,
  logger,
  registry,
}: AlerterTools): Part {
  const events = new EventsOfTypes(database);
  const relays = new KafkaRelayStore(database);
  const observer = observeKafka(registry, logger);
  const { kafka, topicPrefix } = configuration;
  let publishing: KafkaPublisher | undefined;
  return {
    name: 'kafka',
    async start() {
      const publisher: AlertPublisher = kafka ? new KafkaAlertPublisher(await kafkaCluster(kafka), logger) : nowhere;
      publishing = new KafkaPublisher({
        store,
        traced,
        leases,
        events,
        relays,
        publisher,
        catalogue,
        topicPrefix,
        observer,
      });
      await publishing.start();
    },
    async stop() {
      await publishing?.stop();
    },
  };
}
