import { createHmac } from 'node:crypto';
import type { TenantId } from '@cairn/event-sourcing';
import type { TrialTable } from '@cairn/monitoring';
import type { ClosedTable, MaskedTable } from './report.js';

/** Arms of a trial by the version of the protocol, in the order of versions. */
export type ArmsByVersion = readonly (readonly string[])[];

/** The letter of each arm. */
export type ArmLetters = ReadonlyMap<string, string>;

/**
 * Gives the arms of a trial letters that tell nothing: A, B, C … in the order of a keyed hash of their ids. Without the
 * secret nobody can work it out, not even who knows the ids and many trials; with it, it is the same in every process, in every
 * report, for as long as the secret is kept. An arm that a later version of the protocol adds comes after those that were
 * there, so that no letter ever changes hands.
 */
export function armLetters(secret: string, tenant: TenantId, trial: string, arms: ArmsByVersion): ArmLetters {
  const letters = new Map<string, string>();
  for (const version of arms) {
    const added = [...new Set(version)].filter((arm) => !letters.has(arm));
    const inOrder = added
      .map((arm) => ({ arm, rank: rankOf(secret, tenant, trial, arm) }))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1));
    for (const { arm } of inOrder) letters.set(arm, letterOf(letters.size));
  }
  return letters;
}

const rankOf = (secret: string, ...names: readonly string[]): string =>
  createHmac('sha256', secret).update(JSON.stringify(names)).digest('hex');

/** A … Z, then AA, AB … */
function letterOf(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : `${letterOf(Math.floor(index / 26) - 1)}${last}`;
}

/** The column of a table by arm that holds the arm. */
export const ARM = 'arm';

/**
 * The same table with letters for the arms, its rows in the order of the letters: the order of the ids would tell which is
 * which.
 * @throws Error for a table that is not by arm, or an arm without a letter: it must not be shown under its id
 */
export function maskTable(table: ClosedTable, letters: ArmLetters): MaskedTable {
  if (!table.columns.some(({ name }) => name === ARM)) throw new Error(`table ${table.table} has no column ${ARM}`);
  const rows = table.rows.map((row) => ({ ...row, [ARM]: letterFor(String(row[ARM]), letters) }));
  const keyOf = (row: (typeof rows)[number]): string =>
    JSON.stringify(table.key.map((name) => (row as TrialTable['rows'][number])[name] ?? null));
  const inOrder = rows
    .map((row) => ({ row, key: keyOf(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);
  return { ...table, rows: inOrder } as ClosedTable as MaskedTable;
}

function letterFor(arm: string, letters: ArmLetters): string {
  const letter = letters.get(arm);
  if (letter === undefined) throw new Error('an arm of a closed table has no letter');
  return letter;
}
