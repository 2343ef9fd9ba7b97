import { APPEND_MAX_EVENTS, type Position, type TenantId } from '@cairn/event-sourcing';
import { beginCopy, Copyist, wholeCommands } from '@cairn/platform/log-copy';
import { ComparedStores } from './compared-stores.js';
import { goOn, type Progress, type Proofs, requireSame, type Stores } from './stores.js';

/** Events that are written with one call; more than an append can have. */
const PAGE = 1_000 + APPEND_MAX_EVENTS;

/**
 * Takes the logs of PostgreSQL to KurrentDB, as they were recorded, and compares what arrived. What is there already is compared
 * first, and it goes on behind it: so it may be interrupted anywhere. Without `only`, PostgreSQL is the copy of this KurrentDB
 * afterwards; from the moment that it is, nobody can append to it by itself.
 *
 * @throws StoresDiffer, CopyRefused, EventStoreUnavailable
 */
export async function toKurrentdb(stores: Stores, only: TenantId | undefined, progress: Progress): Promise<Proofs> {
  const { postgres, kurrent, copy } = stores;
  // One that is a copy already must be that of this KurrentDB.
  if (await copy.state()) await beginCopy(kurrent, copy);
  const compared = new ComparedStores(kurrent, postgres, only);
  await goOn(compared, progress);
  for (;;) {
    const tenants = only === undefined ? await postgres.tenants() : [only];
    const added = await copyAll(stores, tenants, compared, progress);
    await goOn(compared, progress);
    // Until it is a copy, somebody may append to PostgreSQL while this works.
    if (added > 0) continue;
    await requireSame(stores, compared, tenants);
    if (only !== undefined || (await isCopied(stores, tenants))) return compared.proofs;
    await new Copyist({ kurrent, copy, grown: () => undefined }).toEnd();
  }
}

async function copyAll(
  { postgres, kurrent }: Stores,
  tenants: readonly TenantId[],
  compared: ComparedStores,
  progress: Progress,
): Promise<number> {
  let added = 0;
  for (const tenant of tenants) {
    for (let from = await beginningFor(postgres, tenant, compared.same(tenant)); ;) {
      const page = wholeCommands(await postgres.readLog(tenant, { from, limit: PAGE }), PAGE);
      if (page.length === 0) break;
      await kurrent.writeRecorded(tenant, page);
      from = page.at(-1)!.position;
      const fresh = page.filter(({ position }) => position > BigInt(compared.same(tenant))).length;
      added += fresh;
      progress.copied(tenant, fresh);
    }
  }
  return added;
}

/** Where writing begins so that no append is cut: behind what is there, or before the append of which only a part is. */
async function beginningFor(postgres: Stores['postgres'], tenant: TenantId, there: number): Promise<Position> {
  const before = Math.max(0, there - APPEND_MAX_EVENTS);
  const around = await postgres.readLog(tenant, { from: BigInt(before), limit: there - before + 1 });
  const [last, next] = [around[there - before - 1], around[there - before]];
  if (!last || last.commandId !== next?.commandId) return BigInt(there);
  return around.find(({ commandId }) => commandId === last.commandId)!.position - 1n;
}

/** Whether the copy knows all there is as something that KurrentDB has. */
async function isCopied({ postgres, copy }: Stores, tenants: readonly TenantId[]): Promise<boolean> {
  if (!(await copy.state())) return false;
  for (const tenant of tenants) if ((await copy.copied(tenant)) < (await postgres.head(tenant))) return false;
  return true;
}
