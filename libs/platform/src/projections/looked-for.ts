import { setTimeout as wait } from 'node:timers/promises';
import type { TenantId } from '@cairn/event-sourcing';
import type { FanOut } from '../fan-out/fan-out.js';
import type { Database } from '../postgres/database.js';

/** Between two looks at all tenants while no hints arrive, in milliseconds; a round that takes longer is followed by the next. */
const LOOK_EVERY_MS = 1_000;
/** Hints that arrive may still miss one: whoever had committed ended before it announced. */
const LOOK_ALL_THE_SAME_EVERY_MS = 15_000;

export interface LookedForParts {
  readonly database: Database;
  /** Those that anything may be missed of. */
  readonly tenants: () => Iterable<TenantId>;
  readonly fanOut: Pick<FanOut, 'hears' | 'isAtomic'>;
  /** Told of a tenant whose read models are not as they were at the last look. */
  readonly changed: (tenant: TenantId) => void;
}

/** Looks for commits of read models of which nobody told, tenant after tenant. */
export class LookedFor {
  private readonly seen = new Map<TenantId, string>();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly parts: LookedForParts) {}

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let lookedAt = performance.now();
    while (!signal.aborted) {
      await wait(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || !this.isDue(performance.now() - lookedAt)) continue;
      lookedAt = performance.now();
      // A database that does not answer has nothing to tell; the next round asks again.
      await this.look().catch(() => undefined);
    }
  }

  private isDue(sinceLastMs: number): boolean {
    const { hears, isAtomic } = this.parts.fanOut;
    return !hears || (!isAtomic && sinceLastMs >= LOOK_ALL_THE_SAME_EVERY_MS);
  }

  private async look(): Promise<void> {
    for (const tenant of this.parts.tenants()) {
      if (this.stopping.signal.aborted) return;
      const now = await this.stateOf(tenant);
      const before = this.seen.get(tenant);
      this.seen.set(tenant, now);
      if (before !== now) this.parts.changed(tenant);
    }
  }

  /** Differs whenever documents may. */
  private async stateOf(tenant: TenantId): Promise<string> {
    const { rows } = await this.parts.database.inTenant(tenant, (client) =>
      client.query<{ state: string | null }>(
        `select string_agg(c.projection || ' ' || c.generation || ' ' || c.revision, ',' order by c.projection, c.generation)
           as state
         from read_model.checkpoint c join read_model.generation g using (projection, generation)
         where c.tenant = $1 and g.shown`,
        [tenant],
      ),
    );
    return rows[0]?.state ?? '';
  }
}
