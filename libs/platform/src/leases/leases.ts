import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { TenantId } from '@cairn/event-sourcing';
import { DatabaseClock } from './database-clock.js';
import { HeldLease } from './held-lease.js';
import type { Lease, TenantLeases } from './lease.js';
import { LeaseConnection, type Renewal } from './lease-connection.js';
import { shouldHave } from './rendezvous.js';

export interface LeasesOptions {
  readonly url: string;
  readonly role: 'cairn_alerter' | 'cairn_projector';
  /** Instances of one service share its tenants. */
  readonly service: string;
  /** Leases of every tenant that has a log, or the one of the whole installation, whose tenant is ''. Default `tenants`. */
  readonly of?: 'installation' | 'tenants';
  readonly observer?: LeaseObserver;
  /** What is measured with each renewal. */
  readonly clock?: DatabaseClock;
  /** How long a lease is good without being renewed, default 5 seconds. */
  readonly ttlMs?: number;
  /** Default 1.5 seconds. */
  readonly renewEveryMs?: number;
  /** So long before its end nothing is done under a lease any more, default 1 second. */
  readonly marginMs?: number;
}

export interface LeaseObserver {
  /** Taken from another instance, or for the first time; `token` says how often it was before. */
  taken?(tenant: TenantId, token: bigint): void;
  /** Taken by another: it had not been renewed in time. */
  lost?(tenant: TenantId): void;
  /** Given back for another instance. */
  handedOver?(tenant: TenantId): void;
  /** The database did not answer; it is tried again. */
  failed?(error: unknown): void;
}

/** After a failure it is tried again so soon: there is little time. */
const AGAIN_AFTER_MS = 200;
/** How long what is under way may go on before a lease is given back without it. */
const HAND_OVER_MS = 10_000;
/** Whose turn it is has so long to take what is free; then anybody does. */
const IDLE_MS = 3_000;

/**
 * The tenants that this process works on for a service. Which instance should have which one follows from who lives; what is
 * free and should be this one's is taken, what another should have is given back when the work under it has ended. All of
 * it is renewed by one call.
 *
 * At most one process holds a lease: whoever takes it gets a token that nobody had, which the database compares whenever
 * something is written under it, and the process before stops by its own monotonic clock before the lease can be taken. Where
 * nobody took it meanwhile, it is renewed late, and work under it goes on.
 */
export class Leases implements TenantLeases {
  readonly instance = randomUUID();
  readonly clock: DatabaseClock;
  private readonly connection: LeaseConnection;
  private readonly held = new Map<TenantId, HeldLease>();
  /** What was begun under a lease that is lost: until it has ended nothing is begun under a new one. */
  private readonly leftOver = new Map<TenantId, Promise<void>>();
  private readonly listeners = new Set<(lease: Lease) => void>();
  private readonly known = new Set<TenantId>();
  /** Since when something is free that another instance should take, by `performance.now()`. */
  private readonly idleSince = new Map<TenantId, number>();
  private readonly handingOver = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private instances: readonly string[] = [];
  private takeovers = 0;
  private called = false;
  private wake: (() => void) | undefined;
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly options: LeasesOptions) {
    const { url, role, service, clock = new DatabaseClock() } = options;
    this.clock = clock;
    this.connection = new LeaseConnection({
      ...{ url, role, service, clock, instance: this.instance },
      applicationName: `cairn ${service} leases`,
    });
  }

  /** Takes what is free. Where the database does not answer it goes on trying. */
  async start(): Promise<void> {
    const next = await this.attempt();
    this.work = this.keepTending(next);
  }

  /** Gives everything back, after what is under way; nothing has to be waited for by who comes next. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake?.();
    await this.work;
    for (const lease of this.held.values()) lease.end();
    await Promise.race([
      Promise.all([...this.held.values()].map((lease) => lease.settled())),
      pause(HAND_OVER_MS, undefined, { ref: false }),
    ]);
    for (const lease of this.held.values()) lease.lose();
    this.held.clear();
    // Where it cannot be told, the leases run out.
    await this.connection.end().catch((error: unknown) => this.options.observer?.failed?.(error));
    await this.connection.close();
  }

  of(tenant: TenantId): Lease | undefined {
    const lease = this.held.get(tenant);
    if (lease && !lease.signal.aborted && lease.isHeld()) return lease;
    if (!lease && !this.known.has(tenant)) {
      this.known.add(tenant);
      this.call();
    }
    return undefined;
  }

  onTaken(listener: (lease: Lease) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** For metrics. */
  state(): { readonly held: number; readonly takeovers: number; readonly instances: number } {
    const held = [...this.held.values()].filter((lease) => lease.isHeld()).length;
    return { held, takeovers: this.takeovers, instances: this.instances.length };
  }

  /** Something may be free. */
  private call(): void {
    this.called = true;
    this.wake?.();
  }

  private async keepTending(first: number): Promise<void> {
    for (let next = first; !this.stopping.signal.aborted; next = await this.attempt()) await this.rest(next);
  }

  private async rest(milliseconds: number): Promise<void> {
    if (this.called) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    this.wake = resolve;
    if (!this.stopping.signal.aborted) await promise;
    this.wake = undefined;
    clearTimeout(timer);
  }

  /** @returns after how many milliseconds to look again */
  private async attempt(): Promise<number> {
    this.called = false;
    try {
      return await this.tend();
    } catch (error) {
      if (!this.stopping.signal.aborted) this.options.observer?.failed?.(error);
      return AGAIN_AFTER_MS;
    }
  }

  private async tend(): Promise<number> {
    const { of = 'tenants', ttlMs = 5_000, renewEveryMs = 1_500 } = this.options;
    const renewing = [...this.held.values()];
    const renewal = await this.connection.renew(
      of === 'installation',
      ttlMs,
      new Map(renewing.map(({ tenant, fence }) => [tenant, fence])),
    );
    for (const lease of renewing) {
      if (renewal.kept.has(lease.tenant)) lease.renew(this.heldUntil(renewal.asked));
      else this.drop(lease);
    }
    if (await this.connection.endGone(renewal.live)) return 0;
    const instances = renewal.live.map(({ id }) => id);
    const isChanged = instances.join() !== this.instances.join();
    this.instances = instances;
    if (isChanged) this.handOver();
    const missed = await this.take(renewal);
    const soon = missed ? AGAIN_AFTER_MS : Infinity;
    return Math.min(soon, renewEveryMs, (renewal.nextFree ?? Infinity) + 20);
  }

  /** @returns whether something is left that was to be taken */
  private async take({ free }: Renewal): Promise<boolean> {
    const wanted = free.filter((tenant) => this.isToBeTaken(tenant));
    for (const tenant of this.idleSince.keys()) if (!free.includes(tenant)) this.idleSince.delete(tenant);
    if (wanted.length === 0 || this.stopping.signal.aborted) return false;
    const { asked, taken } = await this.connection.take(wanted, this.options.ttlMs ?? 5_000);
    for (const [tenant, token] of taken) {
      const lease = new HeldLease(tenant, { service: this.options.service, token }, this.heldUntil(asked));
      this.held.set(tenant, lease);
      this.takeovers++;
      this.options.observer?.taken?.(tenant, token);
      for (const listener of this.listeners) listener(lease);
    }
    return taken.size < wanted.length;
  }

  private isToBeTaken(tenant: TenantId): boolean {
    this.known.add(tenant);
    if (this.held.has(tenant) || this.leftOver.has(tenant)) return false;
    if (shouldHave(this.options.service, tenant, this.instances) === this.instance) return true;
    const since = this.idleSince.get(tenant) ?? performance.now();
    this.idleSince.set(tenant, since);
    return performance.now() - since >= IDLE_MS;
  }

  /** Gives back what another instance should have, each when nothing is under way under it any more. */
  private handOver(): void {
    for (const lease of this.held.values()) {
      if (lease.signal.aborted || shouldHave(this.options.service, lease.tenant, this.instances) === this.instance)
        continue;
      lease.end();
      const given = this.giveBack(lease).finally(() => this.handingOver.delete(given));
      this.handingOver.add(given);
    }
  }

  private async giveBack(lease: HeldLease): Promise<void> {
    await Promise.race([lease.settled(), pause(HAND_OVER_MS, undefined, { signal: this.stopping.signal })]).catch(
      () => undefined,
    );
    if (this.stopping.signal.aborted || this.held.get(lease.tenant) !== lease) return;
    this.held.delete(lease.tenant);
    this.leave(lease);
    try {
      await this.connection.release(lease.tenant, lease.fence);
      this.options.observer?.handedOver?.(lease.tenant);
    } catch (error) {
      // It runs out.
      this.options.observer?.failed?.(error);
    }
  }

  private heldUntil(asked: number): number {
    const { ttlMs = 5_000, marginMs = 1_000 } = this.options;
    return asked + ttlMs - marginMs;
  }

  private drop(lease: HeldLease): void {
    if (this.held.get(lease.tenant) === lease) this.held.delete(lease.tenant);
    this.leave(lease);
    this.options.observer?.lost?.(lease.tenant);
  }

  private leave(lease: HeldLease): void {
    lease.lose();
    const ended = lease.settled().then(() => {
      if (this.leftOver.get(lease.tenant) !== ended) return;
      this.leftOver.delete(lease.tenant);
      this.call();
    });
    this.leftOver.set(lease.tenant, ended);
  }
}
