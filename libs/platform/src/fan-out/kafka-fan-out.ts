import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Consumer, Kafka, Producer } from 'kafkajs';
import type { Logger } from 'pino';
import type pg from 'pg';
import { type KafkaCluster, kafkaClient } from '../kafka/kafka-client.js';
import { type FanOut, HINT_TOPICS, type HintListener, HintListeners, type HintTopic, WaitingHints } from './fan-out.js';

/** One partition: there is nothing to share out, since every process reads all of it. */
const PARTITIONS = 1;
/** A hint that is older than the look of once a second helps nobody. */
const RETENTION = [
  { name: 'retention.ms', value: '60000' },
  { name: 'segment.ms', value: '60000' },
  { name: 'cleanup.policy', value: 'delete' },
];
/** How long a broker holds a fetch that finds nothing, in milliseconds; what comes meanwhile is delivered at once. */
const FETCH_WAIT = 250;
/** Without an answer of the broker for so many milliseconds, hints are taken not to arrive. */
const SILENT_FOR = 2_000;
const AGAIN_AFTER = 1_000;
const CLOSED_WITHIN = 2_000;
/** The leader has it: who loses a hint looks for themselves. */
const LEADER = 1;

export interface KafkaFanOutOptions {
  readonly cluster: KafkaCluster;
  /** Default `cairn.hints`; made when it is not there. The same for every service of an installation, and for no other. */
  readonly topic?: string;
  readonly logger: Logger;
}

/**
 * Hints by Kafka, for installations with so many processes that each NOTIFY would have to wake too many connections. Every
 * process reads the whole topic from its end, as the only member of a group of its own which commits nothing and is forgotten with
 * it. Announcements that come while one is being sent are the next one, and what a broker does not take is lost.
 */
export class KafkaFanOut implements FanOut {
  readonly isAtomic = false;
  private readonly topic: string;
  private readonly client: Kafka;
  private readonly own = randomUUID();
  private readonly listeners = new HintListeners();
  private readonly waiting = new WaitingHints();
  private readonly closing = new AbortController();
  private producer: Promise<Producer | undefined> | undefined;
  private sending: Promise<void> | undefined;
  private following: Promise<void> | undefined;
  private fetchedAt = -Infinity;

  constructor({ cluster, topic = 'cairn.hints', logger }: KafkaFanOutOptions) {
    this.topic = topic;
    this.client = kafkaClient(cluster, logger);
  }

  get hears(): boolean {
    return performance.now() - this.fetchedAt < SILENT_FOR;
  }

  announce(topic: HintTopic, messages: readonly string[]): Promise<void> {
    this.waiting.add(topic, messages);
    return (this.sending ??= this.send().finally(() => (this.sending = undefined)));
  }

  async announceOnCommit(_client: pg.ClientBase, topic: HintTopic, message: string): Promise<() => void> {
    return () => void this.announce(topic, [message]);
  }

  listen(topic: HintTopic, listener: HintListener): () => void {
    const own: HintListener = { heard: (message) => listener.heard(message), connected: () => listener.connected() };
    this.listeners.add(topic, own);
    if (this.hears) own.connected();
    this.following ??= this.follow();
    return () => this.listeners.remove(topic, own);
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.listeners.clear();
    const closed = Promise.all([this.following, this.producer?.then((producer) => producer?.disconnect())]);
    const late = new AbortController();
    // Nobody takes leave of a broker that is gone.
    await Promise.race([closed, wait(CLOSED_WITHIN, undefined, { signal: late.signal })]).catch(() => undefined);
    late.abort();
  }

  private async send(): Promise<void> {
    for (;;) {
      const messages = this.waiting
        .take()
        .map(({ topic, message }) => ({ value: message, headers: { hint: topic, from: this.own } }));
      if (messages.length === 0 || this.closing.signal.aborted) return;
      const producer = await (this.producer ??= this.connectProducer());
      try {
        await producer?.send({ topic: this.topic, acks: LEADER, messages });
      } catch {
        // What it then knows of the cluster is in doubt.
        this.producer = undefined;
        void producer!.disconnect().catch(() => undefined);
      }
    }
  }

  /** @returns undefined where no broker answers; it is tried again after a while */
  private async connectProducer(): Promise<Producer | undefined> {
    const producer = this.client.producer({ allowAutoTopicCreation: false });
    try {
      await this.makeTopic();
      await producer.connect();
      return producer;
    } catch {
      void producer.disconnect().catch(() => undefined);
      setTimeout(() => (this.producer = undefined), AGAIN_AFTER).unref();
      return undefined;
    }
  }

  private async follow(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const consumer = this.client.consumer({
        groupId: `${this.topic}.${this.own}`,
        allowAutoTopicCreation: false,
        maxWaitTimeInMs: FETCH_WAIT,
        sessionTimeout: 10_000,
      });
      try {
        await this.consume(consumer, signal);
      } catch {
        // Told by `hears`; whoever listens looks for themselves meanwhile.
      }
      await consumer.disconnect().catch(() => undefined);
      await wait(AGAIN_AFTER, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns when it is closed, or the client has given up */
  private async consume(consumer: Consumer, closing: AbortSignal): Promise<void> {
    await this.makeTopic();
    const ended = new Promise<void>((resolve) => {
      closing.addEventListener('abort', () => resolve(), { once: true });
      consumer.on('consumer.crash', ({ payload }) => {
        if (!payload.restart) resolve();
      });
    });
    consumer.on('consumer.fetch', () => {
      const heard = this.hears;
      this.fetchedAt = performance.now();
      if (!heard) this.listeners.connected();
    });
    await consumer.connect();
    await consumer.subscribe({ topic: this.topic, fromBeginning: false });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const { value, headers } of batch.messages) {
          if (String(headers?.['from']) === this.own) continue;
          const hint = HINT_TOPICS.find((each) => each === String(headers?.['hint']));
          if (hint !== undefined && value !== null) this.listeners.heard(hint, value.toString());
        }
      },
    });
    await ended;
  }

  /** Where somebody else makes topics, it is theirs to have it ready. */
  private async makeTopic(): Promise<void> {
    const admin = this.client.admin();
    try {
      await admin.connect();
      await admin.createTopics({
        topics: [{ topic: this.topic, numPartitions: PARTITIONS, configEntries: RETENTION }],
        waitForLeaders: true,
      });
    } catch {
      // Then connecting or sending fails too, or it need not have been made.
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}
