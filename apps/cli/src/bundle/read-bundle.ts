import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleRecord, bundleRecord } from './bundle-record.js';
import { readTable } from './csv-table.js';
import { type Problem } from './problem.js';
import { RowCells } from './row-cells.js';
import { bundleTables, type TrialContext } from './tables.js';
import { TRIAL_FILE, type TrialDescription } from './trial-file.js';

/** A piece of a bundle: what its rows say and what is wrong with them. */
export interface BundlePage {
  readonly file: string;
  readonly records: readonly BundleRecord[];
  readonly problems: readonly Problem[];
  /** Rows read, the faulty ones included. */
  readonly rows: number;
  /** Bytes read. */
  readonly bytes: number;
}

/** Bytes of all files of the format that a bundle has: what progress is measured by. */
export async function bundleSize(directory: string): Promise<number> {
  const sizes = await Promise.all(
    [TRIAL_FILE, ...bundleTables.map((table) => table.file)].map((file) =>
      stat(join(directory, file)).then(
        (found) => found.size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Reads a bundle as records, in the order in which they can be given: the trial, its roster, its participants, what happened
 * to them. Files that are absent are passed over.
 * @param tenant part of every record's command id
 */
export async function* readBundle(
  directory: string,
  tenant: string,
  trial: TrialDescription,
): AsyncGenerator<BundlePage> {
  yield {
    file: TRIAL_FILE,
    records: [trialRecord(tenant, trial)],
    problems: [],
    rows: 1,
    bytes: (await stat(join(directory, TRIAL_FILE))).size,
  };
  const context: TrialContext = { trial: trial.id, timeZone: trial.timeZone };
  for (const table of bundleTables) {
    const path = join(directory, table.file);
    if (!existsSync(path)) continue;
    for await (const page of readTable(path, table.columns)) {
      const records: BundleRecord[] = [];
      const problems = [...page.problems];
      for (const row of page.rows) {
        const cells = new RowCells(table.file, row);
        const commands = table.commands(cells, context);
        if (cells.problems.length > 0) problems.push(...cells.problems);
        else records.push(bundleRecord(tenant, trial.id, table.file, row.line, commands));
      }
      yield { file: table.file, records, problems, rows: rowsOf(page.rows.length, page.problems), bytes: page.bytes };
    }
  }
}

/** A faulty header is one problem and no row. */
const rowsOf = (readable: number, problems: readonly Problem[]): number =>
  readable + problems.filter((p) => p.line !== undefined && p.line > 1 && !p.code.startsWith('COLUMN_')).length;

function trialRecord(tenant: string, trial: TrialDescription): BundleRecord {
  const { id, ...rest } = trial;
  const columns = {
    trial: 'id',
    title: 'title',
    registration: 'registration',
    timeZone: 'timeZone',
    recruitmentFrom: 'recruitmentFrom',
    recruitmentTo: 'recruitmentTo',
    ...Object.fromEntries(Object.keys(trial.protocol).map((key) => [`protocol.${key}`, key])),
  };
  return bundleRecord(tenant, id, TRIAL_FILE, undefined, [
    { name: 'registerTrial', input: { trial: id, ...rest }, columns },
  ]);
}
