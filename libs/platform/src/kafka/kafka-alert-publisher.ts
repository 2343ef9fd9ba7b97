import { setTimeout as pause } from 'node:timers/promises';
import { Partitioners, type Producer } from 'kafkajs';
import type { Logger } from 'pino';
import { type AlertPublisher, PublishFailed, type TopicMessage } from './alert-publisher.js';
import { ANSWER_WITHIN, type KafkaCluster, kafkaClient } from './kafka-client.js';
import { faultOf } from './publish-fault.js';

/** How long one call may take with everything that the client tries again, in milliseconds. */
const PUBLISH_WITHIN = 40_000;
/** -1: every replica that is in step has it, as far as the topic asks for. */
const ALL = -1;

/**
 * Publishes to a Kafka cluster by kafkajs. Each topic has a producer with connections of its own: one whose topic is
 * missing, or that waits, keeps no other from anything. After a failure a producer is not used again, because what the
 * client then knows of the cluster is in doubt.
 *
 * Order is kept by one call in flight to a topic and one request in flight on a connection. What a broker took although its
 * acknowledgement got lost is there twice afterwards; the client's idempotence is not relied on, so consumers look at ids.
 */
export class KafkaAlertPublisher implements AlertPublisher {
  private readonly producers = new Map<string, Producer>();
  /** Whether what is being published to a topic may still be. */
  private readonly mayStill = new Map<string, () => boolean>();
  private readonly closing = new AbortController();
  private readonly queues = new Map<string, Promise<unknown>>();

  constructor(
    private readonly cluster: KafkaCluster,
    private readonly logger: Logger,
  ) {}

  publish(topic: string, messages: readonly TopicMessage[], mayStill: () => boolean = () => true): Promise<void> {
    const before = this.queues.get(topic) ?? Promise.resolve();
    const published = before.then(() => this.publishNext(topic, messages, mayStill));
    const settled = published.catch(() => undefined);
    this.queues.set(topic, settled);
    void settled.then(() => {
      if (this.queues.get(topic) === settled) this.queues.delete(topic);
    });
    return published;
  }

  async forget(topic: string): Promise<void> {
    await this.queues.get(topic);
    const producer = this.producers.get(topic);
    this.producers.delete(topic);
    this.mayStill.delete(topic);
    await producer?.disconnect().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([...this.producers.keys()].map((topic) => this.forget(topic)));
  }

  private async publishNext(topic: string, messages: readonly TopicMessage[], mayStill: () => boolean): Promise<void> {
    if (this.closing.signal.aborted || !mayStill()) throw new PublishFailed('ENDING');
    this.mayStill.set(topic, mayStill);
    const known = this.producers.get(topic);
    const producer = known ?? this.makeProducer(topic);
    if (!known) this.producers.set(topic, producer);
    const sent = send(producer, known === undefined, topic, messages);
    const limit = new AbortController();
    const signal = AbortSignal.any([limit.signal, this.closing.signal]);
    const late = pause(PUBLISH_WITHIN, 'TIMED_OUT' as const, { signal }).catch(() => 'ENDING' as const);
    try {
      const fault = await Promise.race([sent, late]);
      if (fault) throw new PublishFailed(fault);
    } catch (error) {
      if (this.producers.get(topic) === producer) this.producers.delete(topic);
      // An attempt that is still under way would connect again.
      void sent.catch(() => undefined).then(() => producer.disconnect().catch(() => undefined));
      void producer.disconnect().catch(() => undefined);
      if (!mayStill()) throw new PublishFailed('ENDING', { cause: error });
      throw error instanceof PublishFailed ? error : new PublishFailed(faultOf(error), { cause: error });
    } finally {
      limit.abort();
    }
  }

  private makeProducer(topic: string): Producer {
    const client = kafkaClient(this.cluster, this.logger, () => this.mayStill.get(topic)?.() ?? false);
    return client.producer({
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      idempotent: false,
      // A key goes to the partition to which the Java client would send it.
      createPartitioner: Partitioners.DefaultPartitioner,
    });
  }
}

async function send(
  producer: Producer,
  isNew: boolean,
  topic: string,
  messages: readonly TopicMessage[],
): Promise<undefined> {
  if (isNew) await producer.connect();
  await producer.send({
    topic,
    acks: ALL,
    timeout: ANSWER_WITHIN,
    messages: messages.map(({ key, value, headers }) => ({ key, value, headers: { ...headers } })),
  });
}
