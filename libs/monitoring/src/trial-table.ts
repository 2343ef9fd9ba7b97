/**
 * Who may be shown a table: `open` everybody, for it has no number of one arm; `closed` by masked arm, the committee and
 * its statistician; `unblinded` who may know each participant's arm.
 */
export type TableAudience = 'open' | 'closed' | 'unblinded';

/** Null is what cannot be computed, or is not there. Times are RFC 3339 in UTC, days ISO; never NaN or an infinity. */
export type TableValue = string | number | boolean | null;

/** A column, with what it counts in words, so that it can be counted again by hand. */
export interface TableColumn {
  readonly name: string;
  /** Absent for counts, names and yes or no. */
  readonly unit?: string;
  readonly definition: string;
}

export type TableRow = Readonly<Record<string, TableValue>>;

/** A table of a trial at a moment. A plain JSON value: the same input gives the same RFC 8785 text. */
export interface TrialTable {
  readonly table: string;
  readonly audience: TableAudience;
  /** The columns that name a row; no two rows have the same values in them. */
  readonly key: readonly string[];
  readonly columns: readonly TableColumn[];
  /** By the values of the key, in the order of their UTF-16 code units. Each has every column. */
  readonly rows: readonly TableRow[];
}
