import { canonicalJson, formatInstant } from '@cairn/event-sourcing';
import type { TrialTable } from '@cairn/monitoring';
import { type Cell, csvRecord } from './csv.js';
import type { FlowNode } from '@cairn/monitoring';
import { flowRows } from './flow-diagram.js';
import type { Report } from './report.js';

/** Columns before a table's own: what every line is to be cited by. */
const CITED_BY = [
  'cut_trial',
  'cut',
  'cut_hash',
  'cut_position',
  'cut_occurred_before',
  'cut_report',
  'cut_table',
] as const;
/** The last column: what the others mean. A file that is passed on by itself must still say it. */
const DEFINITIONS = 'cut_definitions';

/**
 * One table of a report as a CSV file (RFC 4180). Every line names the cut and defines the columns, so that whoever reads one
 * line, in whatever program, can say where it comes from. A table without rows has one line whose own cells are empty.
 */
export function reportCsv({ kind, trial, cut }: Report, { table, columns, rows }: TrialTable): string {
  const names = columns.map(({ name }) => name);
  const citation: Cell[] = [trial.trial, cut.cut, cut.hash, cut.position, cut.occurredBefore, kind, table];
  const definitions = columns.map(definitionOf).join('; ');
  const lines = rows.length === 0 ? [{}] : rows;
  return [
    csvRecord([...CITED_BY, ...names, DEFINITIONS]),
    ...lines.map((row) => csvRecord([...citation, ...names.map((name) => row[name] ?? null), definitions])),
  ].join('');
}

const definitionOf = ({ name, unit, definition }: TrialTable['columns'][number]): string =>
  `${name}${unit === undefined ? '' : ` (${unit})`}: ${definition}`;

/** A whole report as RFC 8785 text: the same cut and the same signals before it give the same bytes. */
export function reportJson(report: Report): string {
  const { kind, trial, cut, flow, signals, raised, tables } = report;
  return canonicalJson({
    format: 'cairn-report/1',
    report: kind,
    trial,
    cut: { ...cut, takenAt: formatInstant(cut.takenAt) },
    flow: flow === undefined ? null : flowContent(flow),
    signals,
    raised,
    tables: tables.map(({ table, audience, key, columns, rows }) => ({ table, audience, key, columns, rows })),
    ...(report.kind === 'closed' && {
      closedUntil: formatInstant(report.closedUntil),
      ...(report.armKey && { armKey: report.armKey }),
    }),
  });
}

const flowContent = (root: FlowNode) =>
  flowRows(root).map(({ node: { id, label, count }, from, arm }) => ({
    box: id,
    label,
    count,
    from: from?.id ?? null,
    ...(arm !== undefined && { arm }),
  }));
