import { randomUUID } from 'node:crypto';
import { CommandHandler, EventCatalogue, parseInstant } from '@cairn/event-sourcing';
import {
  signalDecider,
  signalEventTypes,
  signalId,
  signalStream,
  type SignalEvent,
  type WatchCommand,
} from '@cairn/signals';
import { offerSupport, recording, runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';

const at = (text: string): number => parseInstant(text)!;

let running: RunningApi;
let coordinator: SignedIn;
let other: SignedIn;
let worker: SignedIn;
let assessor: SignedIn;
let viewer: SignedIn;
let watch: CommandHandler;

/** What the alerter finds, recorded as it does. */
async function found(stream: string, ...commands: readonly WatchCommand[]): Promise<void> {
  const origin = { tenant: 'test', commandId: randomUUID(), actor: 'alerter', fingerprint: 'found' };
  const outcome = await watch.handle(signalDecider, stream, commands, { now: Date.now() }, origin);
  if (outcome.kind === 'refused') throw new Error(outcome.refusal.code);
}

type Raising = Extract<SignalEvent, { type: 'SignalRaised' }>['data'];
type GivenSignal = Pick<Raising, 'rule' | 'site' | 'subject' | 'audience'> & Partial<Raising> & { from: string };

/** @returns its id */
async function raised({ from, ...given }: GivenSignal): Promise<string> {
  const cause = given.cause ?? 'cause';
  const signal = signalId('T', given.rule, given.subject, cause);
  const raising: Raising = {
    ...{ severity: 'warning', ruleVersion: 'default/1', numbers: { days: 14 }, events: [] },
    ...given,
    ...(given.subject.kind === 'participant' && { participant: given.subject.id }),
    ...{ trial: 'T', signal, cause },
  };
  await found(signalStream('T', signal), { type: 'raiseSignal', raising, from: at(from) });
  return signal;
}

const FIELDS = `id rule ruleVersion title severity state subject { kind id } site raisedAt since until snoozedUntil outcome streakWeeks
  assignee { id name } why { condition numbers contributingEvents { id type } }
  entries { kind at recordedAt severity note outcome clearance snoozedUntil by { id } assignee { id } }`;

async function ask(by: SignedIn, fields: string): Promise<any> {
  const head = await running.store.head('test');
  const { data, errors, extensions } = await by.graphql(
    `query ($head: Position) { trial(id: "T", minPosition: $head) { ${fields} } }`,
    { head: String(head) },
  );
  return { ...(data?.['trial'] as object), errors, sealed: extensions?.sealed };
}
const signalsOf = async (by: SignedIn, args = '', fields = 'rule subject { id }'): Promise<any[]> =>
  (await ask(by, `signals${args} { totalCount edges { cursor node { ${fields} } } }`)).signals.edges.map(
    ({ node }: any) => node,
  );
const names = async (by: SignedIn, args = ''): Promise<string[]> =>
  (await signalsOf(by, args)).map(({ rule, subject }) => `${rule} ${subject.id}`);
const signalOf = async (by: SignedIn, id: string, args = ''): Promise<any> =>
  (await ask(by, `signal(id: "${id}"${args}) { ${FIELDS} }`)).signal;

async function refusal(by: SignedIn, name: string, input: object): Promise<unknown> {
  const { data, errors } = await by.graphql(recording(name), { input: { commandId: randomUUID(), ...input } });
  return data ? (data as any)[name] : errors![0]!.extensions.code;
}
const codeOf = async (by: SignedIn, name: string, input: object): Promise<string> =>
  ((await refusal(by, name, input)) as any).code;

let gap: string;
let overdue: string;
let supervision: string;
let record: string;

beforeAll(async () => {
  running = await runApi();
  watch = new CommandHandler(running.store, new EventCatalogue(signalEventTypes));
  await setUpTrial(running, 'T', ['S1', 'S2']);
  await offerSupport(running, 'T', 'S1', 'P1');
  await offerSupport(running, 'T', 'S2', 'P2');
  await running.give('recordCommunityMeeting', {
    ...{ trial: 'T', participant: 'P1', worker: 'S1-W', contact: 'C1', mode: 'FACE_TO_FACE', outcome: 'ATTENDED' },
    occurredAt: '2020-02-01T09:00:00Z',
  });
  const { history } = await ask(
    running,
    'history(filter: { types: ["CommunityMeetingRecorded"] }) { edges { node { id } } }',
  );
  record = history.edges[0].node.id;
  const roleOf = (role: string, where: object = {}) => [{ role, trial: 'T', ...where }] as any;
  coordinator = await running.as('cora', { roles: roleOf('site_coordinator', { site: 'S1' }) });
  other = await running.as('otto', { roles: roleOf('site_coordinator', { site: 'S2' }) });
  worker = await running.as('will', { roles: roleOf('peer_worker', { worker: 'S1-W' }) });
  assessor = await running.as('asa', { roles: roleOf('blinded_outcome_assessor') });
  viewer = await running.as('vic', { roles: roleOf('site_viewer', { site: 'S1' }) });

  gap = await raised({
    ...{ rule: 'meeting_gap', site: 'S1', subject: { kind: 'participant', id: 'P1' }, audience: 'delivery' },
    ...{ from: '2020-02-16T00:00:00Z', events: [record, randomUUID()] },
  });
  overdue = await raised({
    ...{ rule: 'follow_up_overdue', site: 'S2', subject: { kind: 'participant', id: 'P2' }, audience: 'open' },
    from: '2020-03-01T00:00:00Z',
  });
  supervision = await raised({
    ...{ rule: 'supervision_gap', site: 'S1', subject: { kind: 'site', id: 'S1' }, audience: 'delivery' },
    ...{ severity: 'critical', from: '2020-01-20T00:00:00Z' },
  });
}, 60_000);
afterAll(() => running.close());

describe('signals', () => {
  it('are shown the most urgent first, then the newest, to whoever may see them', async () => {
    const all = ['supervision_gap S1', 'follow_up_overdue P2', 'meeting_gap P1'];
    expect(await names(running)).toEqual(all);
    expect(await names(coordinator)).toEqual(['supervision_gap S1', 'meeting_gap P1']);
    expect(await names(other)).toEqual(['follow_up_overdue P2']);
    expect(await names(worker)).toEqual(['meeting_gap P1']);
    expect(await names(assessor)).toEqual(['follow_up_overdue P2']);
    expect((await ask(viewer, 'signals { totalCount }')).signals).toBeNull();
  });

  it('are counted as they are shown, page by page', async () => {
    const first = await ask(
      running,
      'signals(first: 2) { totalCount pageInfo { endCursor hasNextPage } edges { node { rule } } }',
    );
    expect(first.signals).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
    const after = `(first: 2, after: "${first.signals.pageInfo.endCursor}")`;
    expect(await names(running, after)).toEqual(['meeting_gap P1']);
    expect((await ask(coordinator, 'signals(first: 1) { totalCount }')).signals.totalCount).toBe(2);
    expect((await ask(assessor, 'signals(first: 1) { totalCount }')).signals.totalCount).toBe(1);
  });

  it('are filtered', async () => {
    const filtered = (filter: string) => names(running, `(filter: { ${filter} })`);
    expect(await filtered('sites: ["S2"]')).toEqual(['follow_up_overdue P2']);
    expect(await filtered('rules: ["meeting_gap", "supervision_gap"], severity: CRITICAL')).toEqual([
      'supervision_gap S1',
    ]);
    expect(await filtered('subject: "P1"')).toEqual(['meeting_gap P1']);
    expect(await filtered('states: [RESOLVED]')).toEqual([]);
    expect(await filtered('raisedAfter: "2020-06-01T00:00:00Z"')).toHaveLength(3);
    expect(await filtered(`raisedAfter: "${new Date(Date.now() + 60_000).toISOString()}"`)).toEqual([]);
  });

  it('say why, with the events that the viewer may see', async () => {
    const signal = await signalOf(coordinator, gap);
    expect(signal).toMatchObject({
      ...{
        rule: 'meeting_gap',
        ruleVersion: 'default/1',
        title: 'More than 14 days between meetings',
        state: 'RAISED',
      },
      ...{ severity: 'WARNING', site: 'S1', subject: { kind: 'PARTICIPANT', id: 'P1' } },
      ...{ since: '2020-02-16T00:00:00.000Z', until: null, outcome: null },
      why: { numbers: { days: 14 }, contributingEvents: [{ id: record, type: 'CommunityMeetingRecorded' }] },
    });
    expect(signal.why.condition).toMatch(/^no community contact within 14 days after community contact/);
    expect(signal.entries).toMatchObject([{ kind: 'RAISED', by: { id: 'alerter' } }]);
    expect(Date.parse(signal.raisedAt)).toBeGreaterThan(at('2024-01-01T00:00:00Z'));
    const january = await signalOf(running, supervision, ', asOf: "2020-02-03T00:00:00Z"');
    expect(january.streakWeeks).toBe(3);
  });

  it('are to whoever is blinded known when they happened, and their events are not told', async () => {
    const answer = await ask(assessor, `signal(id: "${overdue}") { ${FIELDS} }`);
    expect(answer.signal).toMatchObject({ raisedAt: '2020-03-01T00:00:00.000Z', why: { contributingEvents: null } });
    expect(answer.signal.entries).toMatchObject([{ recordedAt: '2020-03-01T00:00:00.000Z' }]);
    expect(answer.sealed).toEqual([{ path: ['trial', 'signal', 'why', 'contributingEvents'], reason: 'BLINDED' }]);
  });

  it('beyond reach are not there', async () => {
    const bytes = async (by: SignedIn, id: string): Promise<string> =>
      (
        await by.fetch('/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query: `{ trial(id: "T") { signal(id: "${id}") { id } } }` }),
        })
      ).text();
    for (const [by, hidden] of [
      [other, gap],
      [worker, supervision],
      [assessor, gap],
    ] as const) {
      expect(await bytes(by, hidden)).toBe(await bytes(by, randomUUID()));
    }
    const nobody = { trial: 'T', signal: randomUUID() };
    for (const name of ['acknowledgeSignal', 'escalateSignal']) {
      const hidden = await refusal(other, name, { trial: 'T', signal: gap });
      expect(hidden).toEqual(await refusal(other, name, nobody));
      expect(hidden).toMatchObject({ code: 'SIGNAL_UNKNOWN', field: 'signal' });
    }
    for (const by of [worker, assessor, viewer]) {
      expect(await refusal(by, 'acknowledgeSignal', { trial: 'T', signal: gap })).toBe('FORBIDDEN');
    }
  });
});

describe('a signal', () => {
  it('is acknowledged, assigned, snoozed, escalated and resolved, and its past is as it was', async () => {
    const signal = { trial: 'T', signal: gap };
    const before = new Date().toISOString();
    await coordinator.give('acknowledgeSignal', { ...signal, note: 'Called the ward.' });
    expect(await codeOf(coordinator, 'assignSignal', { ...signal, person: 'asa' })).toBe('ASSIGNEE_UNKNOWN');
    expect(await codeOf(coordinator, 'assignSignal', { ...signal, person: 'otto' })).toBe('ASSIGNEE_UNKNOWN');
    await coordinator.give('assignSignal', { ...signal, person: 'cora' });
    expect(await codeOf(coordinator, 'snoozeSignal', { ...signal, until: '2020-01-01T00:00:00Z' })).toBe(
      'SNOOZE_IN_PAST',
    );
    await coordinator.give('snoozeSignal', { ...signal, until: '2100-01-01T00:00:00Z' });
    expect(await signalOf(worker, gap)).toMatchObject({
      ...{ state: 'SNOOZED', snoozedUntil: '2100-01-01T00:00:00.000Z', assignee: { id: 'cora' } },
    });
    await running.give('escalateSignal', signal);
    await running.give('resolveSignal', { ...signal, outcome: 'TRUE_PROBLEM', note: 'The worker was on leave.' });
    const now = await signalOf(coordinator, gap);
    expect(now).toMatchObject({ state: 'RESOLVED', severity: 'CRITICAL', outcome: 'TRUE_PROBLEM', assignee: null });
    expect(Date.parse(now.until)).toBeGreaterThan(at(before) - 60_000);
    expect(now.entries.map(({ kind, by, note }: any) => [kind, by.id, note])).toEqual([
      ['RAISED', 'alerter', null],
      ['ACKNOWLEDGED', 'cora', 'Called the ward.'],
      ['ASSIGNED', 'cora', null],
      ['SNOOZED', 'cora', null],
      ['ESCALATED', 'tester', null],
      ['RESOLVED', 'tester', 'The worker was on leave.'],
    ]);
    expect(await codeOf(coordinator, 'acknowledgeSignal', signal)).toBe('SIGNAL_RESOLVED');
    expect(await signalOf(coordinator, gap, `, knownAt: "${before}"`)).toMatchObject({ state: 'RAISED' });
    expect(await signalOf(coordinator, gap, ', asOf: "2020-02-15T00:00:00Z"')).toBeNull();
    expect(await signalOf(coordinator, gap, ', asOf: "2020-02-16T00:00:00Z"')).toMatchObject({ state: 'RAISED' });
  });

  it('keeps what was said about a participant sealed, and takes nothing that identifies anybody', async () => {
    const stored = await running.store.readStream('test', signalStream('T', gap));
    expect(stored.map(({ payload }) => payload).join()).not.toMatch(/Called the ward/);
    const identifying = { trial: 'T', signal: supervision, note: 'Ask ann@example.org' };
    expect(await codeOf(running, 'acknowledgeSignal', identifying)).toBe('IDENTIFIER_IN_TEXT');
  });

  it('that clears by itself can be said to have been a false alarm, which counts for its rule', async () => {
    const stream = signalStream('T', supervision);
    await found(stream, { type: 'clearSignal', why: 'cause_gone', at: at('2020-02-10T09:00:00Z') });
    const signal = { trial: 'T', signal: supervision };
    expect(await signalOf(running, supervision)).toMatchObject({
      ...{ state: 'CLEARED', until: '2020-02-10T09:00:00.000Z', outcome: null },
    });
    await running.give('recordSignalOutcome', { ...signal, outcome: 'FALSE_ALARM' });
    expect(await codeOf(running, 'recordSignalOutcome', { trial: 'T', signal: overdue, outcome: 'FALSE_ALARM' })).toBe(
      'SIGNAL_STANDS',
    );
    const rules = 'signalRules { rule version precision { trueProblems falseAlarms value lower upper } }';
    const precisionOf = async (by: SignedIn, rule: string) =>
      (await ask(by, rules)).signalRules.find((each: any) => each.rule === rule).precision;
    expect(await precisionOf(running, 'supervision_gap')).toMatchObject({ falseAlarms: 1, value: 0, lower: 0 });
    expect(await precisionOf(running, 'meeting_gap')).toMatchObject({ trueProblems: 1, value: 1, upper: 1 });
    expect(await precisionOf(other, 'meeting_gap')).toMatchObject({ trueProblems: 0, value: null });
    expect(await precisionOf(assessor, 'meeting_gap')).toBeNull();
    expect(await precisionOf(assessor, 'follow_up_overdue')).toMatchObject({ trueProblems: 0, value: null });
  });
});

describe('a rule', () => {
  const definition = {
    ...{ rule: 'meeting_gap', title: 'More than 10 days between meetings', severity: 'critical' },
    condition: {
      kind: 'absence',
      after: [{ what: 'contact', settings: ['community'] }],
      expected: { what: 'contact', settings: ['community'] },
      withinDays: 10,
      of: 'with_data',
      during: 'window',
    },
  };
  const inForce = async (args = ''): Promise<any> =>
    (await ask(running, `signalRules${args} { rule version title severity condition definition }`)).signalRules.find(
      ({ rule }: any) => rule === 'meeting_gap',
    );

  it('is published by the trial manager, in versions, and what was in force stays known', async () => {
    const before = new Date().toISOString();
    expect(await inForce()).toMatchObject({ version: 'default/1', severity: 'WARNING' });
    const publish = { trial: 'T', definition, reason: 'as the committee asked' };
    expect(await refusal(coordinator, 'publishSignalRule', publish)).toBe('FORBIDDEN');
    await running.give('publishSignalRule', publish);
    expect(await inForce()).toMatchObject({ version: '1', severity: 'CRITICAL', definition });
    const off = { ...publish, definition: { ...definition, enabled: false } };
    await running.give('publishSignalRule', off);
    expect(await inForce()).toMatchObject({ version: '2' });
    expect(await inForce(`(knownAt: "${before}")`)).toMatchObject({ version: 'default/1' });
    // What raised a signal is what it says, whatever holds now.
    expect(await signalOf(running, gap)).toMatchObject({ title: 'More than 14 days between meetings' });
  });

  it('that makes no sense is refused by the part that makes none', async () => {
    const malformed = (condition: object) =>
      refusal(running, 'publishSignalRule', { trial: 'T', definition: { ...definition, condition }, reason: 'why' });
    const threshold = { kind: 'threshold', measure: 'engagement', direction: 'below' };
    expect(await malformed({ ...threshold, limit: 101 })).toMatchObject({
      ...{ code: 'RULE_LIMIT_OUT_OF_RANGE', field: 'definition.condition.limit' },
    });
    expect(await malformed({ ...threshold, measure: 'mood', limit: 5 })).toMatchObject({
      ...{ code: 'INVALID_INPUT', field: 'definition' },
    });
    expect(await malformed({ ...definition.condition, expected: { what: 'supervision' } })).toMatchObject({
      code: 'RULE_SUBJECTS_MIXED',
    });
  });

  const backTest = (by: SignedIn, rule: string) =>
    ask(
      by,
      `backTest(rule: ${rule}, from: "2020-01-01T00:00:00Z", to: "2020-05-31T23:00:00Z") {
        inForce both added removed sites { site draft { raised openAtEnd months { month raised } } inForce { raised } }
        signals(of: DRAFT) { subject { kind id } site from until numbers } }`,
    );
  const draft =
    '{ rule: "meeting_gap", title: "Draft", severity: "notice", condition: { kind: "absence", after: [{ what: "contact" }], expected: { what: "contact" }, withinDays: 20, of: "with_data" } }';

  it('is tried as a draft on the past, beside the one in force', async () => {
    const { backTest: tried } = await backTest(running, draft);
    expect(tried).toMatchObject({ inForce: '2', sites: [{ site: 'S1' }, { site: 'S2' }] });
    expect(tried.signals).toMatchObject([
      { subject: { kind: 'PARTICIPANT', id: 'P1' }, from: '2020-02-22T00:00:00.000Z' },
    ]);
    const [{ draft: counts }] = tried.sites;
    expect(counts.raised).toBe(1);
    expect(counts.months).toHaveLength(5);
    expect(counts.months[1]).toEqual({ month: '2020-02', raised: 1 });
  });

  it('is tried by nobody who sees a part, and not where it makes no sense', async () => {
    const part = await backTest(coordinator, draft);
    expect([part.backTest, part.sealed]).toEqual([null, [{ path: ['trial', 'backTest'], reason: 'NOT_IN_ROLE' }]]);
    const blinded = await backTest(assessor, draft);
    expect([blinded.backTest, blinded.sealed]).toEqual([null, [{ path: ['trial', 'backTest'], reason: 'BLINDED' }]]);
    const { errors } = await backTest(running, draft.replace('withinDays: 20', 'withinDays: -1'));
    expect(errors).toMatchObject([
      { message: expect.stringMatching(/^rule\.condition\.withinDays/), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  });
});
