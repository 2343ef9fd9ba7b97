import type { DocumentKey, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import { type GenerationId, loadDocuments, upsertDocuments } from './document-table.js';
import { readGenerations } from './generation.js';
import type { FeedTools } from './live-feed.js';
import { reasonOf, storedDocument } from './page-fold.js';
import { notifyProjected } from './projected-notice.js';
import type { ProjectionDefinition } from './projection-definition.js';

/**
 * Folds the parked events of one tenant in the generation that serves, document by document and in log order, until one
 * fails again.
 * @returns how many were folded
 */
export async function retryParkedEvents(
  tools: FeedTools,
  definition: ProjectionDefinition,
  tenant: TenantId,
): Promise<number> {
  const { name } = definition.projection;
  const serving = (await readGenerations(tools.database.pool, [name])).find(({ state }) => state === 'serving');
  if (!serving || serving.hash !== definition.hash) return 0;
  let announce: (() => void) | undefined;
  const folded = await tools.database.inTenant(tenant, async (client) => {
    // Raising the revision makes every worker read the documents again, its own ones too; the row lock keeps them off.
    const held = await client.query(
      `update read_model.checkpoint set revision = revision + 1, rewrites = rewrites + 1
       where tenant = $1 and projection = $2 and generation = $3 and not fenced
         and exists (select from read_model.parked p
                     where p.tenant = $1 and p.projection = $2 and p.generation = $3)`,
      [tenant, name, serving.generation],
    );
    if (held.rowCount === 0) return 0;
    const keys = await client.query<DocumentKey>(
      `select distinct scope, id from read_model.parked where tenant = $1 and projection = $2 and generation = $3`,
      [tenant, name, serving.generation],
    );
    let count = 0;
    for (const key of keys.rows) count += await retryDocument(client, tools, definition, serving, tenant, key);
    announce = await notifyProjected(client, tools.fanOut, {
      tenant,
      scopes: [...new Set(keys.rows.map(({ scope }) => scope))],
      position: undefined,
    });
    return count;
  });
  announce?.();
  return folded;
}

async function retryDocument(
  client: pg.ClientBase,
  { store, catalogue }: FeedTools,
  { projection }: ProjectionDefinition,
  generation: GenerationId,
  tenant: TenantId,
  key: DocumentKey,
): Promise<number> {
  const parked = await client.query<{ event_id: string; position: string }>(
    `select event_id, position from read_model.parked
     where tenant = $1 and projection = $2 and generation = $3 and scope = $4 and id = $5 order by position`,
    [tenant, generation.name, generation.generation, key.scope, key.id],
  );
  const [stored] = await loadDocuments(client, generation, tenant, [key]);
  let document = stored?.document;
  let position = stored?.position;
  let folded = 0;
  let failed: { readonly at: string; readonly reason: string } | undefined;
  for (const waiting of parked.rows) {
    const event = await store.findEvent(tenant, waiting.event_id);
    if (!event) throw new Error(`parked event ${waiting.event_id} is not in the log`);
    try {
      document = projection.evolve(document, catalogue.decode(event));
    } catch (error) {
      failed = { at: waiting.position, reason: reasonOf(error) };
      break;
    }
    position = event.position;
    folded++;
  }
  if (folded > 0) {
    await upsertDocuments(client, generation, tenant, [storedDocument(key, position!, document)]);
  }
  const place = [tenant, generation.name, generation.generation, key.scope, key.id];
  await client.query(
    `delete from read_model.parked
     where tenant = $1 and projection = $2 and generation = $3 and scope = $4 and id = $5 and position < $6`,
    [...place, failed?.at ?? '9223372036854775807'],
  );
  if (failed) {
    await client.query(
      `update read_model.parked set first_position = $6, error = case when position = $6 then $7 end
       where tenant = $1 and projection = $2 and generation = $3 and scope = $4 and id = $5`,
      [...place, failed.at, failed.reason],
    );
  }
  return folded;
}
