import { EventStoreUnavailable } from '@cairn/event-sourcing';
import type pg from 'pg';
import { isPassing } from '../postgres/failure.js';
import { createDocumentTable, indexDocumentTable, secureDocumentTable } from './document-table.js';
import { foldLogs, type RebuildBudget } from './fold-logs.js';
import { dropGeneration, failGeneration, type Generation, readGenerations, requestGeneration } from './generation.js';
import type { FeedTools } from './live-feed.js';
import type { ProjectionDefinition } from './projection-definition.js';
import { swap } from './swap.js';

/** A building is over all tenants' logs, and every tenant sees why it failed: so it holds nothing of any of them. */
const LOG_SAYS = "the projector's log says why";

/** One projection being built. */
export interface Building {
  readonly definition: ProjectionDefinition;
  readonly generation: Generation;
  /** Makes, or has made, its table searchable by key. */
  indexing: Promise<void> | undefined;
}

/**
 * Builds what is requested, all of it in one pass over the logs, beside what serves; then lets it serve. One worker of a
 * database builds at a time.
 * @returns whether anything was built
 * @throws when the database is lost; what is half made is removed by whoever builds next
 */
export async function rebuildRequested(tools: FeedTools, budget: RebuildBudget, signal: AbortSignal): Promise<boolean> {
  const client = await tools.database.pool.connect();
  let broken: Error | undefined;
  // Without its connection the worker does not hold the lock any more; its next query fails and ends the building.
  const lose = (error: Error): void => void (broken = error);
  client.on('error', lose);
  try {
    const lock = await client.query<{ taken: boolean }>(
      `select pg_try_advisory_lock(hashtext('cairn building')) as taken`,
    );
    if (!lock.rows[0]!.taken) return false;
    try {
      await removeHalfMade(client, tools.definitions);
      return await build(client, await begin(client, tools), tools, budget, signal);
    } finally {
      await client.query(`select pg_advisory_unlock(hashtext('cairn building'))`).catch(lose);
    }
  } finally {
    client.off('error', lose);
    client.release(broken);
  }
}

/** Whoever holds the lock is the only builder: what else is called building belongs to a worker that is gone. */
async function removeHalfMade(client: pg.ClientBase, definitions: readonly ProjectionDefinition[]): Promise<void> {
  for (const { generation, definition } of await ownGenerations(client, definitions)) {
    if (generation.state !== 'building') continue;
    await inTransaction(client, async () => {
      if (generation.shown) {
        await moveGeneration(client, generation, 'requested');
      } else {
        await dropGeneration(client, generation);
        if (isOf(generation, definition)) await requestGeneration(client, definition, generation.generation);
      }
    });
  }
}

/** Takes the requests that this code can build. */
async function begin(client: pg.ClientBase, { definitions, store }: FeedTools): Promise<Building[]> {
  const buildings: Building[] = [];
  for (const { generation, definition } of await ownGenerations(client, definitions)) {
    if (generation.state !== 'requested' || !isOf(generation, definition)) continue;
    await inTransaction(client, async () => {
      await moveGeneration(client, generation, 'building');
      if (!generation.shown) return createDocumentTable(client, generation);
      for (const tenant of await store.tenants()) {
        await client.query("select set_config('cairn.tenant', $1, true)", [tenant]);
        await client.query(
          `update read_model.checkpoint set fenced = false, revision = revision + 1
           where tenant = $1 and projection = $2 and generation = $3`,
          [tenant, generation.name, generation.generation],
        );
      }
    });
    buildings.push({ definition, generation, indexing: generation.shown ? Promise.resolve() : undefined });
  }
  return buildings;
}

async function build(
  client: pg.ClientBase,
  buildings: readonly Building[],
  tools: FeedTools,
  budget: RebuildBudget,
  signal: AbortSignal,
): Promise<boolean> {
  // A kept older building goes on from where it stopped; only new ones start at the start.
  const fresh = buildings.filter(({ generation }) => !generation.shown);
  const unfinished = new Set(buildings);
  let swapped = false;
  try {
    if (fresh.length > 0) await foldLogs(fresh, tools, budget, signal);
    for (const { generation, indexing } of fresh) {
      await (indexing ?? indexDocumentTable(client, generation));
      await secureDocumentTable(client, generation);
    }
    for (const building of buildings) {
      const stalled = await swap(client, building, tools, signal);
      unfinished.delete(building);
      const { name, generation, version } = building.generation;
      if (stalled) {
        const { eventType, eventId, reason } = stalled.halt;
        const failure = `an event ${eventType} cannot be folded; ${LOG_SAYS}`;
        await inTransaction(client, () => failGeneration(client, building.generation, failure));
        const told = `read model ${name} was not rebuilt: event ${eventType} ${eventId} cannot be folded: ${reason}`;
        tools.observer.failed?.(stalled.tenant, new Error(told));
        continue;
      }
      swapped = true;
      await tools.observer.swapped?.({ name, generation, version });
    }
    return swapped;
  } catch (error) {
    if (signal.aborted) await removeHalfMade(client, tools.definitions);
    else if (!isPassing(error) && !(error instanceof EventStoreUnavailable)) {
      for (const { generation } of unfinished) {
        await inTransaction(client, () => failGeneration(client, generation, `it could not be built; ${LOG_SAYS}`));
      }
    }
    throw error;
  }
}

async function ownGenerations(
  client: pg.ClientBase,
  definitions: readonly ProjectionDefinition[],
): Promise<readonly { readonly generation: Generation; readonly definition: ProjectionDefinition }[]> {
  const byName = new Map(definitions.map((definition) => [definition.projection.name, definition]));
  const generations = await readGenerations(client, [...byName.keys()]);
  return generations.map((generation) => ({ generation, definition: byName.get(generation.name)! }));
}

const isOf = (generation: Generation, { projection, hash }: ProjectionDefinition): boolean =>
  generation.version === projection.version && generation.hash === hash;

const moveGeneration = (client: pg.ClientBase, { name, generation }: Generation, state: 'requested' | 'building') =>
  client.query(
    `update read_model.generation
     set state = $3, events_done = 0, started_at = case when $3 = 'building' then clock_timestamp() end
     where projection = $1 and generation = $2`,
    [name, generation, state],
  );

async function inTransaction(client: pg.ClientBase, work: () => Promise<unknown>): Promise<void> {
  await client.query('begin');
  try {
    await work();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
