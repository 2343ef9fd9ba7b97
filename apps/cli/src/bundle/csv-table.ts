import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { CsvSplitter, type CsvFault, type CsvLine, LINE_MAX_LENGTH } from './csv-splitter.js';
import { type Problem, problem } from './problem.js';

/** A row of a table: its wanted cells, without the white space around them. */
export interface TableRow<Column extends string = string> {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  /** The text of a cell; empty means "not known". */
  readonly cell: (column: Column) => string;
}

/** What reading gives, piece by piece: the rows that could be read and what was wrong with the others. */
export interface TablePage<Column extends string = string> {
  readonly rows: readonly TableRow<Column>[];
  readonly problems: readonly Problem[];
  /** Bytes of the file that were read for this page. */
  readonly bytes: number;
}

const READ_SIZE = 128 * 1024;
const REPLACEMENT = '\uFFFD';

const FAULTS: Record<CsvFault, string> = {
  QUOTE_NOT_CLOSED:
    'The quote opened on this line is never closed. This line was left out, reading went on at the next.',
  QUOTE_MISPLACED:
    'A quoted cell begins and ends with a quote, and a quote within it is doubled. This line was left out, reading went on at the next.',
  LINE_TOO_LONG: `The line is longer than ${LINE_MAX_LENGTH} characters.`,
};

/**
 * Reads a CSV file with a header row, in memory that does not depend on its length. Columns are found by name, in any
 * order; columns that nobody asks for are named once and passed over. White space around names and cells is not part of
 * them: spreadsheets leave it behind, and no id of a trial begins or ends with it.
 */
export async function* readTable<Column extends string>(
  path: string,
  columns: readonly Column[],
): AsyncGenerator<TablePage<Column>> {
  const file = basename(path);
  const decoder = new TextDecoder('utf-8');
  const splitter = new CsvSplitter();
  const stream = createReadStream(path, { highWaterMark: READ_SIZE });
  let header: Header<Column> | undefined;

  const page = (lines: readonly CsvLine[], bytes: number): TablePage<Column> => {
    const rows: TableRow<Column>[] = [];
    const problems: Problem[] = [];
    for (const line of lines) {
      if (line.kind === 'bad') {
        problems.push(problem(file, { line: line.line }, line.code, FAULTS[line.code]));
        // Without a header the cells have no names; a guess could put facts under the wrong ones.
        if (!header) header = { usable: false };
      } else if (!header) {
        const read = readHeader(file, line.line, line.cells, columns);
        header = read.header;
        problems.push(...read.problems);
      } else if (header.usable) {
        const read = readRow(file, line.line, line.cells, header);
        if ('code' in read) problems.push(read);
        else rows.push(read);
      }
      if (header && !header.usable) break;
    }
    return { rows, problems, bytes };
  };

  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      yield page(splitter.push(decoder.decode(chunk, { stream: true })), chunk.length);
      if (header && !header.usable) return;
    }
  } catch (error) {
    const message = `The file could not be read: ${error instanceof Error ? error.message : String(error)}.`;
    yield { rows: [], problems: [problem(file, {}, 'FILE_UNREADABLE', message)], bytes: 0 };
    return;
  }
  yield page([...splitter.push(decoder.decode()), ...splitter.end()], 0);
  if (!header) {
    yield { rows: [], problems: [problem(file, {}, 'FILE_EMPTY', 'The file has no header row.')], bytes: 0 };
  }
}

type Header<Column extends string> =
  | { readonly usable: false }
  | { readonly usable: true; readonly width: number; readonly places: ReadonlyMap<Column, number> };

function readHeader<Column extends string>(
  file: string,
  line: number,
  cells: readonly string[],
  columns: readonly Column[],
): { readonly header: Header<Column>; readonly problems: readonly Problem[] } {
  const names = cells.map((cell) => cell.trim());
  if (names.some((name) => name.includes(REPLACEMENT) || name.includes('\0'))) {
    const message = 'The header is not UTF-8 text. Save the file as "CSV UTF-8".';
    return { header: { usable: false }, problems: [problem(file, { line }, 'NOT_UTF8', message)] };
  }
  const wanted = new Set<string>(columns);
  const repeated = new Set(names.filter((name, at) => wanted.has(name) && names.indexOf(name) !== at));
  const missing = columns.filter((column) => !names.includes(column));
  const extra = names.filter((name) => name !== '' && !wanted.has(name));
  const problems = [
    ...(missing.length > 0
      ? [
          problem(
            file,
            { line, ...(missing.length === 1 && { column: missing[0]! }) },
            'COLUMN_MISSING',
            `The header has no column ${missing.join(', ')}; no row of the file was read.`,
          ),
        ]
      : []),
    ...[...repeated].map((column) =>
      problem(
        file,
        { line, column },
        'COLUMN_REPEATED',
        'The header names this column twice; no row of the file was read.',
      ),
    ),
    ...(extra.length > 0
      ? [
          problem(
            file,
            { line },
            'COLUMN_IGNORED',
            `Columns that are not part of the format were ignored: ${extra.join(', ')}.`,
          ),
        ]
      : []),
  ];
  if (missing.length > 0 || repeated.size > 0) return { header: { usable: false }, problems };
  const places = new Map(columns.map((column) => [column, names.indexOf(column)] as const));
  return { header: { usable: true, width: names.length, places }, problems };
}

function readRow<Column extends string>(
  file: string,
  line: number,
  cells: readonly string[],
  header: Extract<Header<Column>, { usable: true }>,
): TableRow<Column> | Problem {
  if (cells.length !== header.width) {
    const message = `The row has ${cells.length} cells, the header ${header.width}.`;
    return problem(file, { line }, 'CELL_COUNT', message);
  }
  for (const [column, place] of header.places) {
    if (cells[place]!.includes(REPLACEMENT)) {
      // U+FFFD is what a decoder writes for bytes that are not UTF-8, this one or an earlier one.
      const message = 'The cell holds bytes that are not UTF-8. Save the file as "CSV UTF-8".';
      return problem(file, { line, column }, 'NOT_UTF8', message);
    }
  }
  return { line, cell: (column) => cells[header.places.get(column)!]!.trim() };
}
