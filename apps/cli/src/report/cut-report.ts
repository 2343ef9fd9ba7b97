import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { UsageError } from '../exit-code.js';
import { ask, GraphqlError, type Server } from '../server/server.js';
import type { Terminal } from '../terminal.js';

export const CUT_REPORT_KINDS = ['open', 'closed'] as const;
export type CutReportKind = (typeof CUT_REPORT_KINDS)[number];
export const CUT_REPORT_FORMATS = ['html', 'csv', 'json'] as const;
export type CutReportFormat = (typeof CUT_REPORT_FORMATS)[number];

export interface CutReportOptions {
  readonly trial: string;
  readonly cut: string;
  readonly format: CutReportFormat;
  /** The folder that the files are written to; made when it is not there. */
  readonly out: string;
}

const Report = z.object({
  html: z.string().optional(),
  json: z.string().optional(),
  csv: z.array(z.object({ table: z.string(), text: z.string() })).optional(),
});
const Answer = z.object({
  trial: z.object({ dataCut: z.object({ report: Report.nullable() }).nullable() }).nullable(),
});

/** What of a report is asked for: each look at a closed one is recorded, so it is one question. */
const selections = { html: 'html', json: 'json', csv: 'csv { table text }' } as const;
const query = (kind: CutReportKind, format: CutReportFormat): string => `
  query($trial: ID!, $cut: ID!) { trial(id: $trial) { dataCut(id: $cut) {
    report: ${kind}Report { ${selections[format]} } } } }`;

/**
 * Writes the report of a data cut: a page, a JSON file, or a CSV file for each of its tables.
 * @throws UsageError for a cut that the server does not know, or a report that it does not show
 * @throws ServerUnreachable
 */
export async function cutReportCommand(
  kind: CutReportKind,
  server: Server,
  { trial, cut, format, out }: CutReportOptions,
  terminal: Terminal,
): Promise<void> {
  const report = await askFor(kind, server, { trial, cut, format });
  const name = `${trial}-${cut}-${kind}`;
  const files =
    format === 'csv'
      ? report.csv!.map(({ table, text }) => ({ name: `${name}-${table}.csv`, text }))
      : [{ name: `${name}.${format}`, text: report[format]! }];
  try {
    await mkdir(out, { recursive: true });
    for (const file of files) {
      const target = path.join(out, file.name.replace(/[^A-Za-z0-9._-]+/g, '_'));
      // What is by arm is for whoever asked and nobody else on the machine.
      await writeFile(target, file.text, { mode: kind === 'closed' ? 0o600 : 0o644 });
      terminal.out.write(`${target}\n`);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new UsageError(`the report cannot be written: ${message}`);
  }
}

async function askFor(
  kind: CutReportKind,
  server: Server,
  { trial, cut, format }: Pick<CutReportOptions, 'trial' | 'cut' | 'format'>,
): Promise<z.infer<typeof Report>> {
  try {
    const answer = await ask(server, query(kind, format), { trial, cut }, Answer);
    if (!answer.trial?.dataCut) throw new UsageError(`there is no data cut ${cut} of a trial ${trial}`);
    const { report } = answer.trial.dataCut;
    if (!report) {
      throw new UsageError(`the ${kind} report of data cut ${cut} is not shown to your roles, or not any more`);
    }
    return report;
  } catch (error) {
    if (error instanceof GraphqlError) throw new UsageError(error.message);
    throw error;
  }
}
