import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cairnAs, readImportOutput } from '../support/cairn-command.js';
import { runApi, type RunningApi } from '../support/running-api.js';

const root = path.resolve(import.meta.dirname, '../..');

/** A site's row as an independent program has reckoned it. */
interface ExpectedRow {
  readonly site: string;
  readonly randomised: number;
  readonly offered: number;
  readonly withData: number;
  readonly engaged: number;
  readonly notYet: number;
  readonly notEngaged: number;
  readonly pctOfWithData: number | null;
  readonly pctOfOffered: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}
interface ExpectedTable {
  readonly asOf?: string;
  readonly definition: string;
  readonly rows: readonly ExpectedRow[];
}
type Counts = Readonly<Record<string, number>> & {
  readonly ofWithData: { readonly value: number | null };
  readonly ofOffered: { readonly value: number | null };
  readonly bounds: { readonly lower: number | null; readonly upper: number | null };
};
interface Report {
  readonly overall: Counts;
  readonly sites: readonly {
    readonly site: { readonly id: string };
    readonly fidelity: number | null;
    readonly counts: Counts;
  }[];
}

const readJson = <Shape>(file: string): Shape => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Shape;

/** `expected.json` of ENRICH: the end of the trial, two definitions side by side in each site. */
function enrichTables(): ExpectedTable[] {
  type Site = Record<'table' | 'text', Omit<ExpectedRow, 'site'>> & { site: string; total: number };
  const { sites } = readJson<{ sites: readonly (Site & Omit<ExpectedRow, 'site'>)[] }>(
    'test/data/enrich/expected.json',
  );
  return (['table', 'text'] as const).map((definition) => ({
    definition,
    rows: sites.map((site) => ({ ...site, ...site[definition], randomised: site.total })),
  }));
}

/** `expected.json` of Levanta: several times, a table for each definition. */
const levantaTables = (): ExpectedTable[] =>
  readJson<readonly { asOf: string; tables: Record<string, ExpectedRow[]> }[]>(
    'test/data/levanta/expected.json',
  ).flatMap(({ asOf, tables }) => Object.entries(tables).map(([definition, rows]) => ({ asOf, definition, rows })));

let running: RunningApi;
let cairn: ReturnType<typeof cairnAs>;
beforeAll(async () => {
  running = await runApi({}, { tenant: 'enrich' });
  cairn = cairnAs(running);
}, 60_000);
afterAll(() => running.close());

const bundles = [
  { trial: 'enrich', bundle: path.join(root, 'infra/demo/enrich'), tables: enrichTables() },
  { trial: 'levanta', bundle: path.join(root, 'test/data/levanta'), tables: levantaTables() },
];

describe.each(bundles)('the bundle $trial', ({ trial, bundle, tables }) => {
  test('imports without a problem, and again without an event', async () => {
    const first = await cairn('import', bundle, '--format', 'json');
    expect(first.exitCode).toBe(0);
    const { problems, summary } = readImportOutput(first.out);
    expect(problems).toEqual([]);
    expect(summary).toMatchObject({ accepted: summary.rows, unchanged: 0, refused: 0 });
    const head = await running.store.head('enrich');
    expect(summary.position).toBe(head.toString());

    const second = await cairn('import', bundle, '--format', 'json');
    expect(second.exitCode).toBe(0);
    const again = readImportOutput(second.out).summary;
    expect(again).toMatchObject({ accepted: 0, unchanged: summary.rows, refused: 0, eventsAdded: 0 });
    expect(await running.store.head('enrich')).toBe(head);
  }, 120_000);

  test.each(tables)('definition $definition as of $asOf is what an independent program reckons', async (expected) => {
    const options = ['--trial', trial, '--definition', expected.definition, '--format', 'json'];
    if (expected.asOf !== undefined) options.push('--as-of', expected.asOf);
    const { exitCode, out } = await cairn('report', 'engagement', ...options);
    expect(exitCode).toBe(0);
    const report = JSON.parse(out) as Report;
    const answered = [...report.sites, { site: { id: 'all' }, counts: report.overall }];
    expect(answered.map((row) => row.site.id).slice(0, expected.rows.length)).toEqual(
      expected.rows.map((row) => row.site),
    );
    expect(expected.rows.length).toBeGreaterThanOrEqual(report.sites.length);
    for (const [index, row] of expected.rows.entries()) {
      const { counts } = answered[index]!;
      const { randomised, offered, withData, engaged, notYet, notEngaged } = row;
      expect(counts).toMatchObject({ randomised, offered, withData, engaged, notYet, notEngaged });
      const seen = [counts.ofWithData.value, counts.ofOffered.value, counts.bounds.lower, counts.bounds.upper];
      for (const [at, value] of [row.pctOfWithData, row.pctOfOffered, row.lower, row.upper].entries()) {
        if (value === null) expect(seen[at]).toBeNull();
        else expect(seen[at]! * 100).toBeCloseTo(value, 9);
      }
    }
  });
});

test('the report for people and for spreadsheets', async () => {
  const asTable = await cairn('report', 'engagement', '--trial', 'enrich');
  expect(asTable.out).toMatch(/^S1 +181\/93 +89 +61 +0 +28 +68\.54 +65\.59 +65\.59–69\.89 +10\.4$/m);
  expect(asTable.out).toMatch(/^all +586\/291 +265 +163 /m);
  const asCsv = await cairn('report', 'engagement', '--trial', 'enrich', '--format', 'csv');
  const [header, first] = asCsv.out.split('\r\n');
  expect(header).toMatch(/^definition,as_of,position,site_id,/);
  expect(first).toMatch(/^table,[^,]+,\d+,S1,Site 1,181,93,89,61,0,28,0\.685/);
});

test('the fidelity of each site', async () => {
  const { out } = await cairn('report', 'engagement', '--trial', 'enrich', '--format', 'json');
  const fidelity = (JSON.parse(out) as Report).sites.map((row) => row.fidelity);
  expect(fidelity).toEqual([10.4, 11, 11.2, 9, 10.9, 7.9, 9.7]);
});

test('as of a time before anybody was discharged, nobody is engaged and all are open', async () => {
  const { out } = await cairn(
    'report',
    'engagement',
    '--trial',
    'enrich',
    '--format',
    'json',
    '--as-of',
    '2017-01-20T00:00:00Z',
  );
  const { overall } = JSON.parse(out) as { overall: { engaged: number; notEngaged: number } };
  expect(overall).toMatchObject({ engaged: 0, notEngaged: 0 });
});

test('a read model that is not there, and rebuilding all of them', async () => {
  const token = await running.tokenFor({ scopes: ['cairn:read', 'cairn:operate'] });
  const operating = cairnAs({ url: running.url, token });
  expect(await operating('rebuild', 'nothing')).toMatchObject({ exitCode: 2 });
  const { exitCode, out } = await operating('rebuild', 'all');
  expect(exitCode).toBe(0);
  expect(out.match(/rebuilt up to position/g)!.length).toBeGreaterThanOrEqual(3);
}, 60_000);
