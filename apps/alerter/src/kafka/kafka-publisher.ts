import { setTimeout as pause } from 'node:timers/promises';
import {
  type EventCatalogue,
  type Fact,
  LOG_START,
  NewerEventVersion,
  type Position,
  type TenantId,
  UnknownEventType,
} from '@cairn/event-sourcing';
import type { LogStore } from '@cairn/platform';
import { alone, type Lease, LeaseLost, type TenantLeases } from '@cairn/platform/leases';
import { type PublishFault, PublishFailed } from '@cairn/platform/kafka';
import {
  type AlertSubscriptionEvent,
  alertSubscriptionEventTypes,
  type SubscriptionInForce,
  SubscriptionsInForce,
} from '@cairn/signals';
import type { Part } from '../part.js';
import { type RelayTools, SubscriptionRelay } from './subscription-relay.js';

/** What others may want to know. */
export interface KafkaObserver {
  published(count: number): void;
  failed(tenant: TenantId, subscription: string, code: PublishFault | 'DATABASE', error: unknown): void;
  /** It failed before, and does not any more. */
  recovered(tenant: TenantId, subscription: string): void;
}

export interface KafkaPublisherOptions extends Omit<RelayTools, 'catalogue' | 'mayStill' | 'store'> {
  readonly store: Pick<LogStore, 'head' | 'tenants' | 'onAppended'>;
  readonly catalogue: EventCatalogue;
  readonly observer: KafkaObserver;
  /** Which tenants' alerts this process publishes, where several share them; all unless given. */
  readonly leases?: TenantLeases;
  /** How often everything is looked at even where nobody called, in milliseconds. */
  readonly lookEveryMs?: number;
  /** The first and the longest pause after failures in a row, in milliseconds. */
  readonly againAfterMs?: readonly [first: number, longest: number];
}

/** A subscription at work. */
interface Running {
  readonly relay: SubscriptionRelay;
  inForce: SubscriptionInForce;
  /** Failures in a row, and when there is another attempt. */
  failures: number;
  again: number;
  code: string | undefined;
  step: Promise<void> | undefined;
  /** Something may have been recorded since the step under way began to read. */
  called: boolean;
}

/** A tenant's subscriptions to topics, as far as its log was read. */
interface Tenant {
  /** Under which everything here was read and is done. */
  readonly lease: Lease;
  readonly subscriptions: SubscriptionsInForce;
  readonly running: Map<string, Running>;
  readTo: Position;
  /** It could not be read when it was tried last. */
  failing: boolean;
}

const subscriptionTypes = alertSubscriptionEventTypes.map(({ type }) => type);
/** How long what is under way may take when the service ends; what is not acknowledged then is published again later. */
const END_WITHIN_MS = 4_000;
/** Events about subscriptions that are read in one go. */
const PAGE = 500;
/** Every so many looks all tenants are looked at, not only those that wait for another attempt. */
const ALL_EVERY = 10;

const codeOf = (error: unknown): PublishFault | 'DATABASE' => {
  if (error instanceof PublishFailed) return error.code;
  return error instanceof NewerEventVersion || error instanceof UnknownEventType ? 'EVENT_UNREADABLE' : 'DATABASE';
};

/**
 * Publishes alerts to topics, of every tenant and subscription by itself: what holds up one holds up no other. A failure is
 * tried again for ever, after pauses that grow to half a minute.
 */
export class KafkaPublisher implements Part {
  readonly name = 'kafka';
  private readonly tenants = new Map<TenantId, Tenant>();
  private readonly stopping = new AbortController();
  private readonly grown = new Set<TenantId>();
  private readonly leaving = new Set<Promise<void>>();
  private wake: (() => void) | undefined;
  private deafen: (() => void) | undefined;
  private untake: (() => void) | undefined;
  private readonly leases: TenantLeases;
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly options: KafkaPublisherOptions) {
    this.leases = options.leases ?? alone;
  }

  start(): Promise<void> {
    const call = (tenant: TenantId): void => {
      this.grown.add(tenant);
      this.wake?.();
    };
    this.deafen = this.options.store.onAppended(call);
    this.untake = this.leases.onTaken(({ tenant }) => call(tenant));
    this.work = this.lookAround();
    return Promise.resolve();
  }

  /** Ends after the pages under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.deafen?.();
    this.untake?.();
    await this.work;
    const steps = [...this.tenants.values()].flatMap(({ running }) =>
      [...running.values()].flatMap(({ step }) => step ?? []),
    );
    await Promise.race([Promise.all(steps), pause(END_WITHIN_MS, undefined, { ref: false })]);
    await this.options.publisher.close();
    await Promise.all([...steps, ...this.leaving]);
  }

  private async lookAround(): Promise<void> {
    const { signal } = this.stopping;
    const { lookEveryMs = 1_000 } = this.options;
    let next = 0;
    for (let looks = 0; !signal.aborted;) {
      if (performance.now() >= next) {
        next = performance.now() + lookEveryMs;
        const isForAll = looks++ % ALL_EVERY === 0;
        for (const tenant of isForAll ? await this.allTenants() : this.waiting()) this.grown.add(tenant);
      }
      const tenants = [...this.grown];
      this.grown.clear();
      for (const tenant of tenants) await this.attend(tenant);
      if (this.grown.size === 0) await this.rest(Math.max(0, next - performance.now()));
    }
  }

  /** Calls can get lost, so all are looked at now and then. */
  private async allTenants(): Promise<readonly TenantId[]> {
    try {
      return await this.options.store.tenants();
    } catch (error) {
      if (!this.stopping.signal.aborted) this.options.observer.failed('', '', 'DATABASE', error);
      return [...this.tenants.keys()];
    }
  }

  /** Those with something that failed and is to be tried again. */
  private waiting(): readonly TenantId[] {
    const isWaiting = ({ failing, running }: Tenant) =>
      failing || [...running.values()].some(({ failures }) => failures > 0);
    return [...this.tenants].flatMap(([name, tenant]) => (isWaiting(tenant) ? [name] : []));
  }

  /** Until somebody calls, or for so long. */
  private async rest(milliseconds: number): Promise<void> {
    const called = new AbortController();
    this.wake = () => called.abort();
    await pause(milliseconds, undefined, { signal: AbortSignal.any([called.signal, this.stopping.signal]) }).catch(
      () => undefined,
    );
    this.wake = undefined;
  }

  private async attend(name: TenantId): Promise<void> {
    const tenant = this.tenant(name);
    if (!tenant) return;
    try {
      await this.takeIn(name, tenant);
      if (tenant.failing) this.options.observer.recovered(name, '');
      tenant.failing = false;
    } catch (error) {
      // What is known of its subscriptions still holds.
      tenant.failing = true;
      if (!this.isEnding(tenant.lease)) this.options.observer.failed(name, '', codeOf(error), error);
    }
    for (const running of tenant.running.values()) this.run(tenant.lease, running);
  }

  /** What is known of a tenant, as long as it is this process's to publish for. */
  private tenant(name: TenantId): Tenant | undefined {
    const known = this.tenants.get(name);
    const lease = this.leases.of(name);
    if (known && lease && known.lease.fence?.token === lease.fence?.token) return known;
    if (known) this.release(name, known);
    if (!lease) return undefined;
    const subscriptions = new SubscriptionsInForce();
    const tenant = { lease, subscriptions, running: new Map(), readTo: LOG_START, failing: false };
    this.tenants.set(name, tenant);
    return tenant;
  }

  /** Another process goes on; what is under way here can note nothing any more. */
  private release(name: TenantId, { running }: Tenant): void {
    this.tenants.delete(name);
    for (const { inForce, step } of running.values()) {
      const { sink } = inForce.subscription.terms;
      if (sink.kind === 'kafka') this.leave(sink.topic);
      if (step) this.aside(step);
    }
  }

  /** What became of the tenant's subscriptions since it was looked at last. */
  private async takeIn(name: TenantId, tenant: Tenant): Promise<void> {
    const { events, catalogue } = this.options;
    const relays = this.options.relays.under(tenant.lease);
    const isFirst = tenant.readTo === LOG_START;
    // Looked up before the log is read: what they are of is in the log by then.
    const left = isFirst ? await relays.relays(name) : [];
    for (let page = PAGE; page === PAGE;) {
      const read = await events.read(name, subscriptionTypes, { after: tenant.readTo, limit: PAGE });
      for (const event of read) {
        tenant.subscriptions.apply(catalogue.decode(event) as Fact<AlertSubscriptionEvent>);
        tenant.readTo = event.position;
      }
      page = read.length;
    }
    this.settle(name, tenant);
    // Closed while nobody looked.
    for (const relay of left) {
      if (!tenant.subscriptions.get(relay.trial, relay.subscription)) await relays.remove(name, relay);
    }
  }

  private settle(name: TenantId, { lease, subscriptions, running }: Tenant): void {
    const relays = this.options.relays.under(lease);
    const wanted = new Set<string>();
    for (const inForce of subscriptions.all()) {
      const { trial, subscription, sink } = inForce.subscription.terms;
      if (sink.kind !== 'kafka') continue;
      const id = JSON.stringify([trial, subscription]);
      wanted.add(id);
      const known = running.get(id);
      if (known) {
        // Whoever changed something wants to see now what comes of it.
        if (known.inForce.changedAt !== inForce.changedAt) known.again = 0;
        const { sink: before } = known.inForce.subscription.terms;
        known.inForce = inForce;
        if (before.kind === 'kafka' && before.topic !== sink.topic) this.leave(before.topic);
        continue;
      }
      const relay = new SubscriptionRelay(
        name,
        { trial, subscription },
        { ...this.options, relays, mayStill: () => lease.isHeld() },
      );
      running.set(id, { relay, inForce, failures: 0, again: 0, code: undefined, step: undefined, called: false });
    }
    for (const [id, { inForce, step }] of running) {
      if (wanted.has(id)) continue;
      running.delete(id);
      const { trial, subscription, sink } = inForce.subscription.terms;
      const remove = () => relays.remove(name, { trial, subscription });
      this.aside((step ?? Promise.resolve()).then(remove));
      if (sink.kind === 'kafka') this.leave(sink.topic);
    }
  }

  /** What a broker may keep waiting is waited for by nobody; a checkpoint that is left over is removed at the next start. */
  private aside(work: Promise<void>): void {
    const settled = work.catch(() => undefined).finally(() => this.leaving.delete(settled));
    this.leaving.add(settled);
  }

  /** Gives back what was kept for a topic that nobody publishes to any more. */
  private leave(topic: string): void {
    const isNeeded = [...this.tenants.values()].some(({ running }) =>
      [...running.values()].some(({ inForce: { subscription } }) => {
        const { sink } = subscription.terms;
        return sink.kind === 'kafka' && sink.topic === topic;
      }),
    );
    if (!isNeeded) this.aside(this.options.publisher.forget(topic));
  }

  /** Lets a subscription work, unless it does already or waits after a failure. */
  private run(lease: Lease, running: Running): void {
    if (running.step) {
      running.called = true;
      return;
    }
    if (performance.now() < running.again) return;
    running.step = lease
      .during(() => this.catchUp(lease, running))
      .finally(() => {
        running.step = undefined;
        if (running.called && running.failures === 0 && !this.isEnding(lease)) this.run(lease, running);
      });
  }

  private isEnding(lease: Lease): boolean {
    return this.stopping.signal.aborted || lease.signal.aborted;
  }

  private async catchUp(lease: Lease, running: Running): Promise<void> {
    const { tenant } = lease;
    const { observer } = this.options;
    running.called = false;
    const { trial, subscription } = running.inForce.subscription.terms;
    const name = `${trial}/${subscription}`;
    try {
      for (let more = true; more && !this.isEnding(lease);) {
        const step = await running.relay.step(running.inForce);
        more = step.more;
        if (step.published > 0) observer.published(step.published);
      }
      if (running.code !== undefined) observer.recovered(tenant, name);
      running.failures = 0;
      running.code = undefined;
    } catch (error) {
      if (!(error instanceof LeaseLost) && lease.isHeld()) await this.note(tenant, name, running, error);
    }
  }

  private async note(tenant: TenantId, name: string, running: Running, error: unknown): Promise<void> {
    const { observer, againAfterMs: [first, longest] = [250, 30_000] } = this.options;
    running.again = performance.now() + Math.min(longest, first * 2 ** Math.min(running.failures, 20));
    running.failures++;
    const code = codeOf(error);
    running.code = code;
    if (this.stopping.signal.aborted) return;
    observer.failed(tenant, name, code, error);
    if (!(error instanceof PublishFailed)) return;
    // Where the database is gone as well, nobody could look it up there either.
    await running.relay.fail(error).catch(() => undefined);
  }
}
