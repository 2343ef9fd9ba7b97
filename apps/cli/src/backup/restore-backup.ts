import type { VerifierKey } from '@cairn/audit';
import { type CheckpointRow, migrate, migrationFiles, numberOf, RestoreTarget } from '@cairn/platform';
import type { PlacedStone } from './chain.js';
import { BackupUnusable } from './problem.js';
import { goThroughBackup, type VerifiedBackup } from './verify-backup.js';

/** Events of one call of the database: large enough that calls cost nothing, small enough to be held. */
const PAGE = 1_000;

/**
 * Brings a backup into an empty database, checked event by event on the way. All of it is one transaction: what interrupts it,
 * a fault in the backup or the end of the process, leaves the database empty, and the same command may be given again.
 * @param url of the login that migrates
 * @throws BackupDamaged, BackupUnusable
 * @throws LogNotEmpty, RestoreUnderWay, NoLog
 * @throws MigrationFailed, EventStoreUnavailable
 */
export async function restoreBackup(
  chain: readonly PlacedStone[],
  url: string,
  given: readonly VerifierKey[] | undefined,
): Promise<VerifiedBackup> {
  const known = new Set((await migrationFiles()).map(numberOf));
  const newer = chain.at(-1)!.stone.migrations.find((number) => !known.has(number));
  if (newer !== undefined) {
    throw new BackupUnusable(`the backup is of a newer version of Cairn, with migration ${newer}; run that version`);
  }
  await migrate(url);
  const target = await RestoreTarget.begin(url);
  try {
    const signed = new Map<string, bigint>();
    // Those of one tenant until the tiles that belong to them come.
    const checkpoints: CheckpointRow[] = [];
    const found = await goThroughBackup(chain, given, {
      alerting: (rows) => target.addAlerting(rows),
      page: async (tenant, page) => {
        for (let from = 0; from < page.events.length; from += PAGE) {
          await target.addEvents(tenant, page.events.slice(from, from + PAGE));
        }
        checkpoints.push(...page.checkpoints);
        if (page.tiles.length === 0) return;
        const before = signed.get(tenant) ?? 0n;
        await target.addCheckpoints(tenant, { before, last: page.signed }, page.tiles, checkpoints.splice(0));
        signed.set(tenant, page.signed);
      },
    });
    await target.commit();
    return found;
  } catch (error) {
    await target.abandon();
    throw error;
  }
}
