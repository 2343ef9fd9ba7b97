import { readBundle } from '../bundle/read-bundle.js';
import { type BundleRecord, columnOf } from '../bundle/bundle-record.js';
import type { Problem } from '../bundle/problem.js';
import type { TrialDescription } from '../bundle/trial-file.js';
import type { Server } from '../server/server.js';
import { type RecordOutcome, streamImport } from '../server/stream-import.js';
import { grouped, type Progress } from '../terminal.js';

/** What an import came to. */
export interface ImportSummary {
  readonly dryRun: boolean;
  /** Rows read, `trial.json` counted as one. */
  readonly rows: number;
  readonly accepted: number;
  readonly unchanged: number;
  /** Rows left out, whether the reader or the server found them wrong. */
  readonly refused: number;
  readonly eventsAdded: number;
  readonly position: string;
  /** Until every row had its outcome. */
  readonly seconds: number;
  /** Until the read models included all of it; absent for a dry run. */
  readonly secondsUntilShown?: number;
}

/**
 * Reads a bundle, gives it to the server row by row and tells what is wrong with which row.
 * @param tenant part of each record's command id
 * @throws ServerUnreachable
 */
export async function importBundle(
  directory: string,
  trial: TrialDescription,
  server: Server,
  tenant: string,
  dryRun: boolean,
  progress: Progress,
  onProblem: (problem: Problem) => void,
): Promise<ImportSummary> {
  const startedAt = performance.now();
  let rows = 0;
  let records = 0;
  let bytes = 0;
  let refusedByServer = 0;

  async function* pages(): AsyncGenerator<readonly BundleRecord[]> {
    let file: string | undefined;
    let rowsOfFile = 0;
    for await (const page of readBundle(directory, tenant, trial)) {
      if (file !== undefined && file !== page.file) {
        progress.milestone(rowsRead(file, rowsOfFile));
        rowsOfFile = 0;
      }
      file = page.file;
      rowsOfFile += page.rows;
      rows += page.rows;
      records += page.records.length;
      bytes += page.bytes;
      page.problems.forEach(onProblem);
      progress.update(bytes, `${page.file}, ${grouped(rows)} rows`);
      yield page.records;
    }
    if (file !== undefined) progress.milestone(rowsRead(file, rowsOfFile));
  }

  const totals = await streamImport(server, dryRun, pages(), (record, outcome) => {
    if (outcome.kind !== 'refused') return;
    refusedByServer++;
    onProblem(refusalProblem(record, outcome));
  });
  return {
    dryRun,
    rows,
    accepted: totals.accepted,
    unchanged: totals.unchanged,
    refused: rows - records + refusedByServer,
    eventsAdded: dryRun ? 0 : totals.events,
    position: totals.position,
    seconds: (performance.now() - startedAt) / 1_000,
  };
}

const rowsRead = (file: string, rows: number): string =>
  `${file}: ${grouped(rows)} ${rows === 1 ? 'row' : 'rows'} read`;

const refusalProblem = (
  record: BundleRecord,
  { code, message, field, command }: Extract<RecordOutcome, { kind: 'refused' }>,
): Problem => ({
  file: record.file,
  line: record.line,
  column: columnOf(record, field, command),
  code,
  message,
  severity: 'error',
});
