import { setTimeout as pause } from 'node:timers/promises';
import type { EventStore, Position, TenantId } from '@cairn/event-sourcing';
import type { ProofStore } from '@cairn/platform';
import { alone, type Lease, LeaseLost, type TenantLeases } from '@cairn/platform/leases';
import type { SigningKeys } from './signing-keys.js';
import { LogAltered, TenantNotary } from './tenant-notary.js';

/** What happens is told to whoever keeps metrics and the log. */
export interface NotaryObserver {
  signed(tenant: TenantId, checkpoints: number): void;
  /** The log is not what was signed: nothing more is signed of it. */
  halted(tenant: TenantId, position: Position, reason: string): void;
  /** It is again. */
  resumed(tenant: TenantId): void;
  /** Something failed, and is tried again. */
  failed(tenant: TenantId | undefined, error: unknown): void;
}

export interface NotaryOptions {
  readonly store: Pick<EventStore, 'readLog' | 'tenants'> & {
    /** Calls when a log may have grown; without it logs are looked at every second. */
    onAppended?(listener: (tenant: TenantId) => void): () => void;
  };
  readonly proofs: ProofStore;
  readonly keys: () => Promise<SigningKeys>;
  readonly observer: NotaryObserver;
  /** Whose logs this process signs, where several share them; all unless given. */
  readonly leases?: TenantLeases;
  /** How long events are collected before they are signed together, default 400 milliseconds. */
  readonly gatherMs?: number;
  /** Between looks at 256 signed events, of one log after the other, default 1 second. */
  readonly patrolEveryMs?: number;
}

/** New tenants are looked for so often. */
const LOOK_EVERY_MS = 1_000;
/** And all logs once in so many looks, without a call: calls can get lost. */
const ALL_EVERY = 5;
const AFTER_FAILURE_MS = 1_000;
/** While a log grows, pauses are so much longer than the work: signing late costs nobody anything. */
const REST = 5;

/**
 * Signs every tenant's log as it grows, at least every 256 events and every second, and goes over what it has signed to
 * see whether the log is still so. It has no part in projections: what it cannot do, holds up nothing but itself.
 *
 * Any number of notaries may work on one database; of two that sign the same page one is let through.
 */
export class Notary {
  private readonly tenants = new Map<TenantId, { readonly notary: TenantNotary; readonly token: bigint | undefined }>();
  private readonly leases: TenantLeases;
  private readonly stopping = new AbortController();
  private readonly grown = new Set<TenantId>();
  private looks = 0;
  private patrolled: TenantId | undefined;
  private deafen: (() => void) | undefined;
  private untake: (() => void) | undefined;
  private work: readonly Promise<void>[] = [];

  constructor(private readonly options: NotaryOptions) {
    this.leases = options.leases ?? alone;
  }

  start(): void {
    this.deafen = this.options.store.onAppended?.((tenant) => this.grown.add(tenant));
    this.untake = this.leases.onTaken(({ tenant }) => this.grown.add(tenant));
    const { gatherMs = 400, patrolEveryMs = 1_000 } = this.options;
    this.work = [
      this.forEver(gatherMs, () => this.signAll()),
      this.forEver(LOOK_EVERY_MS, () => this.lookAround()),
      this.forEver(patrolEveryMs, () => this.patrolOne()),
    ];
  }

  /** Ends after the page under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.deafen?.();
    this.untake?.();
    await Promise.all(this.work);
  }

  private async forEver(everyMs: number, turn: () => Promise<void>): Promise<void> {
    while (!this.stopping.signal.aborted) {
      let wait = everyMs;
      try {
        await turn();
      } catch (error) {
        if (!this.stopping.signal.aborted) this.options.observer.failed(undefined, error);
        wait = Math.max(everyMs, AFTER_FAILURE_MS);
      }
      await this.rest(wait);
    }
  }

  private async rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  /** New tenants, and those whose call got lost. */
  private async lookAround(): Promise<void> {
    const isForAll = !this.options.store.onAppended || this.looks++ % ALL_EVERY === 0;
    for (const tenant of await this.options.store.tenants()) {
      if (isForAll || !this.tenants.has(tenant)) this.grown.add(tenant);
    }
  }

  /** A page of each log in turn, until all are signed: a large import keeps no other tenant waiting. */
  private async signAll(): Promise<void> {
    while (this.grown.size > 0 && !this.stopping.signal.aborted) {
      const tenants = [...this.grown];
      this.grown.clear();
      for (const tenant of tenants) {
        if (this.stopping.signal.aborted) return;
        await this.attempt(tenant, async (notary) => {
          const began = performance.now();
          const { checkpoints, more } = await notary.advance();
          if (checkpoints > 0) this.options.observer.signed(tenant, checkpoints);
          if (!more) return;
          // Whoever records comes first.
          if (this.grown.has(tenant)) await this.rest((performance.now() - began) * REST);
          this.grown.add(tenant);
        });
      }
    }
  }

  /** A page of one tenant's log, and of the next one's at the next time. */
  private async patrolOne(): Promise<void> {
    const tenants = [...this.tenants.keys()];
    const tenant = tenants[(tenants.indexOf(this.patrolled!) + 1) % tenants.length];
    if (tenant === undefined) return;
    this.patrolled = tenant;
    await this.attempt(tenant, async (notary) => {
      const isRoundDone = await notary.patrol();
      if (!isRoundDone) return;
      const { halted } = await this.options.proofs.notary(tenant);
      if (halted === undefined) return;
      // The whole log is what was signed; if the trees are so too, there is nothing to halt for.
      await notary.inspect();
      await this.options.proofs.halt(tenant, 0n, undefined);
      notary.forget();
      this.grown.add(tenant);
      this.options.observer.resumed(tenant);
    });
  }

  private async attempt(tenant: TenantId, work: (notary: TenantNotary) => Promise<void>): Promise<void> {
    const lease = this.leases.of(tenant);
    if (!lease) return void this.tenants.delete(tenant);
    const notary = this.notary(tenant, lease);
    try {
      await lease.during(() => work(notary));
    } catch (error) {
      if (!(error instanceof LogAltered)) {
        if (!(error instanceof LeaseLost) && !this.stopping.signal.aborted) this.options.observer.failed(tenant, error);
        return;
      }
      await this.halt(tenant, notary, error);
    }
  }

  /** What it has in memory is of the lease under which it was read: meanwhile another process may have signed. */
  private notary(tenant: TenantId, lease: Lease): TenantNotary {
    const token = lease.fence?.token;
    const known = this.tenants.get(tenant);
    if (known && known.token === token) return known.notary;
    const notary = new TenantNotary(tenant, this.options, lease);
    this.tenants.set(tenant, { notary, token });
    return notary;
  }

  private async halt(tenant: TenantId, notary: TenantNotary, { position, reason }: LogAltered): Promise<void> {
    try {
      const { halted } = await this.options.proofs.notary(tenant);
      notary.forget();
      if (halted !== undefined) return;
      await this.options.proofs.halt(tenant, position, reason);
      this.options.observer.halted(tenant, position, reason);
    } catch (error) {
      this.options.observer.failed(tenant, error);
    }
  }
}
