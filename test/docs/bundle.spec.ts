import { ContactMode, ContactOutcome, SupervisionKind } from '@cairn/delivery';
import { EmployerKind, Locality, Protocol, WorkerRole } from '@cairn/registry';
import { RowCells } from '../../apps/cli/src/bundle/row-cells.js';
import { bundleTables } from '../../apps/cli/src/bundle/tables.js';
import { pageText, rowsOf, sectionOf } from './page.js';

const page = pageText('docs/bundle.md');
const files = rowsOf(sectionOf(page, 'Files'));
const columnsOf = (file: string) => files.find(([name]) => name === `\`${file}\``)![1]!.split(', ');

test('each file of the format, in the order in which they are read', () => {
  expect(files.map(([name]) => name)).toEqual(bundleTables.map(({ file }) => `\`${file}\``));
});

test.each(bundleTables)('$file: its columns, and which of them cannot be empty', ({ file, columns, commands }) => {
  expect(columnsOf(file).map((column) => column.replace('\\*', ''))).toEqual(columns);
  const emptyRow = new RowCells(file, { line: 2, cell: () => '' });
  commands(emptyRow, { trial: 'trial', timeZone: 'UTC' });
  const missing = emptyRow.problems.filter(({ code }) => code === 'VALUE_MISSING').map(({ column }) => column!);
  const starred = columnsOf(file).filter((column) => column.endsWith('\\*'));
  expect(starred.map((column) => column.replace('\\*', '')).toSorted()).toEqual(missing.toSorted());
});

test.each([
  ['employer_kind', EmployerKind],
  ['locality, several', Locality],
  ['role', WorkerRole],
  ['mode', ContactMode],
  ['outcome', ContactOutcome],
  ['kind', SupervisionKind],
] as const)('the values of %s', (column, values) => {
  const row = rowsOf(sectionOf(page, 'Values')).find(([name]) => name === column);
  expect(row![1]!.split(', ')).toEqual(values.options);
});

test('each key of the protocol', () => {
  const keys = rowsOf(sectionOf(page, 'trial.json')).map(([key]) => key!.slice(1, -1));
  expect(keys).toEqual(Object.keys(Protocol.shape));
});
