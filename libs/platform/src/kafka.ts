export * from './fan-out/fan-out-settings.js';
export { KafkaFanOut, type KafkaFanOutOptions } from './fan-out/kafka-fan-out.js';
export * from './kafka/alert-publisher.js';
export * from './kafka/kafka-alert-publisher.js';
export { kafkaClient, type KafkaCluster } from './kafka/kafka-client.js';
export * from './kafka/kafka-relay-store.js';
export * from './kafka/kafka-settings.js';
export * from './kafka/tenant-topics.js';
