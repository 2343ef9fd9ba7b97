import type { CorrectnessCounts } from './witness.js';

/** A figure that the product promises. */
export interface Target {
  readonly title: string;
  readonly figure: number;
  /** One of the two. */
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit: string;
}

/** A figure that stands for itself. */
export interface Figure {
  readonly title: string;
  readonly figure: number;
  readonly unit: string;
  /** Lowest and highest of the rounds whose median the figure is. */
  readonly range?: readonly [number, number];
}

export interface Section {
  readonly name: string;
  readonly title: string;
  readonly targets: readonly Target[];
  readonly figures: readonly Figure[];
  readonly correctness: readonly ({ readonly contender: string; readonly acknowledged: number } & CorrectnessCounts)[];
  readonly notes: readonly string[];
}

export const isMet = ({ figure, atLeast, atMost }: Target): boolean =>
  (atLeast === undefined || figure >= atLeast) && (atMost === undefined || figure <= atMost);

/** The section as it is read in a terminal: what was promised first, then what was right and wrong, then the figures. */
export function render(section: Section): string {
  const lines = [`\n${section.title}`];
  if (section.targets.length > 0) {
    lines.push(
      ...table([
        ['', 'figure', 'target', ''],
        ...section.targets.map((target) => [
          target.title,
          `${round(target.figure)}${target.unit}`,
          target.atLeast === undefined ? `≤ ${target.atMost}${target.unit}` : `≥ ${target.atLeast}${target.unit}`,
          isMet(target) ? 'met' : 'MISSED',
        ]),
      ]),
    );
  }
  if (section.correctness.length > 0) {
    lines.push(
      '',
      ...table([
        ['', 'acknowledged', 'lost', 'duplicated', 'reordered', 'falsely rejected'],
        ...section.correctness.map((c) =>
          [c.contender, c.acknowledged, c.lost, c.duplicated, c.reordered, c.falselyRejected].map((cell) =>
            typeof cell === 'number' ? cell.toLocaleString('en') : cell,
          ),
        ),
      ]),
    );
  }
  if (section.figures.length > 0) {
    lines.push(
      '',
      ...table(
        section.figures.map(({ title, figure, unit, range }) => [
          title,
          `${round(figure)}${unit}`,
          range ? `${round(range[0])}–${round(range[1])}` : '',
        ]),
      ),
    );
  }
  return [...lines, ...section.notes.map((note) => `  ${note}`)].join('\n');
}

/** Three digits are more than a shared machine can promise. */
const round = (figure: number): string =>
  figure >= 1_000
    ? Math.round(figure).toLocaleString('en')
    : figure.toLocaleString('en', { maximumSignificantDigits: 3 });

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')}`.trimEnd(),
  );
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** @param share between 0 and 1 */
export function percentile(figures: readonly number[], share: number): number {
  const sorted = Float64Array.from(figures).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]!;
}

export const rangeOf = (figures: readonly number[]): readonly [number, number] => [
  Math.min(...figures),
  Math.max(...figures),
];
