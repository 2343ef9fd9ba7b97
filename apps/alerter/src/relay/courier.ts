import { randomUUID } from 'node:crypto';
import { type CommandHandler, type Instant, sha256Hex, type TenantId, uuidV5 } from '@cairn/event-sourcing';
import type { AfterAttempt, Attempt, ClaimedDelivery, DeliveryQueue, SubscriberKey } from '@cairn/platform/deliveries';
import { type Lease, LeaseLost } from '@cairn/platform/leases';
import { instantNow } from '@cairn/platform/tracing';
import { webhookSecret, type WebhookOutcome, type WebhookSender, Withheld } from '@cairn/platform/webhooks';
import {
  type Alert,
  alertSubscriptionStream,
  type AlertSubscriptionTerms,
  pauseBefore,
  quietUntil,
  type RetrySchedule,
  signingGenerations,
  subscriptionDecider,
  type SubscriptionInForce,
} from '@cairn/signals';
import type { RelayObserver } from './relay-observer.js';
import { type FollowedWebhook, isMessageFor } from './tenant-relay.js';

/** Who records what a recipient's answer means for its subscription; no person's id has this form. */
const RELAY_ACTOR = '@alerter';

/** Messages that are on their way at once: to one recipient, of one tenant, and altogether. */
const PER_SUBSCRIPTION = 4;
const PER_TENANT = 32;
const ALTOGETHER = 1_024;
/** To one that nobody answered for when it was last tried: it should take no place from those that do answer. */
const PER_ABSENT = 1;
/** How long nobody else sends what is claimed: longer than any attempt takes. */
const CLAIMED_FOR_MS = 60_000;
/** Delivered messages that are kept to be looked at, of a subscription. */
const KEPT = 200;
/** So many more may be there until the oldest are forgotten. */
const KEPT_MORE = 50;

export interface CourierTools {
  readonly queue: DeliveryQueue;
  readonly sender: Pick<WebhookSender, 'send'>;
  readonly handler: CommandHandler;
  /** What the secrets of webhooks follow from. */
  readonly secret: string;
  readonly schedule: RetrySchedule;
  /** Dead letters of a subscription at the most: then nothing more is sent to it. */
  readonly deadLetters: number;
  readonly zoneOf: (tenant: TenantId, trial: string) => Promise<string>;
  readonly now: () => Instant;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly observer: RelayObserver;
  /** Called when a message is done with: there may be room for the next. */
  readonly onDone: (tenant: TenantId) => void;
}

/** Nothing is compared for who works alone. */
export const queueUnder = (lease: Lease, queue: DeliveryQueue): DeliveryQueue =>
  lease.fence ? queue.under(lease) : queue;

/** Sends messages that are due, and writes down what became of each. */
export class Courier {
  private readonly stopping = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  /** By tenant, and by subscription. */
  private readonly begun = new Map<string, number>();
  private readonly unpruned = new Map<string, number>();
  /** Subscriptions for which nobody answered when they were last tried. */
  private readonly absent = new Set<string>();

  constructor(private readonly tools: CourierTools) {}

  /** Begins to send what is due, as far as there is room. @returns how many messages */
  async dispatch(
    lease: Lease,
    webhooks: readonly FollowedWebhook[],
    subscription: (trial: string, subscription: string) => SubscriptionInForce | undefined,
  ): Promise<number> {
    const { now } = this.tools;
    const { tenant } = lease;
    const queue = queueUnder(lease, this.tools.queue);
    const limit = Math.min(PER_TENANT - this.countOf(tenant), ALTOGETHER - this.underWay.size);
    const rooms = webhooks
      .filter(({ inForce, subscriber }) => inForce.subscription.kind === 'active' && !subscriber.stalled)
      .map(({ subscriber: { trial, subscription: name } }) => ({
        ...{ trial, subscription: name },
        room: this.roomFor(nameOf(tenant, { trial, subscription: name })),
      }))
      .filter(({ room }) => room > 0);
    if (this.stopping.signal.aborted) return 0;
    const at = now();
    const claimed = await queue.claim(tenant, rooms, limit, {
      ...{ claim: randomUUID(), now: at, until: at + CLAIMED_FOR_MS },
    });
    for (const delivery of claimed) {
      this.begin(lease, delivery, subscription(delivery.trial, delivery.subscription));
    }
    return claimed.length;
  }

  /** When nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  /** Breaks off what is under way; what nobody answered is sent again by whoever comes next. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.settled();
  }

  private begin(lease: Lease, delivery: ClaimedDelivery, inForce: SubscriptionInForce | undefined): void {
    const { tenant } = lease;
    const names = [tenant, nameOf(tenant, delivery)];
    for (const name of names) this.begun.set(name, this.countOf(name) + 1);
    const work = lease
      .during(() => this.deliver(lease, delivery, inForce))
      .catch((error: unknown) => {
        // Whoever has the tenant now takes the claim back, and sends it.
        if (error instanceof LeaseLost || error instanceof Withheld) return;
        // The claim runs out, and it is tried again.
        this.tools.observer.failed(tenant, error);
      })
      .finally(() => {
        for (const name of names) this.begun.set(name, this.countOf(name) - 1);
        this.underWay.delete(work);
        this.tools.onDone(tenant);
      });
    this.underWay.add(work);
  }

  private async deliver(
    lease: Lease,
    delivery: ClaimedDelivery,
    inForce: SubscriptionInForce | undefined,
  ): Promise<void> {
    const { sender, secret, now } = this.tools;
    const { tenant } = lease;
    const queue = queueUnder(lease, this.tools.queue);
    if (inForce?.subscription.terms.sink.kind !== 'webhook') return queue.release(tenant, delivery);
    const { terms, secrets } = inForce.subscription;
    if (!isMessageFor(terms, delivery)) return queue.drop(tenant, delivery);
    const quiet = await this.quiet(tenant, delivery, terms);
    if (quiet !== undefined) return queue.release(tenant, delivery, quiet);
    const start = instantNow();
    const outcome = await sender.send(
      {
        url: inForce.subscription.terms.sink.url,
        id: delivery.message,
        body: delivery.body,
        secrets: signingGenerations(secrets, now()).map((generation) =>
          webhookSecret(secret, { tenant, trial: terms.trial, subscription: terms.subscription, generation }),
        ),
      },
      this.stopping.signal,
      () => lease.isHeld(),
    );
    if (this.stopping.signal.aborted && outcome.kind === 'unreachable') return queue.release(tenant, delivery);
    this.tools.observer.attempted(outcome.kind, { tenant, message: delivery.message, start });
    if (outcome.kind === 'unreachable') this.absent.add(nameOf(tenant, delivery));
    else this.absent.delete(nameOf(tenant, delivery));
    if (outcome.kind === 'gone') await this.disable(tenant, delivery, inForce);
    const after = this.after(delivery, outcome);
    await queue.attempted(tenant, delivery, attemptOf(outcome, now()), after);
    if (after.kind === 'dead') this.tools.observer.dead(tenant, delivery);
    if (after.kind === 'delivered') await this.prune(queue, tenant, delivery);
  }

  private async quiet(
    tenant: TenantId,
    { kind, body }: ClaimedDelivery,
    terms: AlertSubscriptionTerms,
  ): Promise<Instant | undefined> {
    if (!terms.quietHours) return undefined;
    const severity = kind === 'alert' ? (JSON.parse(body) as Alert).data.severity : undefined;
    return quietUntil(terms.quietHours, await this.tools.zoneOf(tenant, terms.trial), this.tools.now(), severity);
  }

  private after({ failed }: ClaimedDelivery, outcome: WebhookOutcome): AfterAttempt {
    const { schedule, deadLetters, now, random } = this.tools;
    if (outcome.kind === 'delivered') return { kind: 'delivered' };
    // It waits with all others until somebody resumes the subscription.
    if (outcome.kind === 'gone') return { kind: 'again', at: now(), failed };
    const asked = outcome.kind === 'rejected' ? outcome.retryAfterMs : undefined;
    const pause = pauseBefore(schedule, failed + 1, { asked, random: random() });
    return pause === undefined
      ? { kind: 'dead', most: deadLetters }
      : { kind: 'again', at: now() + pause, failed: failed + 1 };
  }

  private async disable(
    tenant: TenantId,
    delivery: ClaimedDelivery,
    { changedAt }: SubscriptionInForce,
  ): Promise<void> {
    const { trial, subscription } = delivery;
    const { handler, now, observer } = this.tools;
    // Once for each time that it was opened or resumed, however many messages are answered so.
    const commandId = uuidV5(JSON.stringify(['disable', tenant, trial, subscription, String(changedAt)]));
    const command = { type: 'disableAlertSubscription', trial, subscription } as const;
    await handler.handle(
      subscriptionDecider,
      alertSubscriptionStream(trial, subscription),
      [command],
      { now: now() },
      {
        ...{ tenant, commandId, actor: RELAY_ACTOR, fingerprint: sha256Hex(JSON.stringify(command)) },
      },
    );
    observer.disabled(tenant, delivery);
  }

  private async prune(queue: DeliveryQueue, tenant: TenantId, subscriber: SubscriberKey): Promise<void> {
    const name = nameOf(tenant, subscriber);
    const more = (this.unpruned.get(name) ?? 0) + 1;
    this.unpruned.set(name, more % KEPT_MORE);
    if (more === KEPT_MORE) await queue.prune(tenant, subscriber, KEPT);
  }

  private roomFor(name: string): number {
    return (this.absent.has(name) ? PER_ABSENT : PER_SUBSCRIPTION) - this.countOf(name);
  }

  private countOf(name: string): number {
    return this.begun.get(name) ?? 0;
  }
}

const nameOf = (tenant: TenantId, { trial, subscription }: SubscriberKey): string =>
  JSON.stringify([tenant, trial, subscription]);

function attemptOf(outcome: WebhookOutcome, at: Instant): Attempt {
  const result = outcome.kind;
  if ('status' in outcome) return { at, result, status: outcome.status };
  return { at, result, why: outcome.why };
}
