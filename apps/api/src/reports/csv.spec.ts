import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { type Cell, csvRecord } from './csv.js';

describe('a record of a CSV file', () => {
  it.each<[Cell, string]>([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "so"', '"say ""so"""'],
    ['two\nlines', '"two\nlines"'],
    ['', '""'],
    [null, ''],
    [-3.5, '-3.5'],
    [true, 'true'],
    ['=1+1', "'=1+1"],
    ['+44 20', "'+44 20"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', '"\'\r=1"'],
    ["'quoted'", "''quoted'"],
  ])('has %j as %j', (cell, written) => expect(csvRecord([cell])).toBe(`${written}\r\n`));

  it('is read back as it was given, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
          { minLength: 1 },
        ),
        (texts) => {
          const [read]: string[][] = parse(csvRecord(texts), { record_delimiter: '\r\n' });
          expect(read!.map((text) => text.replace(/^'/, ''))).toEqual(texts);
          for (const text of read!) expect(text).not.toMatch(/^[=+\-@\t\r\n]/);
        },
      ),
    );
  });
});
