import {
  type EventCatalogue,
  type Fact,
  type Instant,
  LOG_START,
  type Position,
  type TenantId,
} from '@cairn/event-sourcing';
import type { EventsOfTypes } from '@cairn/platform';
import type { DeliveryQueue, Message, Subscriber } from '@cairn/platform/deliveries';
import {
  type Alert,
  alertedTypes,
  alertOf,
  type AlertSubscriptionEvent,
  alertSubscriptionEventTypes,
  type AlertSubscriptionTerms,
  digestsOf,
  isAskedFor,
  isFor,
  lastDigest,
  mayBeTold,
  type RecordedAlert,
  type SignalEvent,
  type SubscriptionInForce,
  SubscriptionsInForce,
} from '@cairn/signals';

/** Events that are read at once. */
const PAGE = 200;
/** Messages of a subscription that wait at the most, and a page more; what there is beyond waits in the log. */
const BACKLOG = 1_000;
/** Digests have no site, and wait for one another only. */
const DIGESTS = '';

const subscriptionTypes = alertSubscriptionEventTypes.map(({ type }) => type);

export interface TenantRelayTools {
  readonly events: Pick<EventsOfTypes, 'read'>;
  readonly queue: DeliveryQueue;
  readonly catalogue: EventCatalogue;
  readonly zoneOf: (tenant: TenantId, trial: string) => Promise<string>;
  readonly now: () => Instant;
}

/** A webhook with how far the relay is with it. */
export interface FollowedWebhook {
  readonly inForce: SubscriptionInForce;
  readonly subscriber: Subscriber;
}

/**
 * Makes deliveries of a tenant's alerts: for each webhook that wants one, once, in the order of the log. How far it is with a
 * webhook is kept with what it made, so a crash in between repeats nothing and leaves nothing out. A webhook that is paused,
 * stalled or far behind is left where it is, and costs the others nothing.
 */
export class TenantRelay {
  private readonly inForce = new SubscriptionsInForce();
  private read: Position = LOG_START;
  /** Which version of a subscription's terms its messages were last put in order for. */
  private readonly arranged = new Map<string, Position>();
  /** Nothing is kept of subscriptions, so there is nothing to end. */
  private isEmpty = false;

  constructor(
    private readonly tenant: TenantId,
    private readonly tools: TenantRelayTools,
  ) {}

  /** A subscription as it was when the log was last looked at. */
  subscription(trial: string, subscription: string): SubscriptionInForce | undefined {
    return this.inForce.get(trial, subscription);
  }

  /**
   * Takes in what was recorded, as far as there is room for it.
   * @returns the tenant's webhooks as they are now, and whether there is more to take in
   */
  async turn(): Promise<{ readonly webhooks: readonly FollowedWebhook[]; readonly more: boolean }> {
    await this.takeInSubscriptions();
    const wanted = this.inForce.all().filter(({ subscription: { terms } }) => terms.sink.kind === 'webhook');
    if (wanted.length === 0 && this.isEmpty) return { webhooks: [], more: false };
    const webhooks = await this.follow(wanted);
    this.isEmpty = webhooks.length === 0;
    const sending = webhooks.filter(
      ({ inForce: { subscription }, subscriber }) => subscription.kind === 'active' && !subscriber.stalled,
    );
    for (const webhook of sending) await this.digestOf(webhook);
    const more = await this.queueAlerts(sending);
    return { webhooks, more };
  }

  private async takeInSubscriptions(): Promise<void> {
    for (;;) {
      const page = await this.tools.events.read(this.tenant, subscriptionTypes, { after: this.read, limit: PAGE });
      for (const event of page) {
        this.inForce.apply(this.tools.catalogue.decode(event) as unknown as Fact<AlertSubscriptionEvent>);
        this.read = event.position;
      }
      if (page.length < PAGE) return;
    }
  }

  /** Begins with new webhooks, ends closed ones, goes back where a replay was asked for. */
  private async follow(wanted: readonly SubscriptionInForce[]): Promise<readonly FollowedWebhook[]> {
    const { queue } = this.tools;
    let known = await queue.subscribers(this.tenant);
    const find = ({ subscription: { terms } }: SubscriptionInForce): Subscriber | undefined =>
      known.find(({ trial, subscription }) => trial === terms.trial && subscription === terms.subscription);
    let changed = false;
    for (const subscriber of known) {
      if (this.inForce.get(subscriber.trial, subscriber.subscription)) continue;
      await queue.end(this.tenant, subscriber);
      changed = true;
    }
    for (const each of wanted) {
      const { subscription, openedAt, replay } = each;
      const subscriber = find(each);
      if (!subscriber) await queue.begin(this.tenant, subscription.terms, openedAt);
      const isAsked = replay !== undefined && replay.requestedAt > (subscriber?.replayed ?? 0n);
      if (isAsked) await queue.rewind(this.tenant, subscription.terms, replay);
      changed ||= !subscriber || isAsked;
      await this.arrange(each);
    }
    if (changed) known = await queue.subscribers(this.tenant);
    return wanted.flatMap((inForce) => {
      const subscriber = find(inForce);
      return subscriber ? [{ inForce, subscriber }] : [];
    });
  }

  /** What waits by terms that have changed waits by the new ones. */
  private async arrange({ subscription: { terms }, changedAt }: SubscriptionInForce): Promise<void> {
    const name = JSON.stringify([terms.trial, terms.subscription]);
    if (this.arranged.get(name) === changedAt) return;
    await this.tools.queue.unhold(this.tenant, terms);
    if (!terms.digest) await this.tools.queue.scatter(this.tenant, terms);
    this.arranged.set(name, changedAt);
  }

  /** One page for all that are as far as one another; whoever is behind reads pages of their own. */
  private async queueAlerts(webhooks: readonly FollowedWebhook[]): Promise<boolean> {
    if (webhooks.length === 0) return false;
    const { events, queue, catalogue, now } = this.tools;
    let backlogs: ReadonlyMap<string, number> | undefined;
    let more = false;
    for (const position of new Set(webhooks.map(({ subscriber }) => subscriber.position))) {
      const page = await events.read(this.tenant, alertedTypes, { after: position, limit: PAGE });
      const last = page.at(-1)?.position;
      if (last === undefined) continue;
      backlogs ??= await this.backlogs();
      const alerts = page.map((event) => alertOf(catalogue.decode(event) as unknown as Fact<SignalEvent>));
      for (const { inForce, subscriber } of webhooks) {
        if (subscriber.position !== position) continue;
        const { terms } = inForce.subscription;
        if ((backlogs.get(nameOf(subscriber)) ?? 0) >= BACKLOG) continue;
        const messages = alerts.filter((alert) => isFor(terms, alert)).map(messageOf);
        const state = terms.digest ? 'collected' : 'waiting';
        await queue.advance(this.tenant, subscriber, last, messages, { state, now: now() });
        more ||= page.length === PAGE;
      }
    }
    return more;
  }

  private async backlogs(): Promise<ReadonlyMap<string, number>> {
    const backlogs = await this.tools.queue.backlogs(this.tenant);
    return new Map(backlogs.map((each) => [nameOf(each), each.waiting]));
  }

  /** One message with what was collected, when its time has come. */
  private async digestOf({ inForce, subscriber }: FollowedWebhook): Promise<void> {
    const { terms } = inForce.subscription;
    if (!terms.digest) return;
    const { queue, zoneOf, now } = this.tools;
    const at = now();
    const due = lastDigest(terms.digest, await zoneOf(this.tenant, terms.trial), at);
    if (subscriber.digestedUntil === undefined) {
      // The first digest is at the next time: the last one was before anybody wanted any.
      await queue.digest(this.tenant, subscriber, due, { digests: [], upTo: LOG_START }, at);
      return;
    }
    if (due <= subscriber.digestedUntil) return;
    const collected = await queue.collected(this.tenant, subscriber);
    const asked = collected.filter((message) => isMessageFor(terms, message));
    const alerts = asked.map(({ body }) => JSON.parse(body) as Alert);
    const positions = new Map(asked.map(({ message, position }) => [message, position]));
    const audience = asked.some((message) => message.audience === 'delivery') ? 'delivery' : 'open';
    const digests = digestsOf(terms, due, alerts).map((digest): Message => ({
      message: digest.id,
      position: positions.get(digest.data.alerts.at(-1)!.id)!,
      lane: DIGESTS,
      kind: 'digest',
      audience,
      body: JSON.stringify(digest),
    }));
    const upTo = collected.at(-1)?.position ?? LOG_START;
    await queue.digest(this.tenant, subscriber, due, { digests, upTo }, at);
  }
}

const nameOf = ({ trial, subscription }: { trial: string; subscription: string }): string =>
  JSON.stringify([trial, subscription]);

/** Whether a message that was made by earlier terms is still one that the subscriber may be sent, and wants. */
export const isMessageFor = (terms: AlertSubscriptionTerms, { kind, audience, body }: Message): boolean =>
  mayBeTold(terms, audience) && (kind === 'digest' || isAskedFor(JSON.parse(body) as Alert, terms.filter));

const messageOf = ({ alert, audience, position }: RecordedAlert): Message => ({
  message: alert.id,
  position,
  lane: alert.partitionkey,
  kind: 'alert',
  audience,
  body: JSON.stringify(alert),
});
