import { join } from 'node:path';
import { type TrialRegister, type TrialTable, trialTables } from '@cairn/monitoring';
import { Protocol } from '@cairn/registry/protocol';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { closedReport } from '../../apps/api/src/reports/closed-report.js';
import { lossesOf } from '../../apps/api/src/reports/flow-diagram.js';
import { reportHtml } from '../../apps/api/src/reports/html.js';
import { armLetters } from '../../apps/api/src/reports/masking.js';
import { openReport, type ReportSubject } from '../../apps/api/src/reports/open-report.js';
import { reportCsv, reportJson } from '../../apps/api/src/reports/report-files.js';
import { isClosedTable, isOpenTable, type OpenTable, type Report } from '../../apps/api/src/reports/report.js';
import { type Element, elements, readMarkup, textIn } from '../support/markup.js';
import { rounds } from '../support/rounds.js';
import { readBundle, trialFile } from './bundle.js';
import { eventsOf } from './facts.js';
import { randomLog, registerAt } from './random-log.js';

const SECRET = 'a secret that is only for these tests';

/** The subject of a report on these tables, of any cut. */
const subjectOf = (tables: readonly TrialTable[], protocol: Protocol, note = 'a look'): ReportSubject => ({
  trial: { trial: 'trial', title: 'Trial', registration: undefined },
  cut: {
    ...{ cut: 'C1', note, hash: 'a1'.repeat(32), position: '77', size: 70 },
    ...{
      occurredBefore: '2020-01-01T00:00:00Z',
      takenAt: Date.parse('2020-01-02T00:00:00Z'),
      protocol: 1,
      code: 'test',
    },
  },
  now: { cut: 'C1', tables: tables.filter(isOpenTable), protocol },
  before: undefined,
  raised: [],
});

const lettersOf = (arms: readonly string[]) => armLetters(SECRET, 'tenant', 'trial', [arms]);

const closedOf = (tables: readonly TrialTable[], subject: ReportSubject, arms: readonly string[]) =>
  closedReport(subject, tables.filter(isClosedTable), lettersOf(arms), { until: 0, withKey: false });

/** Every file of a report, in every format, as one text. */
const filesOf = (report: Report): string =>
  [reportHtml(report), reportJson(report), ...report.tables.map((table) => reportCsv(report, table))].join('\n');

/** What of the values is in a text. Each is unlike everything else, so that whatever is found comes from where it was put. */
const foundIn = (text: string, values: Iterable<string>): readonly string[] =>
  [...values].filter((value) => text.includes(value));

/** The tables with each number and each word of those that are not open replaced by one that is nowhere else. */
function distinctive(tables: readonly TrialTable[]) {
  let next = 0;
  const values = { closed: new Set<string>(), unblinded: new Set<string>() };
  const arms = new Set<string>();
  const replaced = tables.map((table): TrialTable => {
    const { audience } = table;
    if (audience === 'open') return table;
    const rows = table.rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => {
          if (value === null || typeof value === 'boolean') return [name, value];
          const other = typeof value === 'number' ? 910_000_000 + next++ : `zq${next++}xw`;
          if (name === 'arm') arms.add(String(other));
          else values[audience].add(String(other));
          return [name, other];
        }),
      ),
    );
    return { ...table, rows };
  });
  return { tables: replaced, arms: [...arms], ...values };
}

describe('of any small trial', () => {
  const logs = Array.from({ length: rounds({ ci: 30, night: 1_000 }) }, (_, seed) => {
    const log = randomLog(10_000 + seed);
    const { position, occurredBefore } = log.moments[seed % log.moments.length]!;
    const register = registerAt(log, position);
    const events = log.events.filter((event) => event.position <= position);
    const protocol = register.protocols.at(-1)!.protocol;
    return { register, events, occurredBefore, protocol, tables: trialTables({ register, events, occurredBefore }) };
  });

  it('no value of a closed or an unblinded table is in the open report; those of closed ones are in the closed one', () => {
    let scanned = 0;
    for (const { tables: real, protocol } of logs) {
      const { tables, arms, closed, unblinded } = distinctive(real);
      const subject = subjectOf(tables, protocol);
      const open = filesOf(openReport(subject));
      expect(foundIn(open, [...closed, ...unblinded, ...arms])).toEqual([]);
      const byArm = filesOf(closedOf(tables, subject, arms));
      expect(foundIn(byArm, closed)).toEqual([...closed]);
      expect(foundIn(byArm, [...unblinded, ...arms])).toEqual([]);
      scanned += closed.size + unblinded.size;
    }
    expect(scanned).toBeGreaterThan(logs.length * 20);
  });

  it('a column that leaks one arm’s number is found, in each format', () => {
    const { tables, closed } = distinctive(logs[0]!.tables);
    const [leaked] = closed;
    const leaky = tables.map((table) =>
      table.table === 'flow'
        ? {
            ...table,
            columns: [...table.columns, { name: 'leak', definition: 'a leak' }],
            rows: table.rows.map((row) => ({ ...row, leak: Number(leaked) })),
          }
        : table,
    );
    const report = openReport(subjectOf(leaky, logs[0]!.protocol));
    for (const file of [
      reportHtml(report),
      reportJson(report),
      ...report.tables.map((table) => reportCsv(report, table)),
    ]) {
      const isOfTheTable = file.includes('leak');
      expect(foundIn(file, closed)).toEqual(isOfTheTable ? [leaked] : []);
    }
    expect(foundIn(filesOf(report), closed)).toEqual([leaked]);
  });

  it('the open report is the same, byte by byte, whichever arm those are in of whom nothing else tells', () => {
    let differing = 0;
    for (const { register, events, occurredBefore, protocol, tables } of logs) {
      // Whoever was ever allocated a worker.
      const told = new Set(
        events.flatMap(({ type, data }) =>
          type === 'WorkerAllocated' && 'participant' in data ? [data.participant] : [],
        ),
      );
      const swapped = events.map((event) => {
        const { data } = event;
        if (!('participant' in data) || told.has(data.participant)) return event;
        const text = JSON.stringify(data).replace(/"arm":"(\w+)"/g, (_, arm: string) =>
          arm === 'usual' ? '"arm":"support"' : '"arm":"usual"',
        );
        return { ...event, data: JSON.parse(text) as typeof data } as typeof event;
      });
      const others = trialTables({ register, events: swapped, occurredBefore });
      if (JSON.stringify(others) !== JSON.stringify(tables)) differing++;
      expect(filesOf(openReport(subjectOf(others, protocol)))).toBe(filesOf(openReport(subjectOf(tables, protocol))));
    }
    // The comparison means something: other tables do differ.
    expect(differing).toBeGreaterThan(logs.length / 10);
  });

  it('no box of a diagram loses anybody, and both diagrams count the same people', () => {
    for (const { tables, protocol } of logs) {
      const subject = subjectOf(tables, protocol);
      const open = openReport(subject);
      const arms = tables.find(({ table }) => table === 'arms')!.rows.map(({ arm }) => String(arm));
      const closed = closedOf(tables, subject, arms);
      for (const { flow } of [open, closed]) expect(lossesOf(flow!)).toEqual([]);
      const all = tables.find(({ table }) => table === 'flow')!.rows.find(({ site }) => site === 'all')!;
      expect(open.flow).toMatchObject({ id: 'referred', count: all['referred'] });
      expect(closed.flow).toMatchObject({ id: 'referred', count: all['referred'] });
    }
  });

  it('every page is well-formed', () => {
    for (const { tables, protocol } of logs.slice(0, 20)) {
      expect(() => readMarkup(reportHtml(openReport(subjectOf(tables, protocol))))).not.toThrow();
    }
  });
});

it('an open report cannot be handed a closed table', () => {
  const subject = subjectOf([], Protocol.parse(minimal));
  const closed: TrialTable & { audience: 'closed' } = {
    table: 'arms',
    audience: 'closed',
    key: [],
    columns: [],
    rows: [],
  };
  // @ts-expect-error it is not one for everybody
  const handed: readonly OpenTable[] = [closed];
  expect(handed.filter(isOpenTable)).toEqual([]);
  expect(openReport(subject).tables).toEqual([]);
});

const minimal = { arms: [{ id: 'peer', intervention: true }], interventionWindow: { weeksAfterDischarge: 12 } };

describe('of the ENRICH trial', () => {
  const HOSTILE = '<script>alert("1")</script> & \'=1+1';
  let report: Report;
  let page: Element;
  let tables: readonly TrialTable[];

  beforeAll(() => {
    const bundle = join(import.meta.dirname, '../../infra/demo/enrich');
    const trial = readBundle(bundle);
    const protocol = Protocol.parse(trialFile(bundle));
    const named = (site: string): string => (site === 'S7' ? HOSTILE : site);
    const register: TrialRegister = {
      timeZone: trial.zone,
      protocols: [{ version: 1, occurredAt: 0, protocol }],
      sites: trial.sites.map((site) => ({ site: named(site), openedOn: '2017-01-09' })),
      workers: [],
    };
    const participants = trial.participants.map((each) => ({ ...each, site: named(each.site) }));
    const events = eventsOf({ ...trial, participants });
    tables = trialTables({ register, events, occurredBefore: Date.parse('2018-06-01T00:00:00Z') });
    const earlier = trialTables({ register, events, occurredBefore: Date.parse('2018-01-01T00:00:00Z') });
    const subject = {
      ...subjectOf(tables, protocol, HOSTILE),
      before: { cut: 'C0', tables: earlier.filter(isOpenTable), protocol },
    };
    report = closedOf(
      tables,
      subject,
      trialFile(bundle).arms.map(({ id }) => id),
    );
    page = readMarkup(reportHtml(report));
  });

  it('is a page by itself: no script, nothing from elsewhere, no style that its policy would refuse', () => {
    const all = elements(page, ...new Set(allNames(page)));
    expect(allNames(page)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(script|img|link|iframe|object|embed|form|base)$/)]),
    );
    for (const { name, attributes } of all) {
      for (const [attribute, value] of attributes) {
        expect(attribute).not.toMatch(/^(on.*|style|src|href|srcset|xlink:href)$/);
        if (name !== 'svg') expect(value).not.toMatch(/^https?:/);
      }
    }
    expect(textIn(elements(page, 'style')[0]!)).not.toMatch(/@import|url\(/);
  });

  it('can be read by everybody: a language, a title, headings in order, tables with captions and heads, the diagram as a table', () => {
    expect(elements(page, 'html')[0]!.attributes.get('lang')).toBe('en');
    expect(textIn(elements(page, 'title')[0]!)).toContain('Closed report');
    const levels = elements(page, 'h1', 'h2', 'h3').map(({ name }) => Number(name[1]));
    expect(levels[0]).toBe(1);
    for (const [index, level] of levels.slice(1).entries()) expect(level - levels[index]!).toBeLessThanOrEqual(1);
    for (const table of elements(page, 'table')) {
      expect(textIn(elements(table, 'caption')[0]!)).not.toBe('');
      expect(elements(table, 'th').every(({ attributes }) => /^(col|row)$/.test(attributes.get('scope') ?? ''))).toBe(
        true,
      );
    }
    const ids = elements(page, ...new Set(allNames(page))).flatMap(({ attributes }) => attributes.get('id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const each of elements(page, ...new Set(allNames(page)))) {
      const named = each.attributes.get('aria-labelledby');
      if (named !== undefined) expect(ids).toContain(named);
    }
    const [svg] = elements(page, 'svg');
    expect(svg!.attributes.get('role')).toBe('img');
    expect(svg!.attributes.get('aria-label')).toContain('Participant flow');
    const drawn = elements(svg!, 'text').map(textIn).join(' ');
    const twin = elements(page, 'table').find((table) => textIn(table).includes('the diagram as a table'))!;
    for (const row of elements(twin, 'tr').slice(1)) {
      const [count] = elements(row, 'data');
      expect(drawn).toContain(`n\u00a0=\u00a0${count!.attributes.get('value')}`);
    }
  });

  it('shows what it was given as text, however it reads', () => {
    expect(elements(page, 'script')).toEqual([]);
    expect(elements(page, 'th').map(textIn)).toContain(HOSTILE);
    expect(elements(page, 'dd').map(textIn)).toContain(`C1: ${HOSTILE}`);
  });

  it('names the cut at the foot of each printed page', () => {
    const [footer] = elements(page, 'footer');
    expect(textIn(footer!)).toMatch(/data cut C1, position 77, .* SHA-256 (a1){32}/);
    expect(textIn(elements(page, 'style')[0]!)).toContain('footer { display: table-footer-group');
  });

  it('has the numbers of the cut’s tables in the page, in JSON and in CSV', () => {
    const sections = new Map(
      elements(page, 'table').flatMap((table) => {
        const heading = table.attributes.get('aria-labelledby');
        const named = elements(page, 'h3').find(({ attributes }) => attributes.get('id') === heading);
        return named ? [[textIn(named), table] as const] : [];
      }),
    );
    const json = JSON.parse(reportJson(report)) as { readonly tables: readonly TrialTable[] };
    expect(json.tables).toEqual(JSON.parse(JSON.stringify(report.tables)));
    expect(report.tables.filter(isOpenTable)).toEqual(tables.filter(isOpenTable));
    for (const table of report.tables) {
      const shown = elements(elements(sections.get(table.table)!, 'tbody')[0]!, 'tr').map((row) =>
        elements(row, 'th', 'td').map((cell) => elements(cell, 'data')[0]?.attributes.get('value') ?? textIn(cell)),
      );
      const wanted = table.rows.map((row) => table.columns.map(({ name }) => written(row[name] ?? null)));
      expect(shown).toEqual(wanted.length > 0 ? wanted : [['None.']]);

      const csv = reportCsv(report, table);
      const records = parse<Record<string, string>>(csv, { columns: true, record_delimiter: '\r\n' });
      for (const [index, record] of records.entries()) {
        expect(record).toMatchObject({
          cut_trial: 'trial',
          cut: 'C1',
          cut_hash: 'a1'.repeat(32),
          cut_table: table.table,
        });
        for (const { name, definition } of table.columns) {
          const value = table.rows[index]?.[name] ?? null;
          expect(record[name]!.replace(/^'/, '')).toBe(value === null ? '' : String(value));
          expect(record['cut_definitions']).toContain(definition);
        }
      }
      expect(records).toHaveLength(Math.max(1, table.rows.length));
    }
  });

  it('tells what is new since the cut before, with its numbers', () => {
    expect(report.signals.against).toBe('C0');
    const fresh = report.signals.raised.filter(({ isNew }) => isNew);
    // Even with the three who may still be, no more than nine of twenty can be engaged.
    expect(fresh.map(({ rule, about }) => `${rule} ${about}`)).toEqual(['engagement_low S6']);
    expect(
      report.signals.raised.filter(({ rule }) => rule === 'fidelity_low').map(({ about, value }) => [about, value]),
    ).toEqual([
      ['S4', 9],
      ['S6', 7.9],
    ]);
    expect(textIn(elements(page, 'ul').find(({ attributes }) => attributes.get('class') === 'signals')!)).toContain(
      'S6: 6 of 20',
    );
  });
});

const allNames = (element: Element): readonly string[] =>
  element.children.flatMap((child) => (typeof child === 'string' ? [] : [child.name, ...allNames(child)]));

const written = (value: TrialTable['rows'][number][string]): string => {
  if (value === null) return '–';
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
};
