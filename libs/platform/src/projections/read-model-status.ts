import type { Instant, Position, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { GenerationState } from './generation.js';
import type { Halt } from './page-fold.js';

/** Where one generation is in one tenant's log. */
export interface GenerationStatus {
  readonly name: string;
  readonly version: number;
  readonly generation: number;
  readonly state: GenerationState;
  /** Why it failed, where it did. */
  readonly failure: string | undefined;
  readonly position: Position;
  readonly head: Position;
  /** Events of the log that it has not seen. */
  readonly lag: bigint;
  readonly halted: (Halt & { readonly at: Instant }) | undefined;
  /** Events that wait, those that failed and those behind them. */
  readonly parked: number;
}

export interface RebuildProgress {
  readonly state: GenerationState;
  /** Events folded, of those that were in the logs when it began. */
  readonly events: number;
  readonly of: number;
  readonly failure: string | undefined;
}

interface StatusRow {
  readonly projection: string;
  readonly version: number;
  readonly generation: number;
  readonly state: GenerationState;
  readonly failure: string | null;
  readonly position: string;
  readonly halted_position: string | null;
  readonly halted_event: string;
  readonly halted_type: string;
  readonly halted_reason: string;
  readonly halted_at: Date;
  readonly parked: number;
}

/** Every generation in the transaction's tenant, by name and number. Failed ones are there for their reason. */
export async function readStatus(
  client: pg.ClientBase,
  tenant: TenantId,
  head: Position,
): Promise<readonly GenerationStatus[]> {
  const { rows } = await client.query<StatusRow>(
    `select g.projection, g.version, g.generation, g.state, g.failure, coalesce(c.position, 0) as position,
       c.halted_position, c.halted_event, c.halted_type, c.halted_reason, c.halted_at,
       (select count(*)::int from read_model.parked p
        where p.tenant = $1 and p.projection = g.projection and p.generation = g.generation) as parked
     from read_model.generation g
     left join read_model.checkpoint c
       on c.tenant = $1 and c.projection = g.projection and c.generation = g.generation
     order by g.projection, g.generation`,
    [tenant],
  );
  return rows.map((row) => {
    const position = BigInt(row.position);
    return {
      name: row.projection,
      version: row.version,
      generation: row.generation,
      state: row.state,
      failure: row.failure ?? undefined,
      position,
      head,
      lag: head > position ? head - position : 0n,
      halted:
        row.halted_position === null
          ? undefined
          : {
              position: BigInt(row.halted_position),
              eventId: row.halted_event,
              eventType: row.halted_type,
              reason: row.halted_reason,
              at: row.halted_at.getTime(),
            },
      parked: row.parked,
    };
  });
}

export async function rebuildProgress(
  client: pg.ClientBase | pg.Pool,
  name: string,
  generation: number,
): Promise<RebuildProgress | undefined> {
  const { rows } = await client.query<{
    state: GenerationState;
    events_done: string;
    events_total: string;
    failure: string | null;
  }>(
    `select state, events_done, events_total, failure from read_model.generation
     where projection = $1 and generation = $2`,
    [name, generation],
  );
  const row = rows[0];
  return (
    row && {
      state: row.state,
      events: Number(row.events_done),
      of: Number(row.events_total),
      failure: row.failure ?? undefined,
    }
  );
}
