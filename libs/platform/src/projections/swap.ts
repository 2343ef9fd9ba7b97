import { LOG_START, type RecordedEvent, type TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import {
  advanceCheckpoint,
  type Checkpoint,
  fenceCheckpoint,
  insertParked,
  openCheckpoint,
  readCheckpoint,
} from './checkpoint.js';
import { upsertDocuments } from './document-table.js';
import { dropRetired, replaceGeneration, servingForUpdate } from './generation.js';
import type { FeedTools } from './live-feed.js';
import { decodePage, type DocumentMemory, foldPage, type Halt } from './page-fold.js';
import { notifyProjected } from './projected-notice.js';
import type { Building } from './rebuild.js';

/** Events in a page when the table has its rows already. */
const PAGE_SIZE = 2_000;
/** How far behind what serves a building may be to catch up while all workers wait for it. */
const LAST_STRETCH = 2_000;
/** How long the swap waits for a reader who holds the view before it lets go and tries again. */
const LOCK_TIMEOUT_MS = 500;

/** An event that keeps a building from taking over, and whose it is. */
export interface Stalled {
  readonly tenant: TenantId;
  readonly halt: Halt;
}

/**
 * Lets a building take over from what serves, in one short transaction: the checkpoints of what serves are locked, so
 * that no worker moves them, what is missing is folded, and the view is pointed at the new table. No reader sees a
 * position go backwards.
 * @returns what keeps it from taking over, or undefined when it did
 */
export async function swap(
  client: pg.ClientBase,
  building: Building,
  tools: FeedTools,
  signal: AbortSignal,
): Promise<Stalled | undefined> {
  for (;;) {
    signal.throwIfAborted();
    for (const tenant of await tools.store.tenants()) await catchUp(building, tools, tenant, signal);
    const outcome = await trySwap(client, building, tools);
    if (outcome.kind === 'stalled') return outcome;
    if (outcome.kind === 'swapped') break;
  }
  // Space, not correctness: when a reader holds an old table, the next swap removes it.
  await dropRetired(client, building.generation).catch(() => undefined);
  return undefined;
}

type SwapOutcome = { readonly kind: 'swapped' } | { readonly kind: 'later' } | ({ readonly kind: 'stalled' } & Stalled);

async function trySwap(client: pg.ClientBase, building: Building, tools: FeedTools): Promise<SwapOutcome> {
  const { generation } = building;
  const rollback = async (outcome: SwapOutcome): Promise<SwapOutcome> => {
    await client.query('rollback');
    return outcome;
  };
  const announcing: (() => void)[] = [];
  await client.query('begin');
  try {
    await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
    const serving = await servingForUpdate(client, generation);
    for (const tenant of await tools.store.tenants()) {
      await client.query("select set_config('cairn.tenant', $1, true)", [tenant]);
      const before = serving && (await readCheckpoint(client, serving, tenant, 'for update'));
      let mine = await readCheckpoint(client, generation, tenant);
      if (!mine) {
        await openCheckpoint(client, generation, tenant);
        mine = (await readCheckpoint(client, generation, tenant))!;
      }
      const reached = before?.position ?? LOG_START;
      if (reached - mine.position > LAST_STRETCH) return await rollback({ kind: 'later' });
      if (mine.position < reached && !mine.halt) {
        const after = mine.position;
        const events = await tools.store.readLog(tenant, { from: after, limit: PAGE_SIZE });
        mine = await foldInto(
          client,
          building,
          tools,
          tenant,
          mine,
          events.filter(({ position }) => position <= reached),
        );
      }
      if (serving && mine?.halt) return await rollback({ kind: 'stalled', tenant, halt: mine.halt });
      if (!mine || mine.position < reached) return await rollback({ kind: 'later' });
      if (serving) await fenceCheckpoint(client, serving, tenant);
      announcing.push(await notifyProjected(client, tools.fanOut, { tenant, scopes: 'all', position: undefined }));
    }
    await replaceGeneration(client, serving, generation);
    await client.query('commit');
    for (const announce of announcing) announce();
    return { kind: 'swapped' };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    if ((error as { code?: string }).code === '55P03') return { kind: 'later' };
    throw error;
  }
}

/** Folds what a log has after a building's checkpoint, page by page, until there is no more for now. */
async function catchUp(building: Building, tools: FeedTools, tenant: TenantId, signal: AbortSignal): Promise<void> {
  const { database, store } = tools;
  const memory = tools.recent.open(database, building.generation, tenant);
  let checkpoint = await database.inTenant(tenant, async (client) => {
    await openCheckpoint(client, building.generation, tenant);
    return readCheckpoint(client, building.generation, tenant);
  });
  while (checkpoint && !checkpoint.halt) {
    signal.throwIfAborted();
    const seen: Checkpoint = checkpoint;
    const events = await store.readLog(tenant, { from: seen.position, limit: PAGE_SIZE });
    if (events.length === 0) return;
    checkpoint = await database.inTenant(tenant, (client) =>
      foldInto(client, building, tools, tenant, seen, events, memory),
    );
    if (events.length < PAGE_SIZE) return;
  }
}

/** @returns the checkpoint after the events, or undefined when another worker moved it */
async function foldInto(
  client: pg.ClientBase,
  { definition, generation }: Building,
  tools: FeedTools,
  tenant: TenantId,
  seen: Checkpoint,
  events: readonly RecordedEvent[],
  memory: DocumentMemory = tools.recent.open(tools.database, generation, tenant),
): Promise<Checkpoint | undefined> {
  const wanted = new Set<string>(definition.projection.eventTypes);
  const page = decodePage(events, wanted, tools.catalogue, tools.catalogue.versions());
  const folded = await foldPage(definition, page, seen.position, memory, seen.parked);
  if (!(await advanceCheckpoint(client, generation, tenant, seen, folded))) return undefined;
  await upsertDocuments(client, generation, tenant, folded.changed);
  await insertParked(client, generation, tenant, folded.parked);
  return { ...seen, position: folded.position, revision: seen.revision + 1n, halt: folded.halt };
}
