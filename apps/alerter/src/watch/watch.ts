import { setTimeout as pause } from 'node:timers/promises';
import { type EventStore, Fenced, type TenantId } from '@cairn/event-sourcing';
import { type Lease, type TenantLeases, alone, LeaseLost } from '@cairn/platform/leases';
import type { Part } from '../part.js';
import { RecentTrials } from './recent-trials.js';
import { TenantWatch, type TenantWatchTools } from './tenant-watch.js';
import type { WatchObserver } from './watch-metrics.js';

export interface WatchOptions extends Omit<TenantWatchTools, 'lease' | 'store' | 'trials'> {
  readonly store: TenantWatchTools['store'] &
    Pick<EventStore, 'tenants'> & {
      /** Calls when a log may have grown. */
      onAppended(listener: (tenant: TenantId) => void): () => void;
    };
  readonly observer: WatchObserver;
  /** Which tenants this process watches, where several share them; all unless given. */
  readonly leases?: TenantLeases;
  readonly trials?: RecentTrials;
  /**
   * A log that grows is looked at when it has been quiet for so long: what is entered together is judged together, or an
   * import would raise of its first rows what its last ones explain. Default 500 milliseconds.
   */
  readonly quietMs?: number;
  /** But after so long in any case, default 10 seconds. */
  readonly gatherMs?: number;
  /** Calls can get lost: each log is looked at so often without one, default 5 seconds. */
  readonly pollMs?: number;
}

/** New tenants are looked for so often. */
const LOOK_EVERY_MS = 1_000;
/** Pauses after failures, in milliseconds; the last one is for ever. */
const AGAIN_AFTER = [250, 1_000, 4_000, 10_000];

/**
 * Watches every tenant's log, each by itself: raises signals of what holds, or will when time has passed, and takes back what
 * does not. Any number of watches may work on one database: the stream of a signal takes each change once.
 */
export class Watch implements Part {
  readonly name = 'watch';
  private readonly stopping = new AbortController();
  private readonly bells = new Map<TenantId, Bell>();
  private readonly trials: RecentTrials;
  private readonly leases: TenantLeases;
  private deafen: (() => void) | undefined;
  private untake: (() => void) | undefined;
  private readonly work = new Set<Promise<void>>();

  constructor(private readonly options: WatchOptions) {
    this.trials = options.trials ?? new RecentTrials();
    this.leases = options.leases ?? alone;
  }

  async start(): Promise<void> {
    this.deafen ??= this.options.store.onAppended((tenant) => this.bells.get(tenant)?.ring());
    this.untake ??= this.leases.onTaken(({ tenant }) => this.begin(tenant));
    await this.lookAround();
    this.work.add(this.keepLookingAround());
  }

  /** Ends after the turns under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.deafen?.();
    this.untake?.();
    for (const bell of this.bells.values()) bell.ring();
    await Promise.all(this.work);
  }

  private async keepLookingAround(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await rest(LOOK_EVERY_MS, this.stopping.signal);
      await this.lookAround().catch((error: unknown) => this.fail(undefined, error));
    }
  }

  private async lookAround(): Promise<void> {
    for (const tenant of await this.options.store.tenants()) this.begin(tenant);
  }

  /** Begins to watch a tenant, unless this process does already or another one should. */
  private begin(tenant: TenantId): void {
    if (this.bells.has(tenant) || this.stopping.signal.aborted) return;
    const lease = this.leases.of(tenant);
    if (!lease) return;
    const bell = new Bell();
    this.bells.set(tenant, bell);
    const signal = AbortSignal.any([this.stopping.signal, lease.signal]);
    signal.addEventListener('abort', () => bell.ring(), { once: true });
    const work = this.watch(lease, bell, signal).finally(() => {
      this.bells.delete(tenant);
      this.work.delete(work);
    });
    this.work.add(work);
  }

  private async watch(lease: Lease, bell: Bell, signal: AbortSignal): Promise<void> {
    const { tenant } = lease;
    const { store, watch, catalogue, now, observer, pollMs = 5_000 } = this.options;
    const watching = new TenantWatch(tenant, { store, watch, catalogue, now, lease, trials: this.trials });
    for (let failures = 0; !signal.aborted;) {
      let wait = pollMs;
      bell.hush();
      this.trials.begin(tenant);
      try {
        const turn = await lease.during(() => watching.turn());
        observer.turned(tenant, turn);
        failures = 0;
        if (turn.halted) return await ended(signal);
        if (turn.more) continue;
        if (turn.nextDue !== undefined) wait = Math.max(0, Math.min(wait, turn.nextDue - now()));
      } catch (error) {
        if (!(error instanceof LeaseLost || error instanceof Fenced)) this.fail(tenant, error);
        await rest(AGAIN_AFTER[Math.min(failures++, AGAIN_AFTER.length - 1)]!, signal);
        continue;
      } finally {
        this.trials.end(tenant);
      }
      if (!signal.aborted && (await bell.rings(wait))) await this.gather(bell, signal);
    }
    // Who watches next may be another process; what is remembered here would not be what there is.
    watching.forget();
  }

  /** Waits until a log that grows is quiet, or for long enough. */
  private async gather(bell: Bell, signal: AbortSignal): Promise<void> {
    const { quietMs = 500, gatherMs = 10_000 } = this.options;
    const deadline = performance.now() + gatherMs;
    do {
      bell.hush();
    } while (!signal.aborted && performance.now() < deadline && (await bell.rings(quietMs)));
  }

  private fail(tenant: TenantId | undefined, error: unknown): void {
    if (!this.stopping.signal.aborted) this.options.observer.failed(tenant, error);
  }
}

async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, { signal }).catch(() => undefined);
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Remembers one ring until it is hushed. */
class Bell {
  private ringing = false;
  private answer: ((rung: boolean) => void) | undefined;

  ring(): void {
    this.ringing = true;
    this.answer?.(true);
  }

  hush(): void {
    this.ringing = false;
  }

  /** @returns whether it rang within a time */
  async rings(withinMs: number): Promise<boolean> {
    if (this.ringing) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), withinMs);
    this.answer = resolve;
    const rung = await promise;
    this.answer = undefined;
    clearTimeout(timer);
    return rung;
  }
}
