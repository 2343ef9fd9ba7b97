import { isIdentifier, parseInstant } from '@cairn/event-sourcing';
import { isTimeZone } from '@cairn/registry';
import { type BundleProblemCode, type Problem, problem } from './problem.js';
import type { TableRow } from './csv-table.js';

/**
 * Reads the cells of one row by what they mean and collects what is wrong with them, so that a row is reported whole and not
 * one cell per attempt. A wrong cell reads as undefined; a row with problems is never used.
 */
export class RowCells<Column extends string> {
  readonly problems: Problem[] = [];

  constructor(
    private readonly file: string,
    private readonly row: TableRow<Column>,
  ) {}

  get line(): number {
    return this.row.line;
  }

  /** The cell's text, undefined when it is empty ("not known"). */
  text(column: Column): string | undefined {
    return this.row.cell(column) || undefined;
  }

  /** Reads a cell that the record cannot do without. */
  required<Value>(column: Column, read: (column: Column) => Value | undefined): Value | undefined {
    if (this.row.cell(column) === '') return this.fault(column, 'VALUE_MISSING', 'The cell is empty.');
    return read(column);
  }

  readonly requiredText = (column: Column): string | undefined => this.required(column, (c) => this.text(c));

  readonly identifier = (column: Column): string | undefined => {
    const text = this.text(column);
    if (text === undefined || isIdentifier(text)) return text;
    return this.fault(column, 'BAD_IDENTIFIER', 'An id has 1 to 100 characters and no control characters.');
  };

  /** Several identifiers, separated by `|`. */
  readonly identifiers = (column: Column): readonly string[] => {
    const ids = this.parts(column);
    if (!ids.every(isIdentifier)) {
      this.fault(column, 'BAD_IDENTIFIER', 'Each id has 1 to 100 characters and no control characters.');
    }
    return ids;
  };

  /** RFC 3339 text, as it was given. */
  readonly time = (column: Column): string | undefined => {
    const text = this.text(column);
    if (text === undefined || parseInstant(text) !== undefined) return text;
    return this.fault(
      column,
      'BAD_TIME',
      `${quote(text)} is not a time with an offset like 2018-03-25T14:30:00+01:00, or does not exist.`,
    );
  };

  /** A calendar day, as ISO text. */
  readonly date = (column: Column): string | undefined => {
    const text = this.text(column);
    if (text === undefined || isDay(text)) return text;
    return this.fault(column, 'BAD_DATE', `${quote(text)} is not a day like 2018-03-25, or does not exist.`);
  };

  readonly timeZone = (column: Column): string | undefined => {
    const text = this.text(column);
    if (text === undefined || isTimeZone(text)) return text;
    return this.fault(column, 'TIME_ZONE_UNKNOWN', `${quote(text)} is not a time zone like Europe/London.`);
  };

  /** A decimal number with a point; signs, exponents and thousands separators are not written in a bundle. */
  readonly number = (column: Column): number | undefined => {
    const text = this.text(column);
    if (text === undefined) return undefined;
    if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
    return this.fault(column, 'BAD_NUMBER', `${quote(text)} is not a number like 10.4.`);
  };

  readonly wholeNumber = (column: Column): number | undefined => {
    const text = this.text(column);
    if (text === undefined) return undefined;
    if (/^\d{1,9}$/.test(text)) return Number(text);
    return this.fault(column, 'BAD_NUMBER', `${quote(text)} is not a whole number.`);
  };

  oneOf<Value extends string>(column: Column, values: readonly Value[]): Value | undefined {
    const text = this.text(column);
    return text === undefined ? undefined : this.choice(column, text, values);
  }

  /** Several of the values, separated by `|`. */
  someOf<Value extends string>(column: Column, values: readonly Value[]): readonly Value[] {
    return this.parts(column).flatMap((text) => this.choice(column, text, values) ?? []);
  }

  private choice<Value extends string>(column: Column, text: string, values: readonly Value[]): Value | undefined {
    const value = values.find((known) => known === text);
    return value ?? this.fault(column, 'BAD_VALUE', `${quote(text)} is not one of ${values.join(', ')}.`);
  }

  private parts(column: Column): string[] {
    const text = this.text(column);
    return text === undefined ? [] : text.split('|').map((part) => part.trim());
  }

  fault(column: Column, code: BundleProblemCode, message: string): undefined {
    this.problems.push(problem(this.file, { line: this.row.line, column }, code, message));
    return undefined;
  }
}

/** Quotes a cell for a message; long ones are cut, since a wrong cell can be a megabyte. */
const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
