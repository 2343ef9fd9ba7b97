import { LOG_START, type Position, type TenantId } from '@cairn/event-sourcing';
import { EventRestoration } from '@cairn/platform';
import { CopiedTimes, Copyist, CopyRefused, endCopy } from '@cairn/platform/log-copy';
import { ComparedStores } from './compared-stores.js';
import { goOn, type Progress, type Proofs, requireSame, type Stores } from './stores.js';

const PAGE = 2_000;

/**
 * Takes the logs of KurrentDB to PostgreSQL: into an empty one, or one that is the copy already. When all is there and the same,
 * the copy is closed, and PostgreSQL is a store of its own. Until then it goes on where it was interrupted.
 *
 * @throws StoresDiffer, CopyRefused, Uncopyable, EventStoreUnavailable
 */
export async function toPostgres(stores: Stores, only: TenantId | undefined, progress: Progress): Promise<Proofs> {
  const { postgres, kurrent, copy } = stores;
  const compared = new ComparedStores(kurrent, postgres, only);
  const isCopy = (await copy.state()) !== undefined;
  if (only !== undefined) {
    if (isCopy)
      throw new CopyRefused('The database is a copy of all of KurrentDB; --tenant is for one that is a store itself.');
    if ((await postgres.head(only)) === LOG_START) await restoreLog(stores, only, progress);
    await goOn(compared, progress);
    await requireSame(stores, compared, [only]);
    return compared.proofs;
  }
  // A store of its own is compared and left alone.
  const copyist = isCopy || (await copy.isEmpty()) ? new Copyist({ kurrent, copy, grown: () => undefined }) : undefined;
  for (;;) {
    const added = await copyist?.toEnd((events) => progress.copied('', events));
    await goOn(compared, progress);
    if (!added) break;
  }
  await requireSame(stores, compared, await postgres.tenants());
  if (copyist) await endCopy(stores.postgresUrl);
  return compared.proofs;
}

/** One log into a database with others, whole or not at all. */
async function restoreLog({ kurrent, postgresUrl }: Stores, tenant: TenantId, progress: Progress): Promise<void> {
  const times = new CopiedTimes();
  const restoration = await EventRestoration.begin(postgresUrl, tenant);
  try {
    for (let from: Position = LOG_START; ;) {
      const page = await kurrent.readLog(tenant, { from, limit: PAGE });
      if (page.length === 0) break;
      await restoration.add(page.map((event) => ({ ...event, recordedAt: times.of(event) })));
      progress.copied(tenant, page.length);
      from = page.at(-1)!.position;
    }
    await restoration.commit();
  } catch (error) {
    await restoration.abandon();
    throw error;
  }
}
