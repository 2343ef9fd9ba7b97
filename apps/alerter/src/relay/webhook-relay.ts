import { setTimeout as pause } from 'node:timers/promises';
import type { EventStore, TenantId } from '@cairn/event-sourcing';
import { alone, type Lease, LeaseLost, type TenantLeases } from '@cairn/platform/leases';
import type { Part } from '../part.js';
import { Courier, type CourierTools, queueUnder } from './courier.js';
import { TenantRelay, type TenantRelayTools } from './tenant-relay.js';

export type WebhookRelayTools = Omit<CourierTools, 'onDone'> &
  TenantRelayTools & {
    readonly store: Pick<EventStore, 'tenants'> & {
      /** Calls when a log may have grown. */
      onAppended(listener: (tenant: TenantId) => void): () => void;
    };
    /** Which tenants' webhooks this process sends, where several share them; all unless given. */
    readonly leases?: TenantLeases;
    /** Between looks at tenants with webhooks, whose messages fall due by themselves; default 1 second. */
    readonly lookEveryMs?: number;
  };

/** All tenants are looked at once in so many looks: calls can get lost. */
const ALL_EVERY = 10;
const AFTER_FAILURE_MS = 1_000;

/**
 * Sends every tenant's alerts to its webhooks. Any number of relays may work on one database. What it cannot send holds up
 * nothing but itself: looking takes as long as the database does, and sending goes on beside it.
 */
export class WebhookRelay implements Part {
  readonly name = 'webhooks';
  private readonly courier: Courier;
  private readonly leases: TenantLeases;
  private readonly tenants = new Map<TenantId, { readonly relay: TenantRelay; readonly token: bigint | undefined }>();
  /** Those with webhooks. */
  private readonly busy = new Set<TenantId>();
  private readonly due = new Set<TenantId>();
  private readonly stopping = new AbortController();
  private wake: () => void = () => undefined;
  private deafen: (() => void) | undefined;
  private untake: (() => void) | undefined;
  private work: readonly Promise<void>[] = [];

  constructor(private readonly tools: WebhookRelayTools) {
    this.leases = tools.leases ?? alone;
    this.courier = new Courier({ ...tools, onDone: (tenant) => this.call(tenant) });
  }

  async start(): Promise<void> {
    for (const tenant of await this.tools.store.tenants()) this.due.add(tenant);
    this.untake = this.leases.onTaken(({ tenant }) => this.call(tenant));
    this.deafen = this.tools.store.onAppended((tenant) => this.call(tenant));
    this.work = [this.lookAtDue(), this.remind()];
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.deafen?.();
    this.untake?.();
    this.wake();
    await Promise.all([...this.work, this.courier.stop()]);
  }

  /** One look at a tenant: takes in what was recorded and begins to send what is due. @returns whether there was anything */
  async look(tenant: TenantId): Promise<boolean> {
    const lease = this.leases.of(tenant);
    if (!lease) {
      this.tenants.delete(tenant);
      this.busy.delete(tenant);
      this.tools.observer.stalled(tenant, 0);
      return false;
    }
    return lease.during(() => this.lookUnder(lease));
  }

  private async lookUnder(lease: Lease): Promise<boolean> {
    const { tenant } = lease;
    const relay = await this.relay(lease);
    const { webhooks, more } = await relay.turn();
    if (webhooks.length > 0) this.busy.add(tenant);
    else this.busy.delete(tenant);
    this.tools.observer.stalled(tenant, webhooks.filter(({ subscriber }) => subscriber.stalled).length);
    const begun = await this.courier.dispatch(lease, webhooks, (trial, subscription) =>
      relay.subscription(trial, subscription),
    );
    return more || begun > 0;
  }

  /** What it knows is of the lease under which it was read. With a new one nobody else's claim counts. */
  private async relay(lease: Lease): Promise<TenantRelay> {
    const { tenant, fence } = lease;
    const known = this.tenants.get(tenant);
    if (known && known.token === fence?.token) return known.relay;
    const queue = queueUnder(lease, this.tools.queue);
    if (fence) await queue.unclaim(tenant);
    const relay = new TenantRelay(tenant, { ...this.tools, queue });
    this.tenants.set(tenant, { relay, token: fence?.token });
    return relay;
  }

  /** When nothing is under way. */
  settled(): Promise<void> {
    return this.courier.settled();
  }

  private call(tenant: TenantId): void {
    this.due.add(tenant);
    this.wake();
  }

  private async lookAtDue(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const tenants = [...this.due];
      this.due.clear();
      for (const tenant of tenants) {
        if (signal.aborted) return;
        try {
          if (await this.look(tenant)) this.due.add(tenant);
        } catch (error) {
          if (!signal.aborted && !(error instanceof LeaseLost)) this.tools.observer.failed(tenant, error);
          // The next reminder, or what is recorded next, comes back to it.
          this.tenants.delete(tenant);
          this.busy.add(tenant);
          await this.rest(AFTER_FAILURE_MS / 10);
        }
      }
      if (this.due.size === 0 && !signal.aborted) await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private async remind(): Promise<void> {
    const { lookEveryMs = 1_000, store, observer } = this.tools;
    for (let look = 1; !this.stopping.signal.aborted; look++) {
      await this.rest(lookEveryMs);
      for (const tenant of this.busy) this.call(tenant);
      if (look % ALL_EVERY !== 0) continue;
      try {
        for (const tenant of await store.tenants()) this.call(tenant);
      } catch (error) {
        if (!this.stopping.signal.aborted) observer.failed(undefined, error);
      }
    }
  }

  private async rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
