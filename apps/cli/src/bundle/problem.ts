/**
 * Everything that can be wrong with a bundle before any rule of the trial is asked. The codes are stable: scripts match
 * them. What the server refuses keeps the server's own code (docs/codes.md has all of them).
 */
export const bundleProblemCodes = [
  'FILE_UNREADABLE',
  'FILE_EMPTY',
  'COLUMN_MISSING',
  'COLUMN_REPEATED',
  'COLUMN_IGNORED',
  'NOT_UTF8',
  'QUOTE_NOT_CLOSED',
  'QUOTE_MISPLACED',
  'LINE_TOO_LONG',
  'CELL_COUNT',
  'VALUE_MISSING',
  'BAD_VALUE',
  'BAD_TIME',
  'BAD_DATE',
  'BAD_NUMBER',
  'BAD_IDENTIFIER',
  'TIME_ZONE_UNKNOWN',
  'TRIAL_SYNTAX',
  'TRIAL_VALUE',
] as const;
export type BundleProblemCode = (typeof bundleProblemCodes)[number];

/** One thing that is wrong with a bundle, or that the server refused in it. */
export interface Problem {
  /** File name within the bundle. */
  readonly file: string;
  /** From 1, the header included, counted as an editor counts; undefined: the file as a whole. */
  readonly line: number | undefined;
  /** Name of the column at fault (in trial.json: path of the value), where there is one. */
  readonly column: string | undefined;
  readonly code: string;
  readonly message: string;
  /** A warning costs nothing: no row is left out for it. */
  readonly severity: 'error' | 'warning';
}

/** A problem with a whole file, a row, or a cell; which of them, the given place says. */
export const problem = (
  file: string,
  place: { readonly line?: number; readonly column?: string },
  code: BundleProblemCode,
  message: string,
): Problem => ({
  file,
  line: place.line,
  column: place.column,
  code,
  message,
  severity: code === 'COLUMN_IGNORED' ? 'warning' : 'error',
});
