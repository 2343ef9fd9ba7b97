import type { TenantId } from '@cairn/event-sourcing';
import { WatchedTrial } from './watched-trial.js';

/** Events behind the trials that are kept in memory: about a kilobyte each. */
const MOST_EVENTS = 400_000;

/** The trials that the watch has in memory, of all tenants: those that were looked at last. */
export class RecentTrials {
  /** Those that were not looked at for longest first. */
  private readonly kept = new Map<string, { readonly tenant: TenantId; readonly trial: WatchedTrial }>();
  private readonly busy = new Set<TenantId>();

  constructor(private readonly mostEvents = MOST_EVENTS) {}

  /** Nothing of a tenant leaves before `end`. */
  begin(tenant: TenantId): void {
    this.busy.add(tenant);
  }

  /** Makes room. */
  end(tenant: TenantId): void {
    this.busy.delete(tenant);
    let events = 0;
    for (const { trial } of this.kept.values()) events += trial.events;
    for (const [key, { tenant: of, trial }] of this.kept) {
      if (events <= this.mostEvents) return;
      if (this.busy.has(of)) continue;
      this.kept.delete(key);
      events -= trial.events;
    }
  }

  /** @param load fills a trial that is not there */
  async get(tenant: TenantId, id: string, load: (trial: WatchedTrial) => Promise<void>): Promise<WatchedTrial> {
    const key = keyOf(tenant, id);
    let trial = this.kept.get(key)?.trial;
    if (!trial) {
      trial = new WatchedTrial(id);
      await load(trial);
    }
    this.kept.delete(key);
    this.kept.set(key, { tenant, trial });
    return trial;
  }

  /** Those of a tenant. */
  of(tenant: TenantId): readonly WatchedTrial[] {
    return [...this.kept.values()].flatMap(({ tenant: of, trial }) => (of === tenant ? [trial] : []));
  }

  /** Events behind those of a tenant. */
  events(tenant: TenantId): number {
    return this.of(tenant).reduce((events, trial) => events + trial.events, 0);
  }

  /** What is in memory of a tenant may not be what there is. */
  forget(tenant: TenantId): void {
    for (const [key, { tenant: of }] of this.kept) if (of === tenant) this.kept.delete(key);
  }
}

const keyOf = (tenant: TenantId, trial: string): string => `${tenant}\n${trial}`;
