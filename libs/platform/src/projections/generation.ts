import type pg from 'pg';
import {
  createDocumentTable,
  documentTable,
  documentView,
  type GenerationId,
  indexDocumentTable,
  secureDocumentTable,
  showDocumentTable,
} from './document-table.js';
import type { ProjectionDefinition } from './projection-definition.js';

/** `retired` ones are kept for a while to go back to; `failed` ones are kept for their reason only. */
export type GenerationState = 'requested' | 'building' | 'serving' | 'retired' | 'failed';

/** One building of a projection over all logs. */
export interface Generation extends GenerationId {
  readonly version: number;
  readonly hash: string;
  readonly state: GenerationState;
  readonly shown: boolean;
}

interface GenerationRow {
  readonly projection: string;
  readonly generation: number;
  readonly version: number;
  readonly definition_hash: string;
  readonly state: GenerationState;
  readonly shown: boolean;
}

const COLUMNS = 'projection, generation, version, definition_hash, state, shown';

const fromRow = (row: GenerationRow): Generation => ({
  name: row.projection,
  generation: row.generation,
  version: row.version,
  hash: row.definition_hash,
  state: row.state,
  shown: row.shown,
});

/** Every generation of the projections, the oldest first. */
export async function readGenerations(
  client: pg.ClientBase | pg.Pool,
  names: readonly string[],
): Promise<Generation[]> {
  const read = await client.query<GenerationRow>(
    `select ${COLUMNS} from read_model.generation where projection = any ($1) order by projection, generation`,
    [names],
  );
  return read.rows.map(fromRow);
}

/**
 * Adds a generation that waits to be built, unless one is already waiting.
 * @param above a number that must not be used again: a worker taken for dead may still write to its table
 * @returns its number, or undefined when there was one
 */
export async function requestGeneration(
  client: pg.ClientBase,
  { projection, hash }: ProjectionDefinition,
  above = 0,
): Promise<number | undefined> {
  const made = await client.query<{ generation: number }>(
    `insert into read_model.generation (projection, generation, version, definition_hash, state)
     select $1, greatest(coalesce(max(generation), 0), $4::int) + 1, $2, $3, 'requested'
     from read_model.generation where projection = $1
     on conflict do nothing
     returning generation`,
    [projection.name, projection.version, hash, above],
  );
  return made.rows[0]?.generation;
}

/** Asks for a retired generation to catch up and serve again: the way back to older code. */
export async function resumeGeneration(client: pg.ClientBase, { name, generation }: GenerationId): Promise<void> {
  await client.query(
    `update read_model.generation set state = 'requested' where projection = $1 and generation = $2
     and not exists (select from read_model.generation where projection = $1 and state in ('requested', 'building'))`,
    [name, generation],
  );
}

/** A first generation over logs that are all empty serves at once: there is nothing to build. */
export async function serveFromEmpty(client: pg.ClientBase, definition: ProjectionDefinition): Promise<boolean> {
  const { name, version } = definition.projection;
  const made = await client.query<{ generation: number }>(
    `insert into read_model.generation
       (projection, generation, version, definition_hash, state, shown, started_at, finished_at)
     select $1, 1, $2, $3, 'serving', true, now(), now()
     where not exists (select from read_model.generation where projection = $1)
     on conflict do nothing
     returning generation`,
    [name, version, definition.hash],
  );
  if (made.rowCount === 0) return false;
  const id = { name, generation: 1 };
  await createDocumentTable(client, id);
  await indexDocumentTable(client, id);
  await secureDocumentTable(client, id);
  await showDocumentTable(client, id, version);
  return true;
}

/** Removes a generation with all it has; its checkpoints and parked events go by their foreign keys. */
export async function dropGeneration(client: pg.ClientBase, generation: Generation): Promise<void> {
  if (generation.shown) await client.query(`drop view if exists ${documentView(generation.name, generation.version)}`);
  await client.query(`drop table if exists ${documentTable(generation)}`);
  await client.query('delete from read_model.generation where projection = $1 and generation = $2', [
    generation.name,
    generation.generation,
  ]);
}

/** Keeps of a generation only that it failed and why; the reason is read by every tenant. */
export async function failGeneration(client: pg.ClientBase, generation: Generation, reason: string): Promise<void> {
  await dropGeneration(client, generation);
  await client.query(
    `insert into read_model.generation (projection, generation, version, definition_hash, state, failure, finished_at)
     values ($1, $2, $3, $4, 'failed', $5, clock_timestamp())`,
    [generation.name, generation.generation, generation.version, generation.hash, reason.slice(0, 2_000)],
  );
}

/** What serves, locked against new logs being started in it; and the one that is to replace it. */
export async function servingForUpdate(client: pg.ClientBase, next: GenerationId): Promise<Generation | undefined> {
  const read = await client.query<GenerationRow>(
    `select ${COLUMNS} from read_model.generation
     where projection = $1 and (state = 'serving' or generation = $2) order by generation for update`,
    [next.name, next.generation],
  );
  return read.rows.map(fromRow).find(({ state }) => state === 'serving');
}

/** Lets a built generation serve. */
export async function replaceGeneration(
  client: pg.ClientBase,
  serving: Generation | undefined,
  next: Generation,
): Promise<void> {
  if (serving) {
    await client.query(`update read_model.generation set state = 'retired' where projection = $1 and generation = $2`, [
      serving.name,
      serving.generation,
    ]);
  }
  await client.query(
    `update read_model.generation set shown = false
     where projection = $1 and version = $2 and shown and generation <> $3`,
    [next.name, next.version, next.generation],
  );
  await client.query(
    `update read_model.generation
     set state = 'serving', shown = true, finished_at = clock_timestamp(), events_done = events_total
     where projection = $1 and generation = $2`,
    [next.name, next.generation],
  );
  await showDocumentTable(client, next, next.version);
}

/** Removes what is too old to go back to: of the retired ones the last stays, of the failed ones none. */
export async function dropRetired(client: pg.ClientBase, { name, generation: served }: GenerationId): Promise<void> {
  const all = await readGenerations(client, [name]);
  const old = all.filter(
    ({ state, generation }) => generation !== served && (state === 'retired' || state === 'failed'),
  );
  const kept = old.findLast(({ state }) => state === 'retired');
  for (const generation of old.filter((one) => one !== kept)) {
    await client.query('begin');
    try {
      await client.query(`set local lock_timeout = 500`);
      await dropGeneration(client, generation);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
  }
}
