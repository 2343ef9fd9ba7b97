import type { TableValue } from './trial-table.js';

/** What names a row: ids, and `ALL` for the sites together. */
export type RowKey = readonly string[];
/** No identifier is empty, so no site can be taken for all of them. */
export const ALL = '';

/** Names a number. No identifier has a line feed in it. */
export const cellName = (table: string, row: RowKey, column: string): string =>
  `${table}\n${row.length === 1 ? row[0]! : row.join('\n')}\n${column}`;

/** What one unit adds to a number: to a count, to a list of measurements, or the value itself where nobody else adds. */
export type Amount = number | readonly number[] | { readonly is: TableValue };

/** What one participant, site or worker adds to the numbers of a trial. */
export class Contribution {
  readonly amounts = new Map<string, Amount>();
  readonly rows: { readonly table: string; readonly row: RowKey }[] = [];

  /** Adds to a count. */
  count(table: string, row: RowKey, column: string, by = 1): void {
    const name = cellName(table, row, column);
    this.amounts.set(name, ((this.amounts.get(name) as number | undefined) ?? 0) + by);
  }

  /** Adds a measurement to a list. */
  measure(table: string, row: RowKey, column: string, value: number): void {
    const name = cellName(table, row, column);
    const list = this.amounts.get(name) as number[] | undefined;
    if (list) list.push(value);
    else this.amounts.set(name, [value]);
  }

  /** A row of the unit's own. Null is what a reader finds where nothing is. */
  row(table: string, row: RowKey, values: Readonly<Record<string, TableValue>>): void {
    this.rows.push({ table, row });
    for (const column in values) {
      const value = values[column]!;
      if (value !== null) this.amounts.set(cellName(table, row, column), { is: value });
    }
  }
}

/** Where the rules of columns read. */
export interface Reader {
  /** 0 where nobody adds. */
  count(table: string, row: RowKey, column: string): number;
  /** In rising order. */
  list(table: string, row: RowKey, column: string): readonly number[];
  /** Null where there is none. */
  own(table: string, row: RowKey, column: string): TableValue;
}

/** What all units add up to. */
export class Ledger implements Reader {
  private readonly counts = new Map<string, number>();
  private readonly lists = new Map<string, number[]>();
  private readonly values = new Map<string, TableValue>();
  private readonly rows = new Map<string, RowKey[]>();

  add(contribution: Contribution): void {
    for (const [name, amount] of contribution.amounts) {
      if (typeof amount === 'number') this.counts.set(name, (this.counts.get(name) ?? 0) + amount);
      else if ('is' in amount) this.values.set(name, amount.is);
      else this.listOf(name).push(...amount);
    }
    for (const { table, row } of contribution.rows) {
      const rows = this.rows.get(table) ?? [];
      rows.push(row);
      this.rows.set(table, rows);
    }
  }

  count(table: string, row: RowKey, column: string): number {
    return this.counts.get(cellName(table, row, column)) ?? 0;
  }

  list(table: string, row: RowKey, column: string): readonly number[] {
    return (this.lists.get(cellName(table, row, column)) ?? []).toSorted((a, b) => a - b);
  }

  own(table: string, row: RowKey, column: string): TableValue {
    return this.values.get(cellName(table, row, column)) ?? null;
  }

  /** The rows that units brought along. */
  rowsOf(table: string): readonly RowKey[] {
    return this.rows.get(table) ?? [];
  }

  private listOf(name: string): number[] {
    const list = this.lists.get(name) ?? [];
    this.lists.set(name, list);
    return list;
  }
}

/** Notes the names of all that is read through it. */
export class NotingReader implements Reader {
  readonly read = new Set<string>();

  constructor(private readonly reader: Reader) {}

  count(table: string, row: RowKey, column: string): number {
    this.read.add(cellName(table, row, column));
    return this.reader.count(table, row, column);
  }

  list(table: string, row: RowKey, column: string): readonly number[] {
    this.read.add(cellName(table, row, column));
    return this.reader.list(table, row, column);
  }

  own(table: string, row: RowKey, column: string): TableValue {
    this.read.add(cellName(table, row, column));
    return this.reader.own(table, row, column);
  }
}
