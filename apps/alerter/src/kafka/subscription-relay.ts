import {
  type EventCatalogue,
  type Fact,
  LOG_START,
  NewerEventVersion,
  streamName,
  UnknownEventType,
} from '@cairn/event-sourcing';
import type { EventsOfTypes, LogStore } from '@cairn/platform';
import {
  type AlertPublisher,
  isTopicOf,
  type KafkaRelay,
  type KafkaRelayStore,
  PublishFailed,
  type RelayKey,
} from '@cairn/platform/kafka';
import { instantNow, type StoreTracing } from '@cairn/platform/tracing';
import {
  alertedTypes,
  alertOf,
  isFor,
  type RecordedAlert,
  type SignalEvent,
  type SubscriptionInForce,
} from '@cairn/signals';
import { messageOf } from './alert-message.js';

/** Alerts that are published in one go: about a kilobyte each, and a topic takes a megabyte unless it was told otherwise. */
const PAGE = 200;
/** Alerts of one go that have a span each. */
const TRACED = 16;
/** A checkpoint that is so far behind the end of a log in which there is nothing for it is moved there. */
const FAR_BEHIND = 1_000n;

export interface RelayTools {
  readonly store: Pick<LogStore, 'head'>;
  readonly events: Pick<EventsOfTypes, 'read'>;
  readonly relays: KafkaRelayStore;
  readonly publisher: AlertPublisher;
  readonly catalogue: Pick<EventCatalogue, 'decode'>;
  /** How the names of a tenant's topics begin, see `isTopicOf`. */
  readonly topicPrefix: string;
  /** Whether this process may still publish: it may have been stopped, and another one does by now. */
  readonly mayStill?: () => boolean;
  /** Without a collector nothing is traced. */
  readonly traced?: StoreTracing | undefined;
}

/** What one step came to. */
export interface Step {
  /** Alerts that were acknowledged. */
  readonly published: number;
  /** There may be more to publish at once. */
  readonly more: boolean;
}

const NOTHING: Step = { published: 0, more: false };
const AGAIN: Step = { published: 0, more: true };

/**
 * Publishes the alerts of one subscription: in the order of the log, and the checkpoint moves when they are acknowledged. Any
 * number of alerters may do so at once: each begins where everything before was acknowledged, and publishes without gaps from
 * there, so what is first seen of each alert is always in order.
 */
export class SubscriptionRelay {
  /** What the database has; undefined where that is in doubt. */
  private relay: KafkaRelay | undefined;
  /** The topic that was published to last: one that is new is tried also where there is nothing for it yet. */
  private reached: string | undefined;

  constructor(
    private readonly tenant: string,
    private readonly key: RelayKey,
    private readonly tools: RelayTools,
  ) {}

  /**
   * Publishes the next page.
   * @throws PublishFailed when it was not acknowledged
   */
  async step(inForce: SubscriptionInForce): Promise<Step> {
    try {
      return await this.attempt(inForce);
    } catch (error) {
      this.relay = undefined;
      this.reached = undefined;
      throw error;
    }
  }

  /** Notes what keeps the alerts from getting through. */
  async fail({ code }: PublishFailed): Promise<void> {
    this.relay = undefined;
    await this.tools.relays.fail(this.tenant, this.key, code);
  }

  private async attempt({ subscription, openedAt, replay }: SubscriptionInForce): Promise<Step> {
    const { store, events, relays, publisher } = this.tools;
    const { sink } = subscription.terms;
    if (subscription.kind !== 'active' || sink.kind !== 'kafka') return NOTHING;
    const relay = (this.relay ??= await relays.begin(this.tenant, this.key, openedAt));
    if (replay && replay.requestedAt > relay.replayed) {
      await relays.replay(this.tenant, this.key, replay);
      this.relay = undefined;
      return AGAIN;
    }
    if (!isTopicOf(this.tenant, sink.topic, this.tools.topicPrefix)) throw new PublishFailed('TOPIC_REFUSED');
    const head = await store.head(this.tenant);
    const page = await events.read(this.tenant, alertedTypes, {
      after: relay.position,
      limit: PAGE,
      streamsUnder: streamName(this.key.trial, 'signal'),
    });
    const wanted = page.map((event) => this.read(event)).filter((alert) => isFor(subscription.terms, alert));
    if (wanted.length > 0 || this.reached !== sink.topic) await this.publish(publisher, sink.topic, wanted);
    this.reached = sink.topic;
    const isEnd = page.length < PAGE;
    const last = isEnd ? max(head, page.at(-1)?.position ?? LOG_START) : page.at(-1)!.position;
    const isWorthIt = page.length > 0 || relay.failure !== undefined || last > relay.position + FAR_BEHIND;
    if (!isWorthIt) return NOTHING;
    const before = relay.position;
    const isMoved = await relays.advance(this.tenant, this.key, {
      before,
      last: max(last, before),
      published: wanted.length > 0,
    });
    this.relay = isMoved ? { ...relay, position: max(last, before), failure: undefined } : undefined;
    return { published: wanted.length, more: !isEnd || !isMoved };
  }

  /** All of them, or by halves where a topic takes less at once; one that is too large by itself stays before the others. */
  private async publish(publisher: AlertPublisher, topic: string, alerts: readonly RecordedAlert[]): Promise<void> {
    const start = instantNow();
    try {
      await publisher.publish(
        topic,
        alerts.map(({ alert }) => messageOf(alert)),
        this.tools.mayStill,
      );
      const took = { start, end: instantNow(), result: 'published' };
      for (const { alert } of this.tools.traced ? alerts.slice(0, TRACED) : []) {
        void this.tools.traced!.sent('kafka.publish', { tenant: this.tenant, id: alert.id }, took);
      }
    } catch (error) {
      const isDivisible = error instanceof PublishFailed && error.code === 'MESSAGE_TOO_LARGE' && alerts.length > 1;
      if (!isDivisible) throw error;
      const half = Math.ceil(alerts.length / 2);
      await this.publish(publisher, topic, alerts.slice(0, half));
      await this.publish(publisher, topic, alerts.slice(half));
    }
  }

  private read(event: Parameters<EventCatalogue['decode']>[0]): RecordedAlert {
    try {
      return alertOf(this.tools.catalogue.decode(event) as Fact<SignalEvent>);
    } catch (error) {
      if (error instanceof NewerEventVersion || error instanceof UnknownEventType) {
        throw new PublishFailed('EVENT_UNREADABLE', { cause: error });
      }
      throw error;
    }
  }
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other);
