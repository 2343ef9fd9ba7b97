import { randomUUID } from 'node:crypto';
import { cloudEventLine } from '@cairn/audit';
import { createHash } from 'node:crypto';
import { recording, runApi, type RunningApi, setUpTrial, offerSupport, type SignedIn } from '../support/running-api.js';

const meeting = {
  trial: 'T',
  participant: 'P1',
  worker: 'S1-W',
  contact: 'C1',
  mode: 'FACE_TO_FACE',
  outcome: 'ATTENDED',
  minutes: 900,
  occurredAt: '2020-02-01T09:00:00Z',
};
const password = 'a long enough password';

let running: RunningApi;
let auditor: SignedIn;
let coordinator: SignedIn;
let other: SignedIn;
/** The event that holds the meeting. */
let record: string;

beforeAll(async () => {
  running = await runApi({}, { people: [{ person: 'signer', name: 'Sig Ner', tenant: 'test' }] });
  await setUpTrial(running, 'T', ['S1', 'S2']);
  await offerSupport(running, 'T', 'S1', 'P1');
  await running.give('recordCommunityMeeting', meeting);
  const { data } = await running.graphql(
    '{ trial(id: "T") { history(filter: { types: ["CommunityMeetingRecorded"] }) { edges { node { id } } } } }',
  );
  record = (data as any).trial.history.edges[0].node.id;
  auditor = await running.as('audrey', { roles: [{ role: 'auditor', trial: 'T' }] });
  coordinator = await running.as('cora', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S1' }] });
  other = await running.as('otto', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S2' }] });
}, 60_000);
afterAll(() => running.close());

async function refusal(by: SignedIn, name: string, input: object): Promise<string> {
  const { data } = await by.graphql(recording(name), { input: { commandId: randomUUID(), ...input } });
  return (data as any)[name].code;
}

const QUERIES = `query ($state: DataQueryState, $knownAt: DateTime) { trial(id: "T") { queries(state: $state, knownAt: $knownAt) {
  totalCount edges { node { id state site participant event ageDays closedAt entries { kind text by { id } } } } } } }`;
async function queriesOf(by: SignedIn, variables: object = {}): Promise<any[]> {
  const { data } = await by.graphql(QUERIES, variables);
  return (data as any).trial.queries?.edges.map(({ node }: any) => node);
}

describe('a query about a record', () => {
  it('is raised by an auditor, answered at the site, opened again, and closed', async () => {
    const query = { trial: 'T', query: 'Q1' };
    await auditor.give('raiseQuery', { ...query, event: record, text: 'Is 900 minutes right?' });
    const raisedAt = new Date().toISOString();
    expect(await queriesOf(other)).toEqual([]);
    expect(await refusal(other, 'answerQuery', { ...query, text: 'x' })).toBe('QUERY_UNKNOWN');
    await coordinator.give('answerQuery', { ...query, text: 'No.' });
    await auditor.give('reopenQuery', { ...query, text: 'Then amend it.' });
    await coordinator.give('answerQuery', { ...query, text: 'Done.' });
    await auditor.give('closeQuery', query);
    const [node] = await queriesOf(coordinator);
    expect(node).toMatchObject({ id: 'Q1', state: 'CLOSED', site: 'S1', participant: 'P1', event: record });
    expect(node.ageDays).toBeGreaterThan(0);
    expect(node.ageDays).toBeLessThan(0.01);
    expect(node.entries.map(({ kind, text, by }: any) => `${kind} ${text} ${by.id}`)).toEqual([
      'RAISED Is 900 minutes right? audrey',
      'ANSWERED No. cora',
      'REOPENED Then amend it. audrey',
      'ANSWERED Done. cora',
      'CLOSED null audrey',
    ]);
    expect(await queriesOf(auditor, { knownAt: raisedAt })).toMatchObject([{ state: 'OPEN' }]);
    expect(await queriesOf(auditor, { state: 'OPEN' })).toEqual([]);
    expect(await refusal(coordinator, 'answerQuery', { ...query, text: 'x' })).toBe('QUERY_CLOSED');
  });

  it('is about what is there, and in reach', async () => {
    const raise = (by: SignedIn, about: object) =>
      refusal(by, 'raiseQuery', { trial: 'T', query: 'Q2', text: 'Why?', ...about });
    expect(await raise(other, { event: record })).toBe('SUBJECT_UNKNOWN');
    expect(await raise(other, { participant: 'P1' })).toBe('SUBJECT_UNKNOWN');
    expect(await raise(other, { site: 'S1' })).toBe('SUBJECT_UNKNOWN');
    expect(await raise(auditor, { event: record, site: 'S2' })).toBe('SUBJECT_UNKNOWN');
    expect(await raise(auditor, { event: randomUUID() })).toBe('SUBJECT_UNKNOWN');
    expect(await raise(auditor, {})).toBe('QUERY_ABOUT_NOTHING');
    await other.give('raiseQuery', { trial: 'T', query: 'Q3', site: 'S2', text: 'Why?' });
    expect(await queriesOf(coordinator)).toHaveLength(1);
    expect(await queriesOf(auditor)).toHaveLength(2);
  });
});

const SIGNATURES = `query ($knownAt: DateTime) { trial(id: "T") { signatures(knownAt: $knownAt) { totalCount edges { node {
  id signer { id } name meaning contentHash event cut state voidedBy { type reason } } } } } }`;
async function signaturesOf(by: SignedIn, variables: object = {}): Promise<any[]> {
  const { data } = await by.graphql(SIGNATURES, variables);
  return (data as any).trial.signatures.edges.map(({ node }: any) => node);
}

describe('a signature', () => {
  const sign = (input: object) => ({ trial: 'T', signature: 'G1', event: record, meaning: 'REVIEW', ...input });
  const freshToken = (person: string, authenticatedAt = Date.now()) => running.tokenFor({ person, authenticatedAt });

  it('takes a proof, given now, of being the one who asks', async () => {
    const tries = [
      {},
      { password },
      { token: 'none' },
      { token: auditor.token },
      { token: await freshToken('audrey', Date.now() - 6 * 60_000) },
      { token: await freshToken('audrey', Date.now() + 60_000) },
      { token: await freshToken('cora') },
      { token: await running.tokenFor({ person: 'audrey', tenant: 'another', authenticatedAt: Date.now() }) },
      { password, token: await freshToken('audrey') },
    ];
    for (const reauthentication of tries) {
      expect(await refusal(auditor, 'signContent', sign({ reauthentication }))).toBe('REAUTHENTICATION_FAILED');
    }
    expect(await signaturesOf(auditor)).toEqual([]);
  });

  it('says who, what and in which sense; a later change of the record voids it for all to see', async () => {
    const reauthentication = { token: await freshToken('audrey') };
    await auditor.give('signContent', sign({ reauthentication }));
    const event = await running.store.findEvent('test', record);
    const contentHash = createHash('sha256').update(cloudEventLine(event!)).digest('hex');
    const expected = { id: 'G1', signer: { id: 'audrey' }, meaning: 'REVIEW', contentHash, event: record, cut: null };
    expect(await signaturesOf(auditor)).toMatchObject([{ ...expected, state: 'VALID', voidedBy: null }]);
    const knownAt = new Date().toISOString();
    await coordinator.give('voidRecord', { trial: 'T', event: record, reason: 'entered twice' });
    expect(await signaturesOf(auditor)).toMatchObject([
      { ...expected, state: 'VOIDED', voidedBy: { type: 'ParticipantRecordVoided', reason: 'entered twice' } },
    ]);
    expect(await signaturesOf(auditor, { knownAt })).toMatchObject([{ state: 'VALID', voidedBy: null }]);
    // What does not stand any more is not signed.
    expect(await refusal(auditor, 'signContent', sign({ signature: 'G2', reauthentication }))).toBe('SUBJECT_UNKNOWN');
  });

  it('takes the password where people sign in with Cairn, and no try leaves it anywhere', async () => {
    const signer = await running.as('signer', { roles: [{ role: 'trial_manager', trial: 'T' }] });
    const supervision = { trial: 'T', site: 'S1', supervision: 'G', kind: 'GROUP', attendees: ['S1-W'] };
    const given = await signer.graphql(recording('recordSupervision'), {
      input: { commandId: randomUUID(), ...supervision, occurredAt: '2020-02-01T09:00:00Z' },
    });
    const event = (given.data as any).recordSupervision.events[0].id;
    const wrong = { reauthentication: { password: 'not the one at all' } };
    expect(await refusal(signer, 'signContent', sign({ signature: 'G3', event, ...wrong }))).toBe(
      'REAUTHENTICATION_FAILED',
    );
    const right = { reauthentication: { password: running.issuer.password! } };
    await signer.give('signContent', sign({ signature: 'G3', event, meaning: 'RESPONSIBILITY', ...right }));
    const log = await running.store.readLog('test', { limit: 1_000 });
    const text = JSON.stringify(log, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    expect(text).toContain('"signature":"G3"'.replaceAll('"', '\\"'));
    expect(text).not.toContain(running.issuer.password!);
    expect(text).not.toContain('not the one at all');
  });
});
