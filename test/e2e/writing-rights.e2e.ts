import { randomUUID } from 'node:crypto';
import {
  type Answer,
  offerSupport,
  recording,
  runApi,
  type RunningApi,
  setUpTrial,
  type SignedIn,
} from '../support/running-api.js';

/*
 * Who may record what, asked as clients ask. Every command and every role are in apps/api/src/application/*.spec.ts; here is
 * what only the edge can get wrong: status, bytes, headers, imports.
 */

const at = '2020-03-01T09:00:00Z';
let running: RunningApi;
let coordinator: SignedIn;
let worker: SignedIn;
let assessor: SignedIn;
let auditor: SignedIn;

beforeAll(async () => {
  running = await runApi();
  await setUpTrial(running, 'T', ['S1', 'S2']);
  await setUpTrial(running, 'U');
  await offerSupport(running, 'T', 'S1', 'P1');
  await offerSupport(running, 'T', 'S2', 'P2');
  coordinator = await running.as('co', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S1' }] });
  worker = await running.as('pw', { roles: [{ role: 'peer_worker', trial: 'T', worker: 'S1-W' }] });
  assessor = await running.as('as', { roles: [{ role: 'blinded_outcome_assessor', trial: 'T' }] });
  auditor = await running.as('au', { roles: [{ role: 'auditor' }] });
}, 60_000);
afterAll(() => running.close());

const give = (who: SignedIn, mutation: string, input: object): Promise<Answer> =>
  who.graphql(recording(mutation), { input: { commandId: randomUUID(), ...input } });
const outcomeOf = ({ data, errors }: Answer, mutation: string): string => {
  const result = data?.[mutation] as { code?: string } | undefined;
  return errors?.[0]?.extensions.code ?? result?.code ?? (result ? 'accepted' : 'nothing');
};

/** Status, headers that a client can tell answers apart by, and the body. */
async function seenBy(who: SignedIn, mutation: string, input: object): Promise<string> {
  const response = await who.fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: recording(mutation), variables: { input: { commandId: randomUUID(), ...input } } }),
  });
  const headers = [...response.headers].filter(([name]) => !['date'].includes(name));
  return `${response.status} ${JSON.stringify(headers)} ${await response.text()}`;
}

const followUp = (participant: string) => ({ trial: 'T', participant, occurredAt: at });

test('a command that is not for the role is an error, and is the same whatever exists', async () => {
  const version = { version: 2, protocol: {} };
  const answer = await give(coordinator, 'publishProtocol', { trial: 'T', ...version });
  expect([answer.status, answer.errors?.[0]?.extensions.code]).toEqual([403, 'FORBIDDEN']);
  const same = await seenBy(coordinator, 'publishProtocol', { trial: 'T', ...version });
  for (const trial of ['U', 'none']) {
    expect(await seenBy(coordinator, 'publishProtocol', { trial, ...version })).toBe(same);
  }
  expect(outcomeOf(await give(auditor, 'recordFollowUp', followUp('P1')), 'recordFollowUp')).toBe('FORBIDDEN');
});

test('what is somebody else’s is refused with the bytes of what is not there', async () => {
  const contact = { trial: 'T', worker: 'S1-W', mode: 'TELEPHONE', outcome: 'ATTENDED', occurredAt: at, contact: 'c' };
  for (const [who, mutation, input] of [
    [coordinator, 'recordFollowUp', {}],
    [coordinator, 'recordCommunityMeeting', contact],
    [worker, 'recordCommunityMeeting', contact],
  ] as const) {
    const foreign = await seenBy(who, mutation, { ...followUp('P2'), ...input });
    expect(foreign).toBe(await seenBy(who, mutation, { ...followUp('P0'), ...input }));
    expect(foreign).toContain('PARTICIPANT_UNKNOWN');
  }
  const inU = await seenBy(coordinator, 'recordFollowUp', { ...followUp('P1'), trial: 'U' });
  expect(inU).toBe(await seenBy(coordinator, 'recordFollowUp', { ...followUp('P1'), trial: 'none' }));
  expect(inU).toContain('TRIAL_UNKNOWN');
  expect(outcomeOf(await give(coordinator, 'recordFollowUp', followUp('P1')), 'recordFollowUp')).toBe('accepted');
});

test('a token for reading only records nothing', async () => {
  const reader = await running.as('tester', { scopes: ['cairn:read'] });
  expect(outcomeOf(await give(reader, 'recordFollowUp', followUp('P1')), 'recordFollowUp')).toBe('FORBIDDEN');
});

test('who is blinded is answered a time as the position', async () => {
  const before = Date.now();
  const answer = await give(assessor, 'recordFollowUp', { ...followUp('P2'), occurredAt: '2020-04-01T09:00:00Z' });
  const { position } = answer.data!['recordFollowUp'] as { position: string };
  expect(Number(position)).toBeGreaterThanOrEqual(before - 1_000);
  expect(Number(position)).toBeLessThanOrEqual(Date.now() + 1_000);
  const { data } = await assessor.graphql('query ($p: Position) { trial(id: "T", minPosition: $p) { head } }', {
    p: position,
  });
  expect(data).toMatchObject({ trial: { head: expect.stringMatching(/^\d+$/) } });
});

describe('an import', () => {
  const record = (line: number, name: string, input: object) =>
    JSON.stringify({ line, commandId: randomUUID(), commands: [{ name, input }] });
  const send = (who: SignedIn, body: string, query = '') =>
    who.fetch(`/import${query}`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body });
  const outcomes = async (response: Response) =>
    (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { line?: number; outcome?: { kind: string; code?: string } })
      .flatMap(({ line, outcome }) => (outcome ? [[line, outcome.code ?? outcome.kind] as const] : []))
      .sort(([a], [b]) => a! - b!);

  test('is not for whoever records nothing, nor for the blinded', async () => {
    const stranger = await running.as('nobody');
    const viewer = await running.as('vi', { roles: [{ role: 'site_viewer', trial: 'T', site: 'S1' }] });
    for (const who of [viewer, assessor, stranger, await running.as('tester', { scopes: ['cairn:read'] })]) {
      const response = await send(who, record(0, 'recordFollowUp', followUp('P1')));
      expect(response.status).toBe(403);
      expect(await response.json()).toEqual({
        errors: [{ message: 'This is not for your roles.', extensions: { code: 'FORBIDDEN' } }],
      });
    }
  });

  test('is judged record by record, in a dry run as well', async () => {
    const body = [
      record(0, 'recordFollowUp', { ...followUp('P1'), occurredAt: '2020-05-01T09:00:00Z' }),
      record(1, 'recordFollowUp', followUp('P2')),
      record(2, 'recordFollowUp', followUp('P0')),
      record(3, 'recordFollowUp', { ...followUp('P1'), trial: 'U' }),
      record(4, 'registerSite', { trial: 'T' }),
      record(5, 'assignRole', { assignment: 'mine', person: 'co', role: 'trial_manager' }),
    ].join('\n');
    const expected = [
      'accepted',
      'PARTICIPANT_UNKNOWN',
      'PARTICIPANT_UNKNOWN',
      'TRIAL_UNKNOWN',
      'FORBIDDEN',
      'FORBIDDEN',
    ];
    const before = await running.store.head('test');
    expect(await outcomes(await send(coordinator, body, '?dryRun=true'))).toEqual([...expected.entries()]);
    expect(await running.store.head('test')).toBe(before);
    expect(await outcomes(await send(coordinator, body))).toEqual([...expected.entries()]);
    expect(await running.store.head('test')).toBe(before + 1n);
  });

  test('of somebody whose role is revoked meanwhile records nothing more', async () => {
    const assignment = { assignment: 'soon gone', person: 'leaving', role: 'site_coordinator', trial: 'T', site: 'S1' };
    await running.give('registerPerson', { person: 'leaving', name: 'Leaving' });
    await running.give('assignRole', assignment);
    const leaving = await running.as('leaving');
    const lines = new TransformStream<string, string>();
    const writer = lines.writable.getWriter();
    const sending = leaving.fetch('/import', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.readable.pipeThrough(new TextEncoderStream()),
      duplex: 'half',
    } as RequestInit);
    const followUpAt = (line: number) =>
      `${record(line, 'recordFollowUp', { ...followUp('P1'), occurredAt: `2020-06-0${line + 1}T09:00:00Z` })}\n`;
    await writer.write(followUpAt(0));
    const answers = (await sending).body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await answers.read()).value).toContain('"accepted"');
    await running.give('revokeRole', { assignment: 'soon gone', reason: 'has left' });
    await writer.write(followUpAt(1));
    expect((await answers.read()).value).toContain('"FORBIDDEN"');
    await writer.close();
    expect((await answers.read()).value).toContain('"done"');
  });
});
