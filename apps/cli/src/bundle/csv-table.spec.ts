import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { CsvSplitter, LINE_MAX_LENGTH } from './csv-splitter.js';
import { readTable } from './csv-table.js';

const directory = mkdtempSync(join(tmpdir(), 'cairn-csv-'));
afterAll(() => rmSync(directory, { recursive: true }));

async function read(content: string | Uint8Array, columns: readonly string[] = ['id', 'name']) {
  const path = join(directory, 'table.csv');
  writeFileSync(path, content);
  const rows: (string | number)[][] = [];
  const problems: string[] = [];
  for await (const page of readTable(path, columns)) {
    rows.push(...page.rows.map((row) => [row.line, ...columns.map(row.cell)]));
    problems.push(...page.problems.map((p) => `${p.line ?? '-'} ${p.column ?? '-'} ${p.code}`));
  }
  return { rows, problems };
}

describe('reading a table', () => {
  test.each([
    ['columns in any order', 'name,id\nAnn,1\n', [[2, '1', 'Ann']], []],
    ['a byte order mark', '\uFEFFid,name\n1,Ann\n', [[2, '1', 'Ann']], []],
    [
      'mixed line ends, the last one missing',
      'id,name\r\n1,Ann\n2,Bo\r3,Cy',
      [
        [2, '1', 'Ann'],
        [3, '2', 'Bo'],
        [4, '3', 'Cy'],
      ],
      [],
    ],
    [
      'blank lines',
      '\nid,name\n\n1,Ann\r\n\r\n2,Bo\n\n',
      [
        [4, '1', 'Ann'],
        [6, '2', 'Bo'],
      ],
      [],
    ],
    ['white space around cells', ' id , name\n 1 ,\tAnn \n', [[2, '1', 'Ann']], []],
    [
      'quotes, commas and line breaks in cells',
      'id,name\n1,"A ""nn"", B\r\nC"\n"2",Bo\n',
      [
        [2, '1', 'A "nn", B\r\nC'],
        [4, '2', 'Bo'],
      ],
      [],
    ],
    ['an extra column', 'id,shoe,name,hat\n1,43,Ann,\n', [[2, '1', 'Ann']], ['1 - COLUMN_IGNORED']],
    ['a missing column', 'id,nam\n1,Ann\n2,Bo\n', [], ['1 name COLUMN_MISSING', '1 - COLUMN_IGNORED']],
    ['a repeated column', 'id,name,id\n1,Ann,2\n', [], ['1 id COLUMN_REPEATED']],
    ['a short and a long row', 'id,name\n1\n2,Bo\n3,Cy,x\n', [[3, '2', 'Bo']], ['2 - CELL_COUNT', '4 - CELL_COUNT']],
    ['only a header', 'id,name\n', [], []],
    ['nothing at all', '', [], ['- - FILE_EMPTY']],
    ['only a byte order mark', '\uFEFF', [], ['- - FILE_EMPTY']],
    [
      'a quote never closed',
      'id,name\n1,Ann\n2,"Bo\n3,Cy\n',
      [
        [2, '1', 'Ann'],
        [4, '3', 'Cy'],
      ],
      ['3 - QUOTE_NOT_CLOSED'],
    ],
    ['a quote never closed in the header', 'id,"name\n1,Ann\n', [], ['1 - QUOTE_NOT_CLOSED']],
    [
      'a quote closed by that of a later row',
      'id,name\n1,"Ann\n2,"Bo"\n3,Cy\n',
      [
        [3, '2', 'Bo'],
        [4, '3', 'Cy'],
      ],
      ['2 - QUOTE_MISPLACED'],
    ],
    ['a quote in the middle of a cell', 'id,name\n1,An"n\n2,Bo\n', [[3, '2', 'Bo']], ['2 - QUOTE_MISPLACED']],
    [
      'a quote opened lines below the start of its row',
      'id,name\n"1\n1","Bo\n3,Cy\n',
      [[4, '3', 'Cy']],
      ['3 - QUOTE_NOT_CLOSED'],
    ],
  ])('%s', async (_name, content, rows, problems) => {
    expect(await read(content)).toEqual({ rows, problems });
  });

  test('Latin-1 bytes cost their row; UTF-16 costs the file', async () => {
    expect(await read(Buffer.from('id,name\n1,J\xfcrgen\n2,Bo\n', 'latin1'))).toEqual({
      rows: [[3, '2', 'Bo']],
      problems: ['2 name NOT_UTF8'],
    });
    expect(await read(Buffer.from('\uFEFFid,name\n1,Ann\n', 'utf16le'))).toEqual({
      rows: [],
      problems: ['1 - NOT_UTF8'],
    });
  });

  test('a line without end is reported once and does not fill the memory', async () => {
    const long = 'x'.repeat(3 * LINE_MAX_LENGTH);
    expect(await read(`id,name\n1,${long}\n2,Bo\n`)).toEqual({
      rows: [[3, '2', 'Bo']],
      problems: ['2 - LINE_TOO_LONG'],
    });
    expect(await read(`id,name\n1,"${long}"\n2,Bo\n`)).toEqual({
      rows: [[3, '2', 'Bo']],
      problems: ['2 - QUOTE_NOT_CLOSED'],
    });
  });

  test('a file that is not there', async () => {
    const problems = [];
    for await (const page of readTable(join(directory, 'absent.csv'), ['id'])) problems.push(...page.problems);
    expect(problems).toMatchObject([{ code: 'FILE_UNREADABLE' }]);
  });
});

const cell = fc.string({ unit: fc.constantFrom('a', 'é', '😀', ' ', ',', '"', '\n', '\r'), maxLength: 6 });
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const written = (text: string, always: boolean) =>
  always || /[",\r\n]/.test(text) || text === '' ? quoted(text) : text;

test('what a CSV writer wrote is read as it was, however the text is cut, and as csv-parse reads it', () => {
  const table = fc.array(fc.array(fc.record({ cell, always: fc.boolean() }), { minLength: 1, maxLength: 4 }), {
    maxLength: 6,
  });
  const ends = fc.infiniteStream(fc.constantFrom('\n', '\r\n', '\r'));
  fc.assert(
    fc.property(table, ends, fc.array(fc.nat(20)), (rows, breaks, cuts) => {
      const text = rows
        .map((row) => row.map((c) => written(c.cell, c.always)).join(',') + breaks.next().value)
        .join('');
      const splitter = new CsvSplitter();
      const lines = [];
      let at = 0;
      for (const size of cuts) lines.push(...splitter.push(text.slice(at, (at += size))));
      lines.push(...splitter.push(text.slice(at)), ...splitter.end());
      const cells = rows.map((row) => row.map((c) => c.cell));
      expect(lines.map((line) => (line.kind === 'cells' ? line.cells : line.code))).toEqual(cells);
      const oracle: unknown = parse(text, { record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: true });
      expect(oracle).toEqual(cells);
    }),
    { numRuns: 500 },
  );
});

test('any text at all is taken apart without an error, and lines are numbered upwards', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r'), maxLength: 40 }), (text) => {
      const splitter = new CsvSplitter();
      const lines = [...splitter.push(text), ...splitter.end()].map((line) => line.line);
      expect(lines).toEqual([...new Set(lines)].sort((a, b) => a - b));
    }),
  );
});
