import { type Instant, InMemoryEventStore, type Position, type TenantId } from '@cairn/event-sourcing';
import { unitName } from '@cairn/monitoring';
import { catalogue } from '../../apps/alerter/src/catalogue.js';
import { RecentTrials } from '../../apps/alerter/src/watch/recent-trials.js';
import { TenantWatch } from '../../apps/alerter/src/watch/tenant-watch.js';
import type { DueTimer, TrialTimers, WatchStore } from '../../apps/alerter/src/watch/watch-store.js';

/** A watch with everything in memory, by a clock that is set: what it finds is what the one on PostgreSQL finds. */
export function watchInMemory(tenant: TenantId) {
  const clock = { now: 0 as Instant };
  const store = new InMemoryEventStore(() => clock.now);
  const watch = new Kept() as unknown as WatchStore;
  const tools = { store, watch, catalogue, trials: new RecentTrials(), now: () => clock.now };
  return { clock, store, watching: new TenantWatch(tenant, tools) };
}

class Kept implements Omit<WatchStore, 'database' | 'trialEvents'> {
  private readonly timers = new Map<string, DueTimer & { readonly at: Instant }>();
  private at: Position = 0n;

  async position(): Promise<Position> {
    return this.at;
  }

  async due(_tenant: TenantId, now: Instant): Promise<readonly DueTimer[]> {
    return [...this.timers.values()].filter(({ at }) => at <= now);
  }

  async nextDue(): Promise<Instant | undefined> {
    const next = Math.min(...[...this.timers.values()].map(({ at }) => at));
    return next === Infinity ? undefined : next;
  }

  async keep(
    _tenant: TenantId,
    { last }: { readonly last: Position },
    timers: readonly TrialTimers[],
  ): Promise<boolean> {
    this.at = last;
    for (const { trial, due, lookedAt } of timers) {
      if (lookedAt === 'everything') this.timers.clear();
      else for (const unit of lookedAt) this.timers.delete(unitName(unit));
      for (const [name, { unit, at }] of due) {
        const before = this.timers.get(name)?.at ?? Infinity;
        this.timers.set(name, { trial, unit, at: Math.min(before, at) });
      }
    }
    return true;
  }

  async halt(): Promise<void> {
    throw new Error('an event cannot be read');
  }
}
