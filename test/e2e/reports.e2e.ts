import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Role, roles } from '@cairn/access';
import { parse } from 'csv-parse/sync';
import { cairnAs } from '../support/cairn-command.js';
import { offerSupport, runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';
import { raiseSignal } from '../support/signals.js';
import { elements, readMarkup, textIn } from '../support/markup.js';

let running: RunningApi;
const people = new Map<Role, SignedIn>();
let stranger: SignedIn;
let foreigner: SignedIn;

const UNTIL = '2049-01-01T00:00:00Z';

beforeAll(async () => {
  running = await runApi();
  await setUpTrial(running, 'T', ['S1', 'S2']);
  await offerSupport(running, 'T', 'S1', 'P1');
  const about = { trial: 'T', occurredAt: '2020-01-01T09:00:00Z' };
  for (const participant of ['P2', 'P3', 'P4']) {
    await running.give('referParticipant', { ...about, participant, site: 'S2' });
    await running.give('recordRandomisation', { ...about, participant, arm: 'usual' });
  }
  await running.give('recordDischarge', { trial: 'T', participant: 'P1', occurredAt: '2020-01-20T09:00:00Z' });
  for (const cut of ['D1', 'D2']) {
    const about = { trial: 'T', participant: `of ${cut}` };
    await raiseSignal(running.store, 'test', { ...about, rule: 'follow_up_overdue', audience: 'open' });
    await raiseSignal(running.store, 'test', { ...about, rule: 'meeting_gap' });
    await running.give('takeDataCut', { trial: 'T', cut, occurredBefore: '2020-03-01T00:00:00Z', note: 'A look' });
  }
  for (const role of Object.keys(roles) as Role[]) {
    const { reach } = roles[role];
    people.set(
      role,
      await running.as(`${role}@test`, {
        roles: [
          {
            role,
            ...(reach !== 'whole tenant' && { trial: 'T' }),
            ...(reach === 'site' && { site: 'S1' }),
            ...(reach === 'worker' && { worker: 'S1-W' }),
            ...(role === 'dmc_member' && { until: UNTIL }),
          },
        ],
      }),
    );
  }
  stranger = await running.as('stranger');
  foreigner = await running.as('foreigner', { tenant: 'foreign', roles: [{ role: 'dmc_member', until: UNTIL }] });
}, 60_000);
afterAll(() => running.close());

/** An answer, byte by byte, without what follows from the time. */
async function bytes(by: SignedIn, path: string): Promise<string> {
  const response = await by.fetch(path);
  const headers = [...response.headers].filter(([name]) => name !== 'date');
  return [response.status, ...headers.map((header) => header.join(': ')), await response.text()].join('\n');
}

/** What is on record of somebody's looks and refusals, in their order. */
async function conductOf(by: SignedIn): Promise<readonly { type: string; data: Record<string, unknown> }[]> {
  const events = await running.store.readStream('test', `@access/person/${encodeURIComponent(by.person)}`);
  return events
    .filter(({ type }) => type.startsWith('SealedData'))
    .map(({ type, payload }) => ({ type, data: JSON.parse(payload) as Record<string, unknown> }));
}

const files = (kind: string): readonly string[] => [`${kind}.html`, `${kind}.json`, `${kind}/flow.csv`];

describe('an open report', () => {
  const open: readonly Role[] = ['trial_manager', 'dmc_member', 'unblinded_statistician', 'auditor'];

  it.each(open)('is shown to a %s, and leaves nothing on record', async (role) => {
    const by = people.get(role)!;
    for (const file of files('open')) {
      const response = await by.fetch(`/reports/T/D2/${file}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('private, no-store');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(await response.text()).not.toMatch(/support|usual/);
    }
    expect(await conductOf(by)).toEqual([]);
  });

  it('is a page that a browser is allowed to show, and nothing more', async () => {
    const response = await running.fetch('/reports/T/D2/open.html');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; /);
    expect(policy).not.toMatch(/unsafe|script-src/);
    const page = readMarkup(await response.text());
    expect(textIn(elements(page, 'h1')[0]!)).toBe('Open report: Trial T');
    expect(textIn(page)).toContain('Against cut D1. 0 new of ');
    expect(elements(page, 'script')).toEqual([]);
  });

  it('has the open tables as CSV and no others', async () => {
    const response = await running.fetch('/reports/T/D2/open/flow.csv');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="T-D2-open-flow.csv"');
    const rows = parse<Record<string, string>>(await response.text(), { columns: true });
    expect(rows.map(({ cut, site, randomised }) => [cut, site, randomised])).toEqual([
      ['D2', 'S1', '1'],
      ['D2', 'S2', '3'],
      ['D2', 'all', '4'],
    ]);
    const nowhere = await bytes(running, '/reports/T/D2/open/nowhere.csv');
    for (const table of ['arms', 'participants', 'offered', '..%2Fflow']) {
      expect(await bytes(running, `/reports/T/D2/open/${table}.csv`)).toBe(nowhere);
    }
    for (const file of ['open.pdf', 'open', 'half.html', 'open/flow.html', 'half/flow.csv']) {
      expect(await bytes(running, `/reports/T/D2/${file}`)).toBe(nowhere);
    }
  });
});

describe('a closed report', () => {
  const LETTERS = /Arm ([AB])/;

  it('is by masked arm to a committee member, and each look is on record, whatever the format', async () => {
    const by = people.get('dmc_member')!;
    for (const file of files('closed')) {
      const before = await conductOf(by);
      const response = await by.fetch(`/reports/T/D2/${file}`);
      expect(response.status).toBe(200);
      const text = await response.text();
      expect(text).not.toMatch(/support|usual/);
      if (!file.endsWith('.csv')) expect(text).toMatch(LETTERS);
      expect((await conductOf(by)).slice(before.length)).toEqual([
        {
          type: 'SealedDataRead',
          data: {
            ...{ person: by.person, trial: 'T', field: 'DataCut.closedReport', participants: 4, by: 'role', cut: 'D2' },
          },
        },
      ]);
    }
  });

  it('says which letter is which arm to the unblinded statistician, and that is on record', async () => {
    const by = people.get('unblinded_statistician')!;
    const selection = 'closedReport { closedUntil armKey { letter arm } json html csv { table text } }';
    const { data, errors } = await by.graphql(`{ trial(id: "T") { dataCut(id: "D2") { takenAt ${selection} } } }`);
    expect(errors).toBeUndefined();
    const { takenAt, closedReport } = (data as any).trial.dataCut;
    expect(Date.parse(closedReport.closedUntil) - Date.parse(takenAt)).toBe(90 * 86_400_000);
    const arms = Object.fromEntries(closedReport.armKey.map(({ letter, arm }: any) => [arm, letter]));
    expect(Object.keys(arms).sort()).toEqual(['support', 'usual']);
    const json = JSON.parse(closedReport.json);
    const byArm = json.tables.find(({ table }: any) => table === 'arms').rows;
    expect(Object.fromEntries(byArm.map(({ arm, randomised }: any) => [arm, randomised]))).toEqual({
      [arms.support]: 1,
      [arms.usual]: 3,
    });
    expect(json.armKey).toEqual(closedReport.armKey);
    expect(closedReport.csv.map(({ table }: any) => table)).toContain('arms');
    expect((await conductOf(by)).map(({ type, data: { field, cut } }) => [type, field, cut])).toEqual([
      ['SealedDataRead', 'ClosedReport.armKey', 'D2'],
    ]);
  });

  it('gives an arm the same letter in every cut', async () => {
    const by = people.get('dmc_member')!;
    const [first, second] = await Promise.all(
      ['D1', 'D2'].map(async (cut) => {
        const { tables } = (await (await by.fetch(`/reports/T/${cut}/closed.json`)).json()) as { tables: any[] };
        return tables.find(({ table }) => table === 'arms');
      }),
    );
    expect(first).toEqual(second);
  });

  it.each(['trial_manager', 'auditor', 'site_coordinator', 'peer_worker', 'site_viewer'] as const)(
    'is not for a %s, whichever cut there is',
    async (role) => {
      const by = people.get(role)!;
      const [page, table, absent] = await Promise.all(
        ['D2/closed.html', 'D2/closed/arms.csv', 'NONE/closed.json'].map((path) => bytes(by, `/reports/T/${path}`)),
      );
      expect(page).toMatch(/^403\n[^]*"code":"SEALED","reason":"NOT_IN_ROLE"/);
      expect([table, absent]).toEqual([page, page]);
      expect(await conductOf(by)).toEqual([]);
    },
  );

  it('is null with a reason to others in GraphQL', async () => {
    const { data, extensions } = await people
      .get('trial_manager')!
      .graphql('{ trial(id: "T") { dataCut(id: "D2") { closedReport { json } } } }');
    expect(data).toEqual({ trial: { dataCut: { closedReport: null } } });
    expect(extensions!.sealed).toEqual([{ path: ['trial', 'dataCut', 'closedReport'], reason: 'NOT_IN_ROLE' }]);
  });
});

it.each(['blinded_outcome_assessor', 'sponsor_administrator', 'machine_subscriber'] as const)(
  'no report is shown to a %s: one answer, whatever there is, and the refusal is on record',
  async (role) => {
    const by = people.get(role)!;
    const answers = await Promise.all(
      ['D2/open.html', 'D2/closed.json', 'D2/open/flow.csv', 'NONE/open.html', 'NONE/closed/arms.csv'].map((path) =>
        bytes(by, `/reports/T/${path}`),
      ),
    );
    expect(answers[0]).toMatch(/^403\n[^]*"code":"SEALED","reason":"BLINDED"/);
    expect(new Set(answers).size).toBe(1);
    const refused = (await conductOf(by)).map(({ type, data: { field, reason } }) => [type, field, reason].join(' '));
    expect(new Set(refused)).toEqual(
      new Set(['SealedDataRefused DataCut.openReport BLINDED', 'SealedDataRefused DataCut.closedReport BLINDED']),
    );
  },
);

it('a cut or a trial that is somebody else’s is answered like one that is nowhere', async () => {
  const by = people.get('dmc_member')!;
  const nowhere = await bytes(by, '/reports/T/NONE/closed.html');
  expect(nowhere).toMatch(/^404\n/);
  for (const path of ['NONE/D2/closed.html', 'T/%20/open.html', `T/${'x'.repeat(200)}/open.json`]) {
    expect(await bytes(by, `/reports/${path}`)).toBe(nowhere);
  }
  for (const somebody of [stranger, foreigner]) {
    for (const path of ['T/D2/closed.html', 'T/D2/open.json', 'T/NONE/open/flow.csv', 'NONE/D2/open.html']) {
      expect(await bytes(somebody, `/reports/${path}`)).toBe(nowhere);
    }
  }
});

it('a token that is not for reading reads no report', async () => {
  const by = running.withToken(await running.tokenFor({ scopes: ['cairn:record'] }));
  expect((await by.fetch('/reports/T/D2/open.html')).status).toBe(404);
});

describe('the command line', () => {
  let out: string;
  beforeEach(async () => {
    out = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-test-'));
  });
  afterEach(() => fs.rm(out, { recursive: true }));

  const report = (by: SignedIn, kind: string, ...more: readonly string[]) =>
    cairnAs(by)('report', kind, '--trial', 'T', '--cut', 'D2', '--out', path.join(out, 'made'), ...more);
  const made = async () => (await fs.readdir(path.join(out, 'made'))).sort();

  it('writes the same bytes as are served', async () => {
    const by = people.get('auditor')!;
    for (const format of ['html', 'json', 'csv']) {
      expect(await report(by, 'open', '--format', format)).toMatchObject({ exitCode: 0, err: '' });
    }
    expect(await made()).toEqual(expect.arrayContaining(['T-D2-open.html', 'T-D2-open.json', 'T-D2-open-flow.csv']));
    for (const [file, served] of [
      ['T-D2-open.html', 'open.html'],
      ['T-D2-open.json', 'open.json'],
      ['T-D2-open-flow.csv', 'open/flow.csv'],
    ] as const) {
      const text = await fs.readFile(path.join(out, 'made', file), 'utf8');
      expect(text).toBe(await (await by.fetch(`/reports/T/D2/${served}`)).text());
    }
  });

  it('keeps a closed report for whoever asked, and one question is one look', async () => {
    const by = people.get('dmc_member')!;
    const before = await conductOf(by);
    expect(await report(by, 'closed', '--format', 'csv')).toMatchObject({ exitCode: 0, err: '' });
    expect(await conductOf(by)).toHaveLength(before.length + 1);
    expect(await made()).toContain('T-D2-closed-arms.csv');
    for (const file of await made()) {
      expect((await fs.stat(path.join(out, 'made', file))).mode & 0o777).toBe(0o600);
    }
  });

  it('says in a sentence why there is none', async () => {
    const by = people.get('auditor')!;
    expect(await report(by, 'closed')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('not shown to your roles'),
    });
    expect(await report(by, 'open', '--cut', 'NONE')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('there is no data cut NONE'),
    });
  });
});

describe('what rules raised since the cut before', () => {
  const raised = async (report: string): Promise<readonly string[]> => {
    const response = await people.get('dmc_member')!.fetch(`/reports/T/${report}.json`);
    const { raised } = (await response.json()) as { raised: readonly { rule: string; about: string }[] };
    return raised.map(({ rule, about }) => `${rule} ${about}`);
  };

  it('is listed, in open reports what is raised of all arms alike', async () => {
    expect(await raised('D1/open')).toEqual(['follow_up_overdue participant of D1']);
    expect(await raised('D2/open')).toEqual(['follow_up_overdue participant of D2']);
    expect(await raised('D2/closed')).toEqual(['follow_up_overdue participant of D2', 'meeting_gap participant of D2']);
    const page = await (await people.get('dmc_member')!.fetch('/reports/T/D2/open.html')).text();
    expect(page).toContain('Signals that rules raised since cut D1: 1');
  });
});
