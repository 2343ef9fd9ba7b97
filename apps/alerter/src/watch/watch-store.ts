import { type Instant, type Position, type RecordedEvent, streamName, type TenantId } from '@cairn/event-sourcing';
import { type Database, scopeEvents } from '@cairn/platform';
import type { Lease } from '@cairn/platform/leases';

import type { Findings, UnitDue } from './watched-trial.js';

/** A unit whose timer has run out. */
export interface DueTimer {
  readonly trial: string;
  readonly unit: UnitDue['unit'];
}

/** What was found of a trial, as far as timers go. */
export interface TrialTimers extends Pick<Findings, 'due' | 'lookedAt'> {
  readonly trial: string;
}

/** Timers that are taken up at once. */
export const DUE_PAGE = 1_000;

/** What the watch keeps beside the log: how far it is, and what is due without an event. */
export class WatchStore {
  constructor(private readonly database: Database) {}

  async position(tenant: TenantId): Promise<Position> {
    const { rows } = await this.database.inTenant(tenant, (client) =>
      client.query<{ position: string }>('select position from alerting.watch where tenant = $1', [tenant]),
    );
    return BigInt(rows[0]?.position ?? 0);
  }

  /** Timers that have run out, the longest ago first, `DUE_PAGE` at the most. */
  async due(tenant: TenantId, now: Instant): Promise<readonly DueTimer[]> {
    const { rows } = await this.database.inTenant(tenant, (client) =>
      client.query<{ trial: string; kind: UnitDue['unit']['kind']; unit: string }>(
        `select trial, kind, unit from alerting.timer where tenant = $1 and due_at <= ${instant('$2')}
         order by due_at limit ${DUE_PAGE}`,
        [tenant, now],
      ),
    );
    return rows.map(({ trial, kind, unit }) => ({ trial, unit: { kind, id: unit } }));
  }

  /** When the next timer runs out; undefined when there is none. */
  async nextDue(tenant: TenantId): Promise<Instant | undefined> {
    const { rows } = await this.database.inTenant(tenant, (client) =>
      client.query<{ at: string }>(
        `select date_part('epoch', due_at) * 1000 as at from alerting.timer where tenant = $1 order by due_at limit 1`,
        [tenant],
      ),
    );
    return rows[0] && Math.round(Number(rows[0].at));
  }

  /**
   * Keeps how far the watch is, and the timers of what it looked at: both or neither.
   * @param lease under which it is kept
   * @returns false when another watch was faster: what this one knows is not what there is
   * @throws LeaseLost
   */
  keep(
    tenant: TenantId,
    { before, last }: { readonly before: Position; readonly last: Position },
    timers: readonly TrialTimers[],
    lease?: Lease,
  ): Promise<boolean> {
    return this.database.inTenant(
      tenant,
      async (client) => {
        if (before === 0n) {
          await client.query('insert into alerting.watch (tenant) values ($1) on conflict do nothing', [tenant]);
        }
        const { rowCount } = await client.query(
          `update alerting.watch set position = $3, halted_position = null, halted_reason = null
         where tenant = $1 and position = $2`,
          [tenant, before, last],
        );
        if (rowCount === 0) return false;
        for (const { trial, due, lookedAt } of timers) {
          if (lookedAt === 'everything') {
            await client.query('delete from alerting.timer where tenant = $1 and trial = $2', [tenant, trial]);
          } else {
            const [kinds, units] = [lookedAt.map(({ kind }) => kind), lookedAt.map(({ id }) => id)];
            await client.query(
              `delete from alerting.timer t using unnest($3::text[], $4::text[]) as looked (kind, unit)
             where t.tenant = $1 and t.trial = $2 and t.kind = looked.kind and t.unit = looked.unit`,
              [tenant, trial, kinds, units],
            );
          }
          if (due.size === 0) continue;
          const all = [...due.values()];
          // Of units that were not looked at as a whole something else may be due earlier.
          await client.query(
            `insert into alerting.timer as kept (tenant, trial, kind, unit, due_at)
           select $1, $2, kind, unit, ${instant('at')} from unnest($3::text[], $4::text[], $5::float8[]) as given (kind, unit, at)
           on conflict (tenant, trial, kind, unit) do update set due_at = least(kept.due_at, excluded.due_at)`,
            [tenant, trial, all.map(({ unit }) => unit.kind), all.map(({ unit }) => unit.id), all.map(({ at }) => at)],
          );
        }
        return true;
      },
      lease,
    );
  }

  /** Notes that an event cannot be read, until one that comes so far can. */
  async halt(tenant: TenantId, position: Position, reason: string, lease?: Lease): Promise<void> {
    await this.database.inTenant(
      tenant,
      async (client) => {
        await client.query('insert into alerting.watch (tenant) values ($1) on conflict do nothing', [tenant]);
        await client.query(
          'update alerting.watch set halted_position = $2, halted_reason = $3 where tenant = $1 and position < $2',
          [tenant, position, reason],
        );
      },
      lease,
    );
  }

  /** Everything of a trial up to a position, in the order of the log. */
  trialEvents(tenant: TenantId, trial: string, upTo: Position): Promise<readonly RecordedEvent[]> {
    return scopeEvents(this.database, tenant, streamName(trial), upTo);
  }
}

const instant = (milliseconds: string): string =>
  `timestamptz 'epoch' + ${milliseconds}::float8 * interval '1 millisecond'`;
