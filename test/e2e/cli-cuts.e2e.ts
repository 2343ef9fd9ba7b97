import path from 'node:path';
import { sha256Hex } from '@cairn/event-sourcing';
import { cairnAs } from '../support/cairn-command.js';
import { runApi, type RunningApi } from '../support/running-api.js';

const bundle = path.resolve(import.meta.dirname, '../../infra/demo/enrich');
let running: RunningApi;
let cairn: ReturnType<typeof cairnAs>;

beforeAll(async () => {
  running = await runApi();
  cairn = cairnAs(running);
  const { exitCode, err } = await cairn('import', bundle);
  expect([exitCode, err]).toEqual([0, expect.any(String)]);
}, 120_000);
afterAll(() => running.close());

const cut = (...args: readonly string[]) => cairn('cut', ...args, '--trial', 'enrich');

it('a cut is taken, listed, shown and compared, and a table as JSON is what was hashed', async () => {
  const before = ['--occurred-before', '2017-10-01T00:00:00Z'];
  const taken = await cut('take', '--cut', 'interim-1', ...before, '--note', 'First interim look');
  expect(taken).toMatchObject({ exitCode: 0, err: '' });
  expect(taken.out).toMatch(
    /^Data cut interim-1: First interim look\nwhat had happened before 2017-10-01T00:00:00.000Z/,
  );
  expect(taken.out).toMatch(/\nhash [0-9a-f]{64}\n/);
  expect(await cut('show', 'interim-1')).toEqual(taken);

  const [, digest] = /^engagement +open +[\d,]+ +([0-9a-f]{64})$/m.exec(taken.out)!;
  const json = await cut('show', 'interim-1', '--table', 'engagement', '--format', 'json');
  expect(sha256Hex(json.out)).toBe(digest);
  const table = await cut('show', 'interim-1', '--table', 'engagement');
  expect(table.out).toContain(`Table engagement, sha256 ${digest}`);
  const csv = await cut('show', 'interim-1', '--table', 'engagement', '--format', 'csv');
  const [header, ...rows] = csv.out.trimEnd().split('\r\n');
  expect(header).toMatch(/^cut,occurred_before,definition,site,/);
  // The row of site 4 in the table as of that day, which an independent program has reckoned.
  expect(rows.find((row) => row.includes(',table,S1,'))).toMatch(
    /^interim-1,2017-10-01T00:00:00.000Z,table,S1,51,31,14,6,/,
  );

  // One of two contacts that made a participant of site 4 engaged was somebody else's.
  const { data } = await running.graphql(`{ trial(id: "enrich") { history(filter: {
    participant: "S4-0060", types: ["CommunityMeetingRecorded"] }) { edges { node { id data } } } } }`);
  const meetings = (data as any).trial.history.edges.map(({ node }: any) => node);
  const { id: event } = meetings.find(({ data: meeting }: any) => meeting.contact === 'C001513');
  await running.give('voidRecord', { trial: 'enrich', event, reason: 'entered for the wrong participant' });
  await cut('take', '--cut', 'interim-2', ...before, '--note', 'The same day, as known later');
  const list = await cut('list');
  expect(list.out.split('\n').map((line) => line.split(' ')[0])).toEqual(['cut', 'interim-2', 'interim-1', '']);

  const diff = await cut('diff', 'interim-1', 'interim-2', '--table', 'engagement');
  const voided = 'ParticipantRecordVoided [0-9a-f-]{36} recorded \\S+';
  const [, was, is] = new RegExp(`^engagement +table S4 +engaged +(\\d+) +(\\d+) +${voided}$`, 'm').exec(diff.out)!;
  expect(Number(is)).toBe(Number(was) - 1);
  const asJson = await cut('diff', 'interim-1', 'interim-2', '--table', 'engagement', '--format', 'json');
  const changes = JSON.parse(asJson.out);
  expect(changes.length).toBe(diff.out.trimEnd().split('\n').length - 1);
  expect((await cut('diff', 'interim-1', 'interim-1')).out).toBe('Nothing changed.\n');
}, 120_000);

it('what is not there, or refused, is said so', async () => {
  expect(await cut('show', 'nothing')).toMatchObject({
    exitCode: 2,
    err: 'cairn: trial enrich has no data cut nothing, or it is not shown to your role\n',
  });
  expect(await cut('show', 'interim-1', '--table', 'nothing')).toMatchObject({
    exitCode: 2,
    err: 'cairn: data cut interim-1 has no table nothing, or it is not shown to your role\n',
  });
  const again = ['take', '--cut', 'interim-1', '--occurred-before', '2017-11-01T00:00:00Z', '--note', 'Again'];
  expect(await cut(...again)).toMatchObject({ exitCode: 2, err: expect.stringContaining('DATA_CUT_EXISTS') });
  expect(await cairn('cut', 'list', '--trial', 'X')).toMatchObject({
    exitCode: 2,
    err: 'cairn: there is no trial X\n',
  });
  expect(await cut('diff', 'interim-1', 'X')).toMatchObject({ exitCode: 2 });
});
