import { setTimeout as pause } from 'node:timers/promises';
import type { EventStore, TenantId } from '@cairn/event-sourcing';
import type { Part } from '../part.js';
import { RecentTrials } from './recent-trials.js';
import { TenantWatch, type TenantWatchTools } from './tenant-watch.js';
import type { WatchObserver } from './watch-metrics.js';

export interface WatchOptions extends Omit<TenantWatchTools, 'store' | 'trials'> {
  readonly store: TenantWatchTools['store'] &
    Pick<EventStore, 'tenants'> & {
      /** Calls when a log may have grown. */
      onAppended(listener: (tenant: TenantId) => void): () => void;
    };
  readonly observer: WatchObserver;
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
  private deafen: (() => void) | undefined;
  private readonly work: Promise<void>[] = [];

  constructor(private readonly options: WatchOptions) {
    this.trials = options.trials ?? new RecentTrials();
  }

  async start(): Promise<void> {
    this.deafen ??= this.options.store.onAppended((tenant) => this.bells.get(tenant)?.ring());
    await this.lookAround();
    this.work.push(this.keepLookingAround());
  }

  /** Ends after the turns under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.deafen?.();
    for (const bell of this.bells.values()) bell.ring();
    await Promise.all(this.work);
  }

  private async keepLookingAround(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.rest(LOOK_EVERY_MS);
      await this.lookAround().catch((error: unknown) => this.fail(undefined, error));
    }
  }

  private async lookAround(): Promise<void> {
    for (const tenant of await this.options.store.tenants()) {
      if (this.bells.has(tenant) || this.stopping.signal.aborted) continue;
      const bell = new Bell();
      this.bells.set(tenant, bell);
      this.work.push(this.watch(tenant, bell));
    }
  }

  private async watch(tenant: TenantId, bell: Bell): Promise<void> {
    const { store, watch, catalogue, now, observer, pollMs = 5_000 } = this.options;
    const watching = new TenantWatch(tenant, { store, watch, catalogue, now, trials: this.trials });
    for (let failures = 0; !this.stopping.signal.aborted;) {
      let wait = pollMs;
      bell.hush();
      this.trials.begin(tenant);
      try {
        const turn = await watching.turn();
        observer.turned(tenant, turn);
        failures = 0;
        if (turn.halted) return;
        if (turn.more) continue;
        if (turn.nextDue !== undefined) wait = Math.max(0, Math.min(wait, turn.nextDue - now()));
      } catch (error) {
        this.fail(tenant, error);
        await this.rest(AGAIN_AFTER[Math.min(failures++, AGAIN_AFTER.length - 1)]!);
        continue;
      } finally {
        this.trials.end(tenant);
      }
      if (await bell.rings(wait)) await this.gather(bell);
    }
  }

  /** Waits until a log that grows is quiet, or for long enough. */
  private async gather(bell: Bell): Promise<void> {
    const { quietMs = 500, gatherMs = 10_000 } = this.options;
    const deadline = performance.now() + gatherMs;
    do {
      bell.hush();
    } while (!this.stopping.signal.aborted && performance.now() < deadline && (await bell.rings(quietMs)));
  }

  private fail(tenant: TenantId | undefined, error: unknown): void {
    if (!this.stopping.signal.aborted) this.options.observer.failed(tenant, error);
  }

  private async rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

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
