import { csvLines } from '../csv-cell.js';
import { grouped, tableLines } from '../terminal.js';
import type { Cell, Change, Cut, CutWithTables, FullTable } from './cuts.js';

export const CUT_FORMATS = ['table', 'csv', 'json'] as const;
export type CutFormat = (typeof CUT_FORMATS)[number];

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const text = (cell: Cell): string => (cell === null ? '–' : String(cell));
const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`;

/** Cuts of a trial, one a line. */
export function formatCuts(cuts: readonly Cut[], format: CutFormat): string {
  const header = ['cut', 'occurred before', 'position', 'events', 'taken', 'by', 'hash', 'note'];
  const rows = cuts.map(({ id, occurredBefore, position, size, takenAt, takenBy, hash, note }) => [
    ...[id, occurredBefore, position, String(size), takenAt, takenBy.name, hash, note],
  ]);
  switch (format) {
    case 'table':
      return lines(...tableLines(header, rows, new Set([2, 3])));
    case 'csv':
      return csvLines([header.map((name) => name.replaceAll(' ', '_')), ...rows]);
    case 'json':
      return json(cuts);
    default:
      return format satisfies never;
  }
}

/** A cut, and which tables it has. */
export function formatCut(cut: CutWithTables, format: CutFormat): string {
  const header = ['table', 'audience', 'bytes', 'sha256'];
  const rows = cut.tables.map(({ table, audience, bytes, sha256 }) => [
    ...[table, audience.toLowerCase(), grouped(bytes), sha256],
  ]);
  switch (format) {
    case 'table':
      return lines(...about(cut), '', ...tableLines(header, rows, new Set([2])));
    case 'csv':
      return csvLines([['cut', ...header], ...rows.map((row) => [cut.id, ...row])]);
    case 'json':
      return json(cut);
    default:
      return format satisfies never;
  }
}

/** A table of a cut; as JSON exactly the bytes that were hashed. */
export function formatTable(cut: CutWithTables, table: FullTable, format: CutFormat): string {
  const names = table.columns.map(({ name }) => name);
  const cells = table.rows.map((row) => names.map((name) => row[name] ?? null));
  switch (format) {
    case 'table': {
      const numbers = names.flatMap((_, at) => (cells.some((row) => typeof row[at] === 'number') ? [at] : []));
      const body = tableLines(
        names,
        cells.map((row) => row.map(text)),
        new Set(numbers),
      );
      return lines(...about(cut), `Table ${table.table}, sha256 ${table.sha256}`, '', ...body);
    }
    case 'csv':
      return csvLines([
        ['cut', 'occurred_before', ...names],
        ...cells.map((row) => [cut.id, cut.occurredBefore, ...row]),
      ]);
    case 'json':
      return table.text;
    default:
      return format satisfies never;
  }
}

/** What changed between two cuts, a value a line, each with the first of its causes. */
export function formatChanges(changes: readonly Change[], format: CutFormat): string {
  const header = ['table', 'row', 'column', 'from', 'to', 'because of'];
  switch (format) {
    case 'table': {
      if (changes.length === 0) return 'Nothing changed.\n';
      const rows = changes.map(({ table, key, column, from, to, causes }) => [
        ...[table, Object.values(key).map(text).join(' '), column, text(from), text(to), whyOf(causes)],
      ]);
      return lines(...tableLines(header, rows, new Set([3, 4])));
    }
    case 'csv':
      return csvLines([
        ['table', 'row', 'column', 'from', 'to', 'causes', 'first_cause', 'event'],
        ...changes.map(({ table, key, column, from, to, causes }) => [
          ...[table, Object.values(key).map(text).join(' '), column, from, to],
          ...[causes.totalCount, whyOf(causes), causes.edges[0]?.node.event?.id ?? null],
        ]),
      ]);
    case 'json':
      return json(changes);
    default:
      return format satisfies never;
  }
}

const about = (cut: Cut): readonly string[] => [
  `Data cut ${cut.id}: ${cut.note}`,
  `what had happened before ${cut.occurredBefore}, as known at log position ${cut.position} (${grouped(cut.size)} events)`,
  `taken ${cut.takenAt} by ${cut.takenBy.name}; protocol version ${cut.protocol}, ${cut.code}`,
  `hash ${cut.hash}`,
];

function whyOf({ totalCount, edges }: Change['causes']): string {
  const [first] = edges;
  if (!first) return '–';
  const { event, at, participant, site, worker } = first.node;
  const said = event
    ? `${event.type} ${event.id} recorded ${event.recordedAt}`
    : `time: ${participant ?? worker ?? site ?? ''} at ${at ?? ''}`;
  return totalCount > 1 ? `${said}, and ${grouped(totalCount - 1)} more` : said;
}
