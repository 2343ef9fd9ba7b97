import { formatInstant } from '@cairn/event-sourcing';
import { ALL, cellName, type Ledger, type Reader, type RowKey } from './ledger.js';
import type { TableAudience, TableColumn, TableRow, TableValue, TrialTable } from './trial-table.js';
import type { TrialSetting } from './trial-setting.js';

/** How a column's value is read off what the units add up to. */
export interface ColumnRule extends TableColumn {
  readonly value: (read: Reader, row: RowKey) => TableValue;
  /** Whether the value is a sum of what single units add, of which each can be told. */
  readonly isCount?: boolean;
}

/** How a table is made. */
export interface TableRule {
  readonly table: string;
  readonly audience: TableAudience;
  readonly key: readonly TableColumn[];
  readonly rows: (setting: TrialSetting, ledger: Ledger) => readonly RowKey[];
  readonly columns: readonly ColumnRule[];
  /** What says that there is such a row at all, as names of numbers. */
  readonly rowNames: (row: RowKey) => readonly string[];
}

export const siteKey: TableColumn = { name: 'site', definition: 'Id of the site; `all` is the row of all sites.' };

/** A row for each site of the register, and one for all. */
export const siteRows = ({ sites }: TrialSetting): readonly RowKey[] => [
  ...[...sites.keys()].map((site) => [site]),
  [ALL],
];
export const siteRowNames = (row: RowKey): readonly string[] => [cellName('@site', row.slice(-1), 'site')];

/** A column that counts units. */
export const countColumn = (table: string, name: string, definition: string): ColumnRule => ({
  name,
  definition,
  value: (read, row) => read.count(table, row, name),
  isCount: true,
});

/** A column of rows that units bring along. */
export const ownColumn = (table: string, name: string, definition: string, unit?: string): ColumnRule => ({
  name,
  ...(unit !== undefined && { unit }),
  definition,
  value: (read, row) => read.own(table, row, name),
});

/** A column of such rows that holds an instant, or null. */
export const timeColumn = (table: string, name: string, definition: string): ColumnRule => ({
  name,
  unit: 'RFC 3339',
  definition,
  value: (read, row) => inWriting(read.own(table, row, name)),
});

/** An instant as tables have it. */
export const inWriting = (instant: TableValue): TableValue =>
  typeof instant === 'number' ? formatInstant(instant) : null;

/** A share of two columns of the same row, null where the denominator is 0 or nothing. */
export const shareColumn = (
  name: string,
  definition: string,
  numerator: ColumnRule,
  denominator: ColumnRule,
): ColumnRule => ({
  name,
  unit: 'proportion',
  definition,
  value: (read, row) => share(numerator.value(read, row), denominator.value(read, row)),
});

/** Null instead of a share of nothing. */
export const share = (numerator: TableValue, denominator: TableValue): number | null =>
  typeof numerator === 'number' && typeof denominator === 'number' && denominator !== 0
    ? numerator / denominator
    : null;

/** A part of the protocol as the tables' rules read it, so that a change of it is known to be one of theirs. */
export const protocolPart = (read: Reader, part: string): TableValue => read.own('@protocol', ['protocol'], part);

/** A table's rows, by what names them, in their order. */
export const rowsInOrder = (rule: TableRule, setting: TrialSetting, ledger: Ledger): readonly RowKey[] =>
  rule.rows(setting, ledger).toSorted((a, b) => compare(a.map(label), b.map(label)));

export function tableOf(rule: TableRule, setting: TrialSetting, ledger: Ledger): TrialTable {
  return {
    table: rule.table,
    audience: rule.audience,
    key: rule.key.map(({ name }) => name),
    columns: [...rule.key, ...rule.columns].map(({ name, unit, definition }) => ({
      name,
      ...(unit !== undefined && { unit }),
      definition,
    })),
    rows: rowsInOrder(rule, setting, ledger).map((row) => ({
      ...keyOf(rule, row),
      ...Object.fromEntries(rule.columns.map((column) => [column.name, column.value(ledger, row)])),
    })),
  };
}

/** The key of a row as the table has it. */
export const keyOf = (rule: TableRule, row: RowKey): TableRow =>
  Object.fromEntries(rule.key.map(({ name }, index) => [name, label(row[index]!)]));

/** `all` for all; a site that has that name is told apart from it. */
const label = (id: string): string => (id === ALL ? 'all' : /^all(?: \(site\))*$/.test(id) ? `${id} (site)` : id);

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index]!;
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}
