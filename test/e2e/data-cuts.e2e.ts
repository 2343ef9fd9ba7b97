import { randomUUID } from 'node:crypto';
import { sha256Hex } from '@cairn/event-sourcing';
import {
  type Answer,
  offerSupport,
  recording,
  runApi,
  type RunningApi,
  setUpTrial,
  type SignedIn,
} from '../support/running-api.js';

let running: RunningApi;
let statistician: SignedIn;
let committee: SignedIn;

const BEFORE = '2020-03-01T00:00:00Z';
const cut = (id: string, occurredBefore = BEFORE) => ({ trial: 'T', cut: id, occurredBefore, note: `Note of ${id}` });
const meeting = (contact: string, occurredAt: string) => ({
  ...{ trial: 'T', participant: 'P1', worker: 'S1-W', contact },
  ...{ mode: 'FACE_TO_FACE', outcome: 'ATTENDED', occurredAt },
});

beforeAll(async () => {
  running = await runApi();
  await setUpTrial(running, 'T', ['S1', 'S2']);
  await offerSupport(running, 'T', 'S1', 'P1');
  await running.give('referParticipant', {
    trial: 'T',
    site: 'S2',
    participant: 'P2',
    occurredAt: '2020-01-01T09:00:00Z',
  });
  await running.give('recordDischarge', { trial: 'T', participant: 'P1', occurredAt: '2020-01-20T09:00:00Z' });
  await running.give('recordCommunityMeeting', meeting('C1', '2020-02-01T09:00:00Z'));
  statistician = await running.as('stat', { roles: [{ role: 'unblinded_statistician', trial: 'T' }] });
  committee = await running.as('dora', { roles: [{ role: 'dmc_member', trial: 'T' }] });
}, 60_000);
afterAll(() => running.close());

async function take(by: SignedIn, input: object, commandId = randomUUID()): Promise<any> {
  const { data, errors } = await by.graphql(recording('takeDataCut'), { input: { commandId, ...input } });
  return data?.['takeDataCut'] ?? errors![0]!.extensions.code;
}

const TABLES = 'tables { table audience sha256 bytes columns { name unit definition } rows text }';
const ask = (by: SignedIn, id: string, selection: string): Promise<Answer> =>
  by.graphql(`{ trial(id: "T") { dataCut(id: "${id}") { ${selection} } } }`);
async function cutOf(by: SignedIn, id: string, selection: string): Promise<any> {
  const { data } = await ask(by, id, selection);
  return (data as any)?.trial.dataCut;
}
const namesOf = async (by: SignedIn, id: string, argument = ''): Promise<string[]> =>
  (await cutOf(by, id, `tables${argument} { table audience }`)).tables.map(
    ({ table, audience }: any) => `${table} ${audience}`,
  );

describe('taking a data cut', () => {
  it('fixes position, time, protocol and code under a hash, once', async () => {
    const head = await running.store.head('test');
    const commandId = randomUUID();
    const first = await take(running, cut('D1'), commandId);
    expect(first).toMatchObject({ __typename: 'CommandAccepted' });
    await running.give('recordCommunityMeeting', meeting('C2', '2020-04-01T09:00:00Z'));
    expect(await take(running, cut('D1'), commandId)).toEqual(first);
    expect(await take(running, cut('D1'))).toMatchObject({ events: [] });
    expect(await take(running, { ...cut('D1'), note: 'Another' })).toMatchObject({ code: 'DATA_CUT_EXISTS' });
    expect(await take(running, cut('D9'), commandId)).toMatchObject({ code: 'COMMAND_ID_REUSED' });
    const shown = await cutOf(
      running,
      'D1',
      'id note occurredBefore position size protocol code hash takenBy { id name } takenAt',
    );
    expect(shown).toMatchObject({
      ...{ id: 'D1', note: 'Note of D1', occurredBefore: '2020-03-01T00:00:00.000Z', position: String(head) },
      // Registered: the trial, two sites, two workers. Of participants: 5 and 1.
      ...{ size: 11, protocol: 1, takenBy: { id: 'tester', name: 'tester' } },
    });
    expect(shown.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(shown.code).toMatch(/^cairn \d+\.\d+\.\d+$/);
  });

  it('is settled among those who take it at once: one is recorded, all are told the same', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => take(running, cut('D2'))));
    expect(answers.every(({ __typename }) => __typename === 'CommandAccepted')).toBe(true);
    expect(answers.filter(({ events }) => events.length > 0)).toHaveLength(1);
    const stream = await running.store.readStream('test', 'T/cut/D2');
    expect(stream.filter(({ type }) => type === 'DataCutTaken')).toHaveLength(1);
  });

  it('is refused of the future, of nothing, of no trial, and in a dry run', async () => {
    expect(await take(running, cut('D3', '2999-01-01T00:00:00Z'))).toMatchObject({ code: 'OCCURRED_IN_FUTURE' });
    expect(await take(running, cut('D3', '1990-01-01T00:00:00Z'))).toMatchObject({ code: 'DATA_CUT_EMPTY' });
    expect(await take(running, { ...cut('D3'), trial: 'X' })).toMatchObject({ code: 'TRIAL_UNKNOWN' });
    const response = await running.fetch('/import?dryRun=true', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: JSON.stringify({ line: 1, commandId: randomUUID(), commands: [{ name: 'takeDataCut', input: cut('D3') }] }),
    });
    expect(await response.text()).toContain('DATA_CUT_UNAVAILABLE');
    expect(await running.store.readStream('test', 'T/cut/D3')).toEqual([]);
  });
});

describe('the tables of a cut', () => {
  it('are the bytes that were hashed, and follow from them', async () => {
    const { tables } = await cutOf(running, 'D1', TABLES);
    expect(tables.length).toBeGreaterThan(3);
    for (const { table, audience, sha256, bytes, columns, rows, text } of tables) {
      expect(sha256Hex(text)).toBe(sha256);
      expect(Buffer.byteLength(text)).toBe(bytes);
      const said = JSON.parse(text);
      expect(said).toMatchObject({ table, audience: audience.toLowerCase() });
      expect(said.columns.map(({ name }: any) => name)).toEqual(columns.map(({ name }: any) => name));
      const names = said.columns.map(({ name }: any) => name);
      expect(said.rows).toEqual(rows.map((row: any) => names.map((name: string) => row[name])));
    }
  });

  it('are shown to whom they are for: by arm to nobody here', async () => {
    const all = await namesOf(running, 'D1');
    expect(all.filter((name) => name.endsWith('OPEN')).length).toBeGreaterThan(1);
    expect(all).toContain('participants UNBLINDED');
    expect(all.join()).not.toMatch(/arms|closed/i);
    expect(await namesOf(statistician, 'D1')).toEqual(all);
    expect(await namesOf(committee, 'D1')).toEqual(all.filter((name) => name.endsWith('OPEN')));
    expect(await namesOf(committee, 'D1', '(table: "participants")')).toEqual([]);
    expect(await namesOf(running, 'D1', '(audience: UNBLINDED, table: "participants")')).toEqual([
      'participants UNBLINDED',
    ]);
    const { errors } = await ask(committee, 'D1', 'tables(audience: UNBLINDED) { table }');
    expect(errors![0]!.extensions).toMatchObject({ code: 'SEALED', reason: 'NOT_IN_ROLE' });
  });

  it('are looked at on record where arms are', async () => {
    const looks = async (): Promise<any[]> =>
      (await running.store.readStream('test', '@access/person/stat'))
        .filter(({ type }) => type === 'SealedDataRead')
        .map(({ payload }) => JSON.parse(payload));
    const before = (await looks()).length;
    await namesOf(statistician, 'D1', '(audience: OPEN)');
    expect(await looks()).toHaveLength(before);
    await namesOf(statistician, 'D1', '(table: "participants")');
    expect((await looks()).slice(before)).toMatchObject([{ field: 'DataCut.tables', participants: 2, by: 'role' }]);
    await namesOf(statistician, 'D1', '(table: "offered")');
    expect((await looks()).slice(before + 1)).toMatchObject([{ field: 'DataCut.tables', participants: 0 }]);
  });

  it('are in no history, which has that they were kept', async () => {
    for (const by of [running, committee, statistician]) {
      const { data, extensions } = await by.graphql(
        '{ trial(id: "T") { history(filter: { types: ["CutTableKept"] }) { totalCount edges { node { data } } } } }',
      );
      const { history } = data!['trial'] as any;
      expect(history.totalCount).toBeGreaterThan(0);
      for (const { node } of history.edges) expect(node.data).toMatchObject({ trial: 'T', text: null });
      expect(extensions!.sealed!.every(({ reason }) => reason === 'NOT_IN_ROLE')).toBe(true);
    }
  });
});

describe('who has no cuts', () => {
  const answers = async (by: SignedIn, id: string) => {
    const one = await ask(by, id, 'id');
    const all = await by.graphql('{ trial(id: "T") { dataCuts { totalCount } } }');
    return JSON.stringify([one, all]);
  };
  it('is told nothing of them, and not whether there are any', async () => {
    const roles = [
      { role: 'blinded_outcome_assessor', trial: 'T' },
      { role: 'machine_subscriber', trial: 'T' },
      { role: 'sponsor_administrator' },
      { role: 'site_coordinator', trial: 'T', site: 'S1' },
      { role: 'peer_worker', trial: 'T', worker: 'S1-W' },
      { role: 'site_viewer', trial: 'T', site: 'S1' },
    ] as const;
    for (const role of roles) {
      const by = await running.as(`a ${role.role}`, { roles: [role] });
      const blinded = !['site_coordinator', 'peer_worker', 'site_viewer'].includes(role.role);
      expect(await answers(by, 'D1')).toBe(await answers(by, 'X'));
      expect(await answers(by, 'D1')).toContain(blinded ? '"reason":"BLINDED"' : '"reason":"NOT_IN_ROLE"');
      expect(await take(by, cut('D4'))).toBe('FORBIDDEN');
    }
    const foreign = await running.as('foreign', { tenant: 'elsewhere', roles: [{ role: 'trial_manager' }] });
    expect((await ask(foreign, 'D1', 'id')).data).toEqual({ trial: null });
    expect(await take(foreign, cut('D4'))).toMatchObject({ code: 'TRIAL_UNKNOWN' });
    for (const by of [committee, await running.as('audrey', { roles: [{ role: 'auditor', trial: 'T' }] })]) {
      expect(await take(by, cut('D4'))).toBe('FORBIDDEN');
      expect(await cutOf(by, 'D1', 'id')).toEqual({ id: 'D1' });
    }
  });

  it('who is blinded in another trial is told no position of the log that both share', async () => {
    await setUpTrial(running, 'U');
    const by = await running.as('both', {
      roles: [
        { role: 'auditor', trial: 'T' },
        { role: 'blinded_outcome_assessor', trial: 'U' },
      ],
    });
    const { position, takenAt } = await cutOf(by, 'D1', 'position takenAt');
    expect(Number(position)).toBe(Date.parse(takenAt));
  });
});

describe('what changed between two cuts', () => {
  const CHANGES = `changes { totalCount edges { node { table audience key column from to
    causes { totalCount edges { node { kind by at participant site event { id type data position } } } } } } }`;
  const diff = async (by: SignedIn, from: string, to: string, selection = CHANGES): Promise<any> => {
    const { data } = await by.graphql(`{ trial(id: "T") { diff(from: "${from}", to: "${to}") { ${selection} } } }`);
    return (data as any).trial.diff;
  };
  const nodes = (list: any): any[] => list.edges.map(({ node }: any) => node);

  it('is told value by value, with the records that changed it', async () => {
    await running.give('referParticipant', {
      ...{ trial: 'T', site: 'S2', participant: 'P3', occurredAt: '2020-01-03T09:00:00Z' },
    });
    await take(running, cut('C1'));
    const late = { trial: 'T', participant: 'P3', arm: 'usual', occurredAt: '2020-01-05T09:00:00Z' };
    await running.give('recordRandomisation', late);
    await running.give('recordDischarge', { trial: 'T', participant: 'P3', occurredAt: '2020-05-01T09:00:00Z' });
    await take(running, cut('C2'));
    const { changes } = await diff(running, 'C1', 'C2');
    const all = nodes(changes);
    expect(changes.totalCount).toBe(all.length);
    const randomised = all.filter(({ table, column }) => table === 'flow' && column === 'randomised');
    expect(randomised.map(({ key, from, to }) => [key.site, from, to])).toEqual([
      ['all', 1, 2],
      ['S2', 0, 1],
    ]);
    for (const { causes } of randomised) {
      expect(nodes(causes)).toMatchObject([
        {
          kind: 'RECORD',
          by: 1,
          at: null,
          event: { type: 'ParticipantRandomised', data: { participant: 'P3', arm: 'usual' } },
        },
      ]);
    }
    // The discharge is of a time after both cuts.
    const types = new Set(all.flatMap(({ causes }) => nodes(causes).map(({ event }) => event?.type)));
    expect(types).not.toContain('ParticipantDischarged');
    expect(await diff(running, 'C1', 'C1')).toMatchObject({ changes: { totalCount: 0 } });
    expect(await diff(running, 'C1', 'X')).toBeNull();
    expect(await diff(running, 'C1', 'C2', 'from { id } to { id }')).toEqual({ from: { id: 'C1' }, to: { id: 'C2' } });
  });

  it('is told of tables that the viewer may see, arms of events to whom they are known', async () => {
    const all = nodes((await diff(running, 'C1', 'C2')).changes);
    expect(new Set(all.map(({ audience }) => audience))).toEqual(new Set(['OPEN', 'UNBLINDED']));
    const open = nodes((await diff(committee, 'C1', 'C2')).changes);
    expect(new Set(open.map(({ audience }) => audience))).toEqual(new Set(['OPEN']));
    expect(open.map(({ table, column, key, to }) => [table, column, key, to])).toEqual(
      all.filter(({ audience }) => audience === 'OPEN').map(({ table, column, key, to }) => [table, column, key, to]),
    );
    expect(JSON.stringify(open)).toContain('"participant":"P3"');
    expect(JSON.stringify(open)).not.toContain('usual');
    const assessor = await running.as('anna', { roles: [{ role: 'blinded_outcome_assessor', trial: 'T' }] });
    expect(await diff(assessor, 'C1', 'C2')).toBeNull();
  });

  it('can be time alone: what came to be due', async () => {
    await take(running, cut('C3', '2020-09-01T00:00:00Z'));
    const table =
      'changes(table: "engagement") { edges { node { table column key causes { edges { node { kind at participant event { type } } } } } } }';
    const changes = nodes((await diff(running, 'C2', 'C3', table)).changes);
    expect(new Set(changes.map((change) => change.table))).toEqual(new Set(['engagement']));
    const kinds = changes.flatMap(({ causes }) => nodes(causes).map(({ kind }) => kind));
    expect(kinds).toContain('RECORD');
    const closed = changes.find(
      ({ key, column }) => key.definition === 'table' && key.site === 'all' && column === 'not_yet',
    );
    expect(closed ?? changes[0]).toBeDefined();
  });

  it('comes in pages', async () => {
    const page = async (argument: string) =>
      (
        await diff(
          running,
          'C1',
          'C2',
          `changes(${argument}) { totalCount pageInfo { hasNextPage endCursor } edges { node { table column } } }`,
        )
      ).changes;
    const first = await page('first: 2');
    expect(first).toMatchObject({ pageInfo: { hasNextPage: true } });
    const rest = await page(`first: 1000, after: "${first.pageInfo.endCursor}"`);
    expect(first.edges.length + rest.edges.length).toBe(first.totalCount);
  });
});

describe('after a cut', () => {
  it('what happened before it and was recorded later arrives late', async () => {
    await take(running, cut('L1'));
    await running.give('recordCommunityMeeting', meeting('C3', '2020-02-20T09:00:00Z'));
    await running.give('recordCommunityMeeting', meeting('C4', '2020-03-01T00:00:00Z'));
    await running.give('recordFollowUp', { trial: 'T', participant: 'P1', occurredAt: '2020-01-25T09:00:00Z' });
    const late = async (by: SignedIn, page = '') =>
      (
        await cutOf(
          by,
          'L1',
          `lateArrivals${page} { totalCount pageInfo { hasNextPage endCursor } edges { node { type data } } }`,
        )
      ).lateArrivals;
    const all = await late(committee);
    expect(all.totalCount).toBe(2);
    expect(all.edges.map(({ node }: any) => node.type)).toEqual(['FollowUpRecorded', 'CommunityMeetingRecorded']);
    expect(all.edges[1].node.data).toMatchObject({ contact: 'C3' });
    const { edges, pageInfo } = await late(running, '(first: 1)');
    expect(edges).toHaveLength(1);
    const next = await late(running, `(first: 1, after: "${pageInfo.endCursor}")`);
    expect(next.edges.map(({ node }: any) => node.type)).toEqual(['CommunityMeetingRecorded']);
    await take(running, cut('L2'));
    expect((await cutOf(running, 'L2', 'lateArrivals { totalCount }')).lateArrivals.totalCount).toBe(0);
  });

  it('it is what the log makes of it again, however much was recorded', async () => {
    expect((await cutOf(running, 'D1', 'recomputed { same differing }')).recomputed).toEqual({
      same: true,
      differing: [],
    });
  });

  it('how current the record was is told by kind and site, and adds up', async () => {
    const currency = async (by: SignedIn): Promise<any[]> =>
      (await cutOf(by, 'L1', 'currency { kind site expected recorded proportion reason records }')).currency;
    const open = await currency(committee);
    expect(open.length).toBeGreaterThan(0);
    expect(open.map(({ kind }) => kind)).not.toContain('allocation');
    const all = await currency(running);
    expect(all.filter(({ kind }) => open.some((each) => each.kind === kind))).toEqual(open);
    const kinds = [...new Set(all.map(({ kind }) => kind))];
    expect(kinds).toEqual(expect.arrayContaining(['discharge', 'allocation']));
    for (const kind of kinds) {
      const rows = all.filter((row) => row.kind === kind);
      const sites = rows.filter(({ site }) => site !== null);
      const [whole] = rows.filter(({ site }) => site === null);
      expect(sites.map(({ site }) => site)).toEqual(['S1', 'S2']);
      for (const number of ['expected', 'recorded', 'records']) {
        expect(sites.reduce((sum, row) => sum + row[number], 0)).toBe(whole[number] ?? 0);
      }
      for (const { expected, recorded, proportion } of rows) {
        expect(proportion).toBe(expected ? recorded / expected : null);
      }
    }
    expect(all.find(({ kind, site }) => kind === 'allocation' && site === 'S1')).toMatchObject({
      expected: 1,
      recorded: 1,
    });
  });

  it('all are listed, newest first, page by page', async () => {
    const list = async (page: string) => {
      const { data } = await running.graphql(
        `{ trial(id: "T") { dataCuts${page} { totalCount pageInfo { endCursor hasNextPage } edges { node { id } } } } }`,
      );
      const { dataCuts } = data!['trial'] as any;
      return { ...dataCuts, ids: dataCuts.edges.map(({ node }: any) => node.id).join(' ') };
    };
    expect(await list('')).toMatchObject({ ids: 'L2 L1 C3 C2 C1 D2 D1', totalCount: 7 });
    const first = await list('(first: 3)');
    expect(first).toMatchObject({ ids: 'L2 L1 C3', pageInfo: { hasNextPage: true } });
    await take(running, cut('L3'));
    expect(await list(`(first: 3, after: "${first.pageInfo.endCursor}")`)).toMatchObject({
      ids: 'C2 C1 D2',
      totalCount: 8,
    });
  });
});
