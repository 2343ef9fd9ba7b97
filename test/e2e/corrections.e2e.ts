import { randomUUID } from 'node:crypto';
import { offerSupport, recording, runApi, type RunningApi, type SignedIn, setUpTrial } from '../support/running-api.js';

/*
 * What was entered wrongly is amended or voided, with a reason: the numbers follow, what was known before does not change,
 * and the history of a record tells who said what, when and why, whatever becomes of what the record rests on.
 */

let running: RunningApi;
const about = { trial: 'T', participant: 'P1' };
const meeting = {
  ...about,
  worker: 'S1-W',
  contact: 'C2',
  mode: 'FACE_TO_FACE',
  outcome: 'ATTENDED',
  note: 'In the park.',
  occurredAt: '2020-03-10T09:00:00Z',
};

interface Recorded {
  readonly id: string;
  readonly type: string;
  readonly recordedAt: string;
  readonly reason: string | null;
  readonly actor: { readonly id: string };
  readonly data: { readonly event?: string; readonly record?: { readonly data: Readonly<Record<string, unknown>> } };
}

interface Told {
  readonly __typename: string;
  readonly code?: string;
  readonly field?: string;
  readonly events?: readonly { readonly id: string }[];
}

/** What a command comes to. */
async function tell(mutation: string, input: object, as: SignedIn = running): Promise<Told> {
  const answer = await as.graphql(recording(mutation), { input: { commandId: randomUUID(), ...input } });
  return answer.data![mutation] as Told;
}

/** The event by which a command was taken. */
async function recorded(mutation: string, input: object): Promise<string> {
  const told = await tell(mutation, input);
  expect(told).toMatchObject({ __typename: 'CommandAccepted', events: [{}] });
  return told.events![0]!.id;
}

const amend = (event: string, rest: object, as?: SignedIn): Promise<Told> =>
  tell('amendRecord', { trial: 'T', event, reason: 'it was a telephone call', ...rest }, as);

/** How many of S1 are engaged. */
async function engaged(at = ''): Promise<number> {
  const head = await running.store.head('test');
  const { data } = await running.graphql(
    `{ trial(id: "T", minPosition: "${head}") { engagement${at} { sites { site { id } counts { engaged } } } } }`,
  );
  const { sites } = (
    data!['trial'] as { engagement: { sites: { site: { id: string }; counts: { engaged: number } }[] } }
  ).engagement;
  return sites.find(({ site }) => site.id === 'S1')!.counts.engaged;
}

/** The history of one record, oldest first. */
async function historyOf(record: string, as: SignedIn = running, trial = 'T'): Promise<readonly Recorded[]> {
  const head = await running.store.head('test');
  const { data, errors } = await as.graphql(
    `query ($filter: HistoryFilter) { trial(id: "${trial}", minPosition: "${as === running ? head : 0}") {
       history(filter: $filter, last: 100) { totalCount
         edges { node { id type recordedAt reason actor { id } data } } } } }`,
    { filter: { record } },
  );
  expect(errors).toBeUndefined();

  const { history } = data!['trial'] as { history: { totalCount: number; edges: { node: Recorded }[] } };
  expect(history.edges).toHaveLength(history.totalCount);
  return history.edges.map(({ node }) => node).toReversed();
}

beforeAll(async () => {
  running = await runApi();
  await setUpTrial(running, 'T', ['S1', 'S2']);
});
afterAll(() => running.close());

describe('a record that was entered wrongly', () => {
  let contact: string;
  let amendment: string;

  it('is amended: the table changes, and what was known before does not', async () => {
    await offerSupport(running, 'T', 'S1', 'P1');
    await running.give('recordDischarge', { ...about, occurredAt: '2020-03-01T09:00:00Z' });
    await running.give('recordWardContact', { ...meeting, contact: 'C1', occurredAt: '2020-02-20T09:00:00Z' });
    contact = await recorded('recordCommunityMeeting', meeting);
    expect(await engaged()).toBe(1);
    const before = (await historyOf(contact))[0]!.recordedAt;

    const told = await amend(contact, { changes: { mode: 'telephone' } });
    expect(told.__typename).toBe('CommandAccepted');
    amendment = told.events![0]!.id;
    expect(await engaged()).toBe(0);
    expect(await engaged(`(knownAt: "${before}")`)).toBe(1);
  });

  it('tells in its history who amended it, when, and why, whichever of its events is asked for', async () => {
    const history = await historyOf(contact);
    expect(history.map(({ id, type, reason }) => ({ id, type, reason }))).toEqual([
      { id: contact, type: 'CommunityMeetingRecorded', reason: null },
      { id: amendment, type: 'ParticipantRecordAmended', reason: 'it was a telephone call' },
    ]);
    const { actor, recordedAt, data } = history[1]!;
    expect(actor.id).toBe('tester');
    expect(Date.parse(recordedAt)).toBeGreaterThanOrEqual(Date.parse(history[0]!.recordedAt));
    expect(data.event).toBe(contact);
    expect(data.record!.data).toMatchObject({ contact: 'C2', mode: 'telephone', note: 'In the park.' });
    expect(await historyOf(amendment.toUpperCase())).toEqual(history);
  });

  it('is refused another change of the version that it no longer is', async () => {
    expect(await amend(contact, { changes: { mode: 'video' } })).toMatchObject({ code: 'EVENT_SUPERSEDED' });
    expect(await tell('voidRecord', { trial: 'T', event: contact, reason: 'wrong' })).toMatchObject({
      code: 'EVENT_SUPERSEDED',
    });
    // The same once more, as after an answer that was lost.
    expect(await amend(contact, { changes: { mode: 'telephone' } })).toMatchObject({ events: [] });
    expect(await amend(amendment, { changes: { mode: 'telephone' } })).toMatchObject({ events: [] });
  });

  it('is refused with the place where the fault is', async () => {
    for (const [changes, code, field] of [
      [{ mode: 'TELEPHONE' }, 'INVALID_INPUT', 'changes.mode'],
      [{ activities: [1] }, 'INVALID_INPUT', 'changes.activities.0'],
      [{ mod: 'video' }, 'INVALID_INPUT', 'changes.mod'],
      [{ contact: 'C9' }, 'RECORD_IDENTITY_FIXED', 'changes.contact'],
      [{ participant: 'P2' }, 'RECORD_IDENTITY_FIXED', 'changes.participant'],
      [{ worker: 'nobody' }, 'WORKER_UNKNOWN', 'changes.worker'],
      [{ note: '\ud800' }, 'INVALID_INPUT', 'changes'],
    ] as const) {
      expect(await amend(amendment, { changes })).toMatchObject({ __typename: 'CommandRefused', code, field });
    }
    expect(await amend(amendment, { reason: ' ' })).toMatchObject({ code: 'INVALID_INPUT', field: 'reason' });
    expect(await amend(amendment, { occurredAt: '2999-01-01T00:00:00Z' })).toMatchObject({
      code: 'OCCURRED_IN_FUTURE',
      field: 'occurredAt',
    });
  });

  it('is amended back, and voided in the version that stands', async () => {
    const back = (await amend(amendment, { reason: 'it was not', changes: { mode: 'face_to_face' } })).events![0]!.id;
    expect(await engaged()).toBe(1);
    await running.give('voidRecord', { trial: 'T', event: back, reason: 'of somebody else' });
    expect(await engaged()).toBe(0);
    expect((await historyOf(amendment)).map(({ reason }) => reason)).toEqual([
      null,
      'it was a telephone call',
      'it was not',
      'of somebody else',
    ]);
    expect(await amend(back, { changes: { mode: 'video' } })).toMatchObject({ code: 'EVENT_ALREADY_VOIDED' });
  });
});

it('the history of a record survives the void of what it rests on, and the withdrawal of the participant', async () => {
  const coordinator = await running.as('carla', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S1' }] });
  const referral = await recorded('referParticipant', {
    trial: 'T',
    site: 'S1',
    participant: 'P3',
    occurredAt: '2020-01-01T09:00:00Z',
  });
  const his = { ...about, participant: 'P3' };
  await running.give('allocateWorker', { ...his, worker: 'S1-W', occurredAt: '2020-01-02T09:00:00Z' });
  const contact = await recorded('recordWardContact', { ...meeting, ...his });
  await amend(contact, { changes: { minutes: 30 } });
  const before = await historyOf(contact);
  expect(before).toHaveLength(2);
  await running.give('withdrawParticipant', { ...his, scope: 'DATA_USE', occurredAt: '2020-05-01T09:00:00Z' });
  expect(await historyOf(contact)).toEqual(before);
  expect((await historyOf(contact, coordinator)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  await running.give('voidRecord', { trial: 'T', event: referral, reason: 'never consented' });
  expect(await historyOf(contact)).toEqual(before);
  expect((await historyOf(contact, coordinator)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  expect(await historyOf(referral)).toHaveLength(2);
});

it('a record that is not there and one of somebody else have the same empty history', async () => {
  await setUpTrial(running, 'U', ['S1']);
  const site = await recorded('recordTeamPreparation', {
    ...{ trial: 'T', site: 'S2', session: 'A', ward: 'Ward 1', occurredAt: '2020-03-01T09:00:00Z' },
  });
  await offerSupport(running, 'T', 'S2', 'P4');
  const contact = await recorded('recordWardContact', { ...meeting, participant: 'P4', worker: 'S2-W' });
  const coordinator = await running.as('cora', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S1' }] });
  for (const record of [site, contact, randomUUID(), 'nothing', '']) {
    expect(await historyOf(record, coordinator)).toEqual([]);
    expect(await historyOf(record, running, 'U')).toEqual([]);
  }
  expect(await historyOf(site)).toHaveLength(1);
  const refused = (event: string) => amend(event, { changes: { ward: 'Ward 2' } }, coordinator);
  expect(await refused(site)).toEqual(await refused(randomUUID()));
  expect(await refused(contact)).toMatchObject({ code: 'EVENT_UNKNOWN', field: 'event' });
});

it('a site on the register is amended by the trial manager; as it was known before, it is what it was', async () => {
  const coordinator = await running.as('cleo', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S2' }] });
  const [entry] = (await running.store.readStream('test', 'T/trial')).filter(
    ({ type, payload }) => type === 'SiteRegistered' && payload.includes('"S2"'),
  );
  const change = { reason: 'renamed', changes: { name: 'North' } };
  // What a site is registered with is for whoever looks after the whole trial.
  expect(await amend(entry!.id, change, coordinator)).toMatchObject({ code: 'EVENT_NOT_VOIDABLE' });
  const told = await amend(entry!.id, change);
  expect(told.__typename).toBe('CommandAccepted');
  const names = async (at: string): Promise<readonly string[]> => {
    const head = await running.store.head('test');
    const { data } = await running.graphql(
      `{ trial(id: "T", minPosition: "${head}") { sites${at} { edges { node { name } } } } }`,
    );
    const { sites } = data!['trial'] as { sites: { edges: { node: { name: string } }[] } };
    return sites.edges.map(({ node }) => node.name);
  };
  expect(await names('')).toEqual(['Site S1', 'North']);
  expect(await names(`(knownAt: "${new Date(entry!.recordedAt).toISOString()}")`)).toContain('Site S2');
  for (const record of [entry!.id, told.events![0]!.id]) {
    expect((await historyOf(record)).map(({ type, reason }) => [type, reason])).toEqual([
      ['SiteRegistered', null],
      ['SiteAmended', 'renamed'],
    ]);
  }
});

it('queries about a record, their answers, and signatures of it are in its history', async () => {
  await offerSupport(running, 'T', 'S1', 'P5');
  const contact = await recorded('recordWardContact', { ...meeting, participant: 'P5' });
  const other = await recorded('recordWardContact', { ...meeting, participant: 'P5', contact: 'C3' });
  await running.give('raiseQuery', { trial: 'T', query: 'Q1', event: contact, text: 'By telephone?' });
  await running.give('raiseQuery', { trial: 'T', query: 'Q2', event: other, text: 'When?' });
  await running.give('answerQuery', { trial: 'T', query: 'Q1', text: 'Yes.' });
  const reauthentication = { token: await running.tokenFor({ authenticatedAt: Date.now() }) };
  await running.give('signContent', {
    ...{ trial: 'T', signature: 'G1', event: contact, meaning: 'REVIEW', reauthentication },
  });
  const amended = (await amend(contact, { changes: { mode: 'telephone' } })).events![0]!.id;
  await running.give('raiseQuery', { trial: 'T', query: 'Q3', event: amended, text: 'Sure?' });
  for (const record of [contact, amended]) {
    expect((await historyOf(record)).map(({ type }) => type)).toEqual([
      'WardContactRecorded',
      'QueryRaised',
      'QueryAnswered',
      'ContentSigned',
      'ParticipantRecordAmended',
      'QueryRaised',
    ]);
  }
  expect((await historyOf(other)).map(({ type }) => type)).toEqual(['WardContactRecorded', 'QueryRaised']);
  // What was signed is not what the record says now.
  const { data } = await running.graphql(
    '{ trial(id: "T") { signatures { edges { node { state voidedBy { id } } } } } }',
  );
  expect(data).toEqual({
    trial: { signatures: { edges: [{ node: { state: 'VOIDED', voidedBy: { id: amended } } }] } },
  });
});
