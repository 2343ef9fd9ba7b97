import type { Problem } from '../bundle/problem.js';
import { bundleTables } from '../bundle/tables.js';
import { TRIAL_FILE } from '../bundle/trial-file.js';
import { grouped, tableLines } from '../terminal.js';

/** Problems shown where not all are asked for. */
export const SHOWN_AT_MOST = 100;

const FILES = [TRIAL_FILE, ...bundleTables.map((table) => table.file)];
const before = (a: Problem, b: Problem): number =>
  FILES.indexOf(a.file) - FILES.indexOf(b.file) ||
  (a.line ?? 0) - (b.line ?? 0) ||
  (a.column ?? '').localeCompare(b.column ?? '');

/**
 * Collects problems as they come, in whatever order the server answers, and keeps the first ones of the bundle: a file with a
 * million wrong rows must neither fill the memory nor the screen.
 */
export class ProblemList {
  private kept: Problem[] = [];
  private readonly counts = new Map<string, { errors: number; warnings: number; readonly files: Set<string> }>();
  errors = 0;

  constructor(private readonly limit = SHOWN_AT_MOST) {}

  add(problem: Problem): void {
    const count = this.counts.get(problem.code) ?? { errors: 0, warnings: 0, files: new Set() };
    this.counts.set(problem.code, count);
    count.files.add(problem.file);
    if (problem.severity === 'error') {
      count.errors++;
      this.errors++;
    } else count.warnings++;
    this.kept.push(problem);
    if (this.kept.length > 2 * this.limit + 1_000) this.first();
  }

  /** The first problems, in the order of the bundle. */
  first(): readonly Problem[] {
    this.kept = this.kept.sort(before).slice(0, this.limit);
    return this.kept;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count.errors + count.warnings, 0);
  }

  /** How many problems there are of each code. */
  codes(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.counts].sort(([a], [b]) => a.localeCompare(b)).map(([code, c]) => [code, c.errors + c.warnings]),
    );
  }

  /** The problems and how many there are of each code, for people. */
  lines(): string[] {
    const shown = this.first();
    if (shown.length === 0) return [];
    const rows = shown.map((p) => [p.file, p.line?.toString() ?? '', p.column ?? '', p.code, p.message]);
    const codes = Object.entries(this.codes()).map(([code, count]) => {
      const { errors, files } = this.counts.get(code)!;
      return [code, grouped(count), errors === 0 ? 'warning' : 'error', [...files].sort().join(', ')];
    });
    return [
      ...tableLines(['file', 'line', 'column', 'code', 'message'], rows, new Set([1])),
      ...(this.total > shown.length
        ? [`… and ${grouped(this.total - shown.length)} more; --all shows all of them`]
        : []),
      '',
      ...tableLines(['code', 'count', 'kind', 'files'], codes, new Set([1])),
      '',
    ];
  }
}
