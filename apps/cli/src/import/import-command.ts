import { bundleSize } from '../bundle/read-bundle.js';
import type { Problem } from '../bundle/problem.js';
import { readTrialFile, TRIAL_FILE } from '../bundle/trial-file.js';
import { ExitCode, UsageError } from '../exit-code.js';
import type { SignedIn } from '../identity/sign-in.js';
import { grouped, startProgress, type Terminal } from '../terminal.js';
import { awaitReadModels } from './await-read-models.js';
import { importBundle, type ImportSummary } from './import-bundle.js';
import { openTenant } from './open-tenant.js';
import { ProblemList, SHOWN_AT_MOST } from './problem-list.js';

export interface ImportOptions {
  readonly dryRun: boolean;
  readonly strict: boolean;
  /** Show every problem, not just the first ones. */
  readonly all: boolean;
  readonly format: 'table' | 'json';
}

/**
 * `cairn import`: a bundle into the server.
 * @throws UsageError when the directory is not a bundle, or whoever asks may not import
 * @throws ServerUnreachable
 */
export async function importCommand(
  directory: string,
  { server, user }: SignedIn,
  options: ImportOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const reading = await readTrialFile(directory);
  if (reading.kind === 'absent') {
    throw new UsageError(`${directory} is not a bundle: it has no ${TRIAL_FILE}`);
  }
  const report = new Report(options, terminal);
  if (reading.kind === 'faulty') {
    reading.problems.forEach((problem) => report.problem(problem));
    report.problems();
    terminal.err.write(`Nothing was imported: ${TRIAL_FILE} says what the rest means.\n`);
    return ExitCode.rowsRefused;
  }

  const tenant = await openTenant(server, user, options);
  const size = await bundleSize(directory);
  const pass = async (dryRun: boolean, into: Report): Promise<ImportSummary> => {
    const progress = startProgress(terminal.err, dryRun ? 'Checking' : 'Importing', size);
    try {
      const summary = await importBundle(directory, reading.trial, server, tenant, dryRun, progress, (p) =>
        into.problem(p),
      );
      if (dryRun) return summary;
      const startedAt = performance.now();
      into.warning = await awaitReadModels(server, reading.trial.id, summary.position, progress);
      return { ...summary, secondsUntilShown: summary.seconds + (performance.now() - startedAt) / 1_000 };
    } finally {
      progress.stop();
    }
  };

  const first = await pass(options.dryRun || options.strict, report);
  if (first.dryRun && !options.dryRun && report.errors === 0) {
    // All rows are good. Should others have made one of them wrong since then, the second pass tells.
    const second = new Report(options, terminal);
    second.end(await pass(false, second));
    return second.exitCode();
  }
  report.end(first);
  return report.exitCode();
}

/** What the user is told, for people or for machines. */
class Report {
  warning: string | undefined;
  private readonly list: ProblemList;

  constructor(
    private readonly options: ImportOptions,
    private readonly terminal: Terminal,
  ) {
    this.list = new ProblemList(options.all ? Number.MAX_SAFE_INTEGER : SHOWN_AT_MOST);
  }

  get errors(): number {
    return this.list.errors;
  }

  exitCode(): ExitCode {
    return this.errors > 0 ? ExitCode.rowsRefused : ExitCode.done;
  }

  end(summary: ImportSummary): void {
    this.problems();
    this.summary(summary);
  }

  problem(problem: Problem): void {
    this.list.add(problem);
  }

  problems(): void {
    if (this.options.format === 'table') {
      for (const line of this.list.lines()) this.terminal.out.write(`${line}\n`);
    } else {
      for (const problem of this.list.first()) this.terminal.out.write(`${JSON.stringify({ problem })}\n`);
    }
  }

  private summary(summary: ImportSummary): void {
    const { out, err } = this.terminal;
    if (this.warning !== undefined) err.write(`${this.warning}\n`);
    if (this.options.format === 'json') {
      out.write(
        `${JSON.stringify({ summary: { ...summary, problems: this.list.total, codes: this.list.codes() } })}\n`,
      );
      return;
    }
    const { rows, accepted, unchanged, refused, eventsAdded, seconds, secondsUntilShown } = summary;
    const shown = secondsUntilShown === undefined ? '' : `, shown after ${secondsUntilShown.toFixed(1)} s`;
    const duration = `${seconds.toFixed(1)} s${shown}`;
    const what = summary.dryRun ? 'Checked, nothing was written' : this.warning === undefined ? 'Done' : 'Stored';
    out.write(
      `${what}: ${grouped(rows)} rows read, ${grouped(accepted)} ${summary.dryRun ? 'would be accepted' : 'accepted'}, ` +
        `${grouped(unchanged)} unchanged, ${grouped(refused)} refused; ` +
        `${grouped(eventsAdded)} events added; ${duration}.\n`,
    );
  }
}
