import { EventStoreUnavailable, type Instant, type Position, type TenantId } from '@cairn/event-sourcing';
import type { Database } from './database.js';

/** How long somebody waits for an append that was under way when they asked. */
const WAIT_MS = 5_000;
const LOOK_AGAIN_MS = 5;

/**
 * Values: tenant, time, the last position to look at or null. Halves the log until the last position is left that was
 * recorded by then: positions have no gaps, and the time of record never falls from one to the next.
 *
 * An append that has its time but is not committed yet holds the row of `cairn.log`, and what is told is not settled while
 * one may come of it. The row names who holds it (by the low half of a transaction's id, which is made whole by the newest
 * one), so no lock is needed. The 10 milliseconds are for the moment between an append's taking its time and its row.
 *
 * Where the log is a copy, what was recorded elsewhere may still be on its way: nothing is settled before it is said to be here.
 *
 * A position is looked for as the first of those from it on, and is worked out before: both leave the planner one way, by
 * the index. Else it would join with all of the log, or, as sums may fail, look each row over behind row-level security.
 */
const SEARCH = {
  name: 'cairn_position_known_at',
  text: `with recursive
    own as materialized (
      select set_config('cairn.tenant', $1, true) as tenant,
        timestamptz 'epoch' + $2::float8 * interval '1 millisecond' as known_at
    ),
    log as materialized (
      select own.*, least(head, coalesce($3::bigint, head)) as head,
        last_recorded_at > known_at or clock_timestamp() < known_at
          or clock_timestamp() - interval '10 milliseconds' > known_at
            and (holder = 0 or pg_visible_in_snapshot((newest + ((holder - newest + 2147483648) % 4294967296
              + 4294967296) % 4294967296 - 2147483648)::text::xid8, seen))
            and coalesce((select complete_through >= known_at from cairn.log_copy), true) as settled
      from own
      cross join lateral (
        select head, last_recorded_at, xmax::text::numeric as holder from cairn.log where log.tenant = own.tenant
      ) found
      cross join (
        select pg_current_snapshot() as seen, pg_snapshot_xmax(pg_current_snapshot())::text::numeric as newest
      ) now
    ),
    halves (low, high, middle) as (
      select 0::bigint, head, (head + 1) / 2 from log
      union all
      select low, high, (low + high + 1) / 2
      from (
        select
          case when recorded_at <= known_at then middle else low end as low,
          case when recorded_at <= known_at then high else middle - 1 end as high
        from halves cross join log
        cross join lateral (
          select recorded_at from cairn.event
          where event.tenant = log.tenant and event.position >= middle order by event.position limit 1
        ) found
        where low < high
      ) half
    )
    select low::text as position, settled from halves cross join log where low = high`,
} as const;

/** What of a tenant's log was on record at which time. */
export class KnownPositions {
  constructor(private readonly database: Database) {}

  /**
   * The last position that was recorded by `knownAt`, inclusive; 0 before all of them. For a time that has passed it is
   * final: an append that was under way is waited for. For one that is still to come it is the end of the log.
   * @throws EventStoreUnavailable when an append was under way for longer than anybody waits
   */
  async at(tenant: TenantId, knownAt: Instant): Promise<Position> {
    for (const deadline = performance.now() + WAIT_MS; ;) {
      const { position, settled } = await this.look(tenant, knownAt);
      if (settled) return position;
      if (performance.now() > deadline) throw new EventStoreUnavailable('an append has been under way for too long');
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** The last position up to `end` that was recorded by `knownAt`. */
  async within(tenant: TenantId, knownAt: Instant, end: Position): Promise<Position> {
    return (await this.look(tenant, knownAt, end)).position;
  }

  private async look(
    tenant: TenantId,
    knownAt: Instant,
    end?: Position,
  ): Promise<{ readonly position: Position; readonly settled: boolean }> {
    const { rows } = await this.database.pool.query<{ position: string; settled: boolean }>({
      ...SEARCH,
      values: [tenant, knownAt, end ?? null],
    });
    // A tenant that has recorded nothing has no log.
    return rows[0] ? { position: BigInt(rows[0].position), settled: rows[0].settled } : { position: 0n, settled: true };
  }
}
