import { canonicalJson, sha256Hex } from '@cairn/event-sourcing';
import type { z } from 'zod';
import type { Audience, cutTable } from './events.js';

/** What a cell of a table can hold. */
export type Cell = string | number | boolean | null;

/** A column, and what it means, in words. */
export interface TableColumn {
  readonly name: string;
  readonly unit?: string | undefined;
  readonly definition: string;
}

/** A table of a cut: what is known of a trial, in rows that follow each other by their key. */
export interface TableContent {
  /** Its name within the cut. */
  readonly table: string;
  readonly audience: Audience;
  /** The columns that tell rows apart. */
  readonly key: readonly string[];
  readonly columns: readonly TableColumn[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
}

/** What a cut says of one of its tables. */
export type CutTable = z.infer<typeof cutTable>;

/**
 * The text in which a table is kept: RFC 8785 of its members, rows as lists in the order of the columns, so that names are
 * written once and not in every row.
 * @throws TypeError for a row that has another column, or lacks one
 */
export function tableText({ table, audience, key, columns, rows }: TableContent): string {
  const names = columns.map(({ name }) => name);
  const cells = rows.map((row) => {
    const listed = names.map((name) => row[name]);
    if (listed.includes(undefined) || Object.keys(row).length !== names.length) {
      throw new TypeError(`a row of table ${table} has not the columns ${names.join(', ')}`);
    }
    return listed;
  });
  return canonicalJson({ table, audience, key, columns, rows: cells });
}

/** Reads what `tableText` has written. */
export function readTable(text: string): TableContent {
  const { rows, ...head } = JSON.parse(text) as Omit<TableContent, 'rows'> & { readonly rows: readonly Cell[][] };
  const names = head.columns.map(({ name }) => name);
  return { ...head, rows: rows.map((cells) => Object.fromEntries(names.map((name, at) => [name, cells[at]!]))) };
}

/** UTF-16 code units of a part: at three bytes each, which is the most, it fits into one event's payload. */
export const PART_LENGTH = 300_000;

/** Divides a text into parts of at most `PART_LENGTH` code units, never in the middle of a surrogate pair. */
export function splitText(text: string, length = PART_LENGTH): readonly [string, ...string[]] {
  const parts: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + length, text.length);
    if (end < text.length && isFirstOfPair(text.charCodeAt(end - 1))) end--;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts.length === 0 ? [''] : (parts as [string, ...string[]]);
}

const isFirstOfPair = (codeUnit: number): boolean => codeUnit >= 0xd800 && codeUnit <= 0xdbff;

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // Each half of a surrogate pair stands for two of its four bytes.
    if (unit > 0x7f) bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** A part of a table as it is on record. */
export interface KeptPart {
  readonly table: string;
  readonly part: number;
  readonly text: string;
}

/** What is kept of a cut is not what was taken: something has changed it past the product. */
export class CutAltered extends Error {
  override readonly name = 'CutAltered';
  /** @param what the table, or the cut itself */
  constructor(
    readonly cut: string,
    readonly what: string,
  ) {
    super(`what is kept of data cut ${cut} was altered: ${what} is not what was taken`);
  }
}

/**
 * The text of a table from its parts, in any order.
 * @throws CutAltered when a part is missing, or they are not the bytes whose digest the cut has
 */
export function keptText(cut: string, table: CutTable, parts: readonly KeptPart[]): string {
  const own = parts.filter((part) => part.table === table.table).sort((a, b) => a.part - b.part);
  const text = own.map((part) => part.text).join('');
  const isWhole = own.length === table.parts && own.every(({ part }, at) => part === at);
  if (!isWhole || sha256Hex(text) !== table.sha256) throw new CutAltered(cut, `table ${table.table}`);
  return text;
}
