import { parseVerifierKey, type VerifierKey } from '@cairn/audit';
import { type AlertingRow, ALERTING_TABLES, type AlertingTable } from '@cairn/platform';
import type { PlacedStone } from './chain.js';
import { type CheckedPage, checkedLog } from './checked-log.js';
import { BackupDamaged } from './problem.js';
import { ALERTING_FILE, type Stone } from './stone.js';
import { stoneLines } from './stone-lines.js';

/** Who is given a backup as it is gone through, to bring it back. */
export interface BackupReader {
  page(tenant: string, page: CheckedPage): Promise<void>;
  alerting(rows: readonly AlertingRow[]): Promise<void>;
}

/** A log of the backup, as it was found to be. */
export interface VerifiedLog {
  readonly tenant: string;
  readonly events: bigint;
  /** How many of them are covered by a signature. */
  readonly signed: bigint;
  /** Of the tree of these, in base64. */
  readonly root: string | undefined;
}

export interface VerifiedBackup {
  readonly stone: Stone;
  readonly logs: readonly VerifiedLog[];
}

/**
 * Goes through a backup from its first event to its last: every file has to be the one that was written, every event the one
 * that was signed. What is kept of alerts is read of the last stone only; all files of the others are looked at as well.
 * @param given keys that are believed; undefined: those in the backup
 * @throws BackupDamaged
 */
export async function goThroughBackup(
  chain: readonly PlacedStone[],
  given: readonly VerifierKey[] | undefined,
  reader?: BackupReader,
): Promise<VerifiedBackup> {
  const last = chain.at(-1)!;
  const keys = given ?? keysOf(chain);
  for (const placed of chain) await checkAlerting(placed, placed === last ? reader : undefined);
  const logs: VerifiedLog[] = [];
  for (const { tenant, to, signed } of last.stone.logs) {
    let root: string | undefined;
    for await (const page of checkedLog(chain, tenant, keys)) {
      root = page.root;
      await reader?.page(tenant, page);
    }
    logs.push({ tenant, events: BigInt(to), signed: BigInt(signed), root });
  }
  return { stone: last.stone, logs };
}

/** Every stone tells the keys that were known then. */
const keysOf = (chain: readonly PlacedStone[]): readonly VerifierKey[] =>
  [...new Set(chain.flatMap(({ stone }) => stone.keys))].flatMap((text) => parseVerifierKey(text) ?? []);

async function checkAlerting(placed: PlacedStone, reader: BackupReader | undefined): Promise<void> {
  const file = placed.pathOf(ALERTING_FILE);
  let count = 0;
  for await (const lines of stoneLines(placed, ALERTING_FILE)) {
    const rows = lines.map(({ value, line }) => {
      const row = alertingRow(value);
      if (!row) throw new BackupDamaged(file, `Line ${line} of ${file} is no row of what is kept of alerts.`);
      return row;
    });
    count += rows.length;
    await reader?.alerting(rows);
  }
  if (count !== placed.stone.alertingRows) throw new BackupDamaged(file, `${file} has not all of its rows.`);
}

function alertingRow(value: unknown): AlertingRow | undefined {
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [table, tenant, row] = value as readonly unknown[];
  if (!ALERTING_TABLES.includes(table as AlertingTable) || typeof tenant !== 'string') return undefined;
  return typeof row === 'string' ? { table: table as AlertingTable, tenant, row } : undefined;
}
