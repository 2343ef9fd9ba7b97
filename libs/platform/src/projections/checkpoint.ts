import type { Position, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { GenerationId } from './document-table.js';
import { documentKey, type FoldedPage, type Halt, type ParkedEvent } from './page-fold.js';

/** How far a generation has come in one tenant's log, as a worker last saw it. */
export interface Checkpoint {
  readonly position: Position;
  /** Compared and raised by every write. */
  readonly revision: bigint;
  /** Another generation took over; nothing may be written any more. */
  readonly fenced: boolean;
  readonly halt: Halt | undefined;
  /** Documents with parked events, by `documentKey`, and the position of the first one. */
  readonly parked: Map<string, Position>;
}

interface CheckpointRow {
  readonly position: string;
  readonly revision: string;
  readonly fenced: boolean;
  readonly halted_position: string | null;
  readonly halted_event: string;
  readonly halted_type: string;
  readonly halted_reason: string;
}

/** Reads a generation's checkpoint in the transaction's tenant. */
export async function readCheckpoint(
  client: pg.ClientBase,
  id: GenerationId,
  tenant: TenantId,
  lock: '' | 'for update' = '',
): Promise<Checkpoint | undefined> {
  const read = await client.query<CheckpointRow>(
    `select position, revision, fenced, halted_position, halted_event, halted_type, halted_reason
     from read_model.checkpoint where tenant = $1 and projection = $2 and generation = $3 ${lock}`,
    [tenant, id.name, id.generation],
  );
  const row = read.rows[0];
  if (!row) return undefined;
  const parked = await client.query<{ scope: string; id: string; first_position: string }>(
    `select scope, id, min(first_position) as first_position from read_model.parked
     where tenant = $1 and projection = $2 and generation = $3 group by scope, id`,
    [tenant, id.name, id.generation],
  );
  return {
    position: BigInt(row.position),
    revision: BigInt(row.revision),
    fenced: row.fenced,
    halt:
      row.halted_position === null
        ? undefined
        : {
            position: BigInt(row.halted_position),
            eventId: row.halted_event,
            eventType: row.halted_type,
            reason: row.halted_reason,
          },
    parked: new Map(parked.rows.map((at) => [documentKey(at), BigInt(at.first_position)])),
  };
}

/**
 * Makes the checkpoint of a log that the generation has not met yet. Takes the generation's row, so that it cannot
 * happen while another generation takes over.
 * @returns false when the generation does not take events any more
 */
export async function openCheckpoint(client: pg.ClientBase, id: GenerationId, tenant: TenantId): Promise<boolean> {
  const open = await client.query(
    `select 1 from read_model.generation
     where projection = $1 and generation = $2 and state in ('building', 'serving') for share`,
    [id.name, id.generation],
  );
  if (open.rowCount === 0) return false;
  await client.query(
    `insert into read_model.checkpoint (tenant, projection, generation, position) values ($1, $2, $3, 0)
     on conflict do nothing`,
    [tenant, id.name, id.generation],
  );
  return true;
}

/**
 * Moves a checkpoint, if nobody else did since it was read: compare and set.
 * @returns false when another worker was faster or another generation took over; nothing may then be written
 */
export async function advanceCheckpoint(
  client: pg.ClientBase,
  id: GenerationId,
  tenant: TenantId,
  seen: Checkpoint,
  page: Pick<FoldedPage, 'position' | 'halt'>,
): Promise<boolean> {
  const { halt } = page;
  const moved = await client.query(
    `update read_model.checkpoint
     set position = $5, revision = revision + 1, halted_position = $6, halted_event = $7, halted_type = $8,
         halted_reason = $9, halted_at = case when $6::bigint is null then null else clock_timestamp() end
     where tenant = $1 and projection = $2 and generation = $3 and revision = $4 and not fenced and position <= $5`,
    [
      tenant,
      id.name,
      id.generation,
      seen.revision,
      page.position,
      halt?.position ?? null,
      halt?.eventId ?? null,
      halt?.eventType ?? null,
      halt?.reason ?? null,
    ],
  );
  return moved.rowCount === 1;
}

export async function insertParked(
  client: pg.ClientBase,
  id: GenerationId,
  tenant: TenantId,
  parked: readonly ParkedEvent[],
): Promise<void> {
  if (parked.length === 0) return;
  await client.query(
    `insert into read_model.parked
       (tenant, projection, generation, scope, id, position, first_position, event_id, event_type, error)
     select $1, $2, $3, p.scope, p.id, p.position, p.first_position, p.event_id, p.event_type, p.error
     from unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::text[])
       as p (scope, id, position, first_position, event_id, event_type, error)`,
    [
      tenant,
      id.name,
      id.generation,
      parked.map((event) => event.scope),
      parked.map((event) => event.id),
      parked.map((event) => event.position),
      parked.map((event) => event.firstPosition),
      parked.map((event) => event.eventId),
      parked.map((event) => event.eventType),
      parked.map((event) => event.error ?? null),
    ],
  );
}

/** The first checkpoint of a log that was folded from its start. */
export async function insertCheckpoint(
  client: pg.ClientBase,
  id: GenerationId,
  tenant: TenantId,
  { position, halt }: Pick<FoldedPage, 'position' | 'halt'>,
): Promise<void> {
  await client.query(
    `insert into read_model.checkpoint
       (tenant, projection, generation, position, halted_position, halted_event, halted_type, halted_reason, halted_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, case when $5::bigint is null then null else clock_timestamp() end)`,
    [
      tenant,
      id.name,
      id.generation,
      position,
      halt?.position ?? null,
      halt?.eventId ?? null,
      halt?.eventType ?? null,
      halt?.reason ?? null,
    ],
  );
}

/** Ends all writing: a worker that has not noticed finds its compare-and-set refused. */
export async function fenceCheckpoint(client: pg.ClientBase, id: GenerationId, tenant: TenantId): Promise<void> {
  await client.query(
    `update read_model.checkpoint set fenced = true, revision = revision + 1
     where tenant = $1 and projection = $2 and generation = $3`,
    [tenant, id.name, id.generation],
  );
}
