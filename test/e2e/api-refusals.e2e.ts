import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { buildSchema, getNamedType, type GraphQLInputObjectType, isNonNullType, isScalarType } from 'graphql';
import {
  type Answer,
  offerSupport,
  protocol,
  recording,
  runApi,
  type RunningApi,
  setUpTrial,
  type SignedIn,
} from '../support/running-api.js';
import { type GivenSignal, raiseSignal, signalAppend } from '../support/signals.js';

const schema = buildSchema(fs.readFileSync(path.resolve(import.meta.dirname, '../../apps/api/schema.graphql'), 'utf8'));
const trial = 'T';
const at = '2020-03-01T09:00:00Z';
const about = { trial, participant: 'P1', occurredAt: at };
const contact = { ...about, worker: 'S1-W', mode: 'FACE_TO_FACE', outcome: 'ATTENDED' };

interface Case {
  /** A good input, a different one each time. */
  readonly good: (n: number) => Record<string, unknown>;
  /** Fields that name something that must exist. */
  readonly references: readonly string[];
  /** Who gives it, where it is not for a trial manager who is administrator as well. */
  readonly by?: () => SignedIn;
  /** It takes what this kit has not: nobody gives it successfully here. */
  readonly neverTaken?: true;
}

let running: RunningApi;
let operator: SignedIn;
let member: SignedIn;
let second: SignedIn;
/** Who signs has just proved who they are. */
let proofs: { readonly tester: string; readonly member: string };
const signing = (who: 'tester' | 'member') => ({ meaning: 'APPROVAL', reauthentication: { token: proofs[who] } });
let meeting: (n?: number) => string;

/** Every mutation that takes a command. The first test fails when one is missing. */
const cases: Record<string, Case> = {
  registerTenant: { good: () => ({ name: 'Clinical Trials Unit' }), references: [] },
  registerTrial: {
    good: (n) => ({ trial: `T${n}`, title: 'A trial', timeZone: 'Europe/London', protocol }),
    references: [],
  },
  publishProtocol: {
    good: (n) => ({ trial, version: n, protocol: { ...protocol, followUpWithinDays: n } }),
    references: ['trial'],
  },
  registerSite: {
    good: (n) => ({
      trial,
      site: `N${n}`,
      name: 'New',
      employerKind: 'VOLUNTARY',
      employerName: 'Charity',
      hostOrganisation: 'Trust',
      locality: ['TOWN', 'RURAL'],
    }),
    references: ['trial'],
  },
  registerWorker: {
    good: (n) => ({ trial, worker: `W${n}`, site: 'S1', role: 'COORDINATOR', daysPerWeek: 2.5 }),
    references: ['trial', 'site'],
  },
  referParticipant: {
    good: (n) => ({ ...about, participant: `R${n}`, site: 'S1' }),
    references: ['trial', 'site'],
  },
  recordRandomisation: {
    good: (n) => ({ ...about, participant: `A${n}`, arm: 'support', stratum: 'psychotic' }),
    references: ['trial', 'participant', 'arm', 'stratum'],
  },
  allocateWorker: {
    good: (n) => ({ ...about, occurredAt: hour(n), worker: 'S1-W', participant: `A${n}` }),
    references: ['trial', 'participant', 'worker'],
  },
  recordWardContact: {
    good: (n) => ({ ...contact, contact: `WC${n}` }),
    references: ['trial', 'participant', 'worker'],
  },
  recordCommunityMeeting: {
    good: (n) => ({
      ...contact,
      contact: `CM${n}`,
      minutes: 50,
      activities: ['walk'],
      note: 'Went well.',
      enteredAt: at,
    }),
    references: ['trial', 'participant', 'worker'],
  },
  recordDischarge: { good: (n) => ({ ...about, occurredAt: hour(n) }), references: ['trial', 'participant'] },
  recordReadmission: { good: (n) => ({ ...about, occurredAt: hour(n) }), references: ['trial', 'participant'] },
  recordFollowUp: { good: (n) => ({ ...about, occurredAt: hour(n) }), references: ['trial', 'participant'] },
  recordSupervision: {
    good: (n) => ({ trial, site: 'S1', supervision: `V${n}`, kind: 'GROUP', attendees: ['S1-W'], occurredAt: at }),
    references: ['trial', 'site'],
  },
  recordTeamPreparation: {
    good: (n) => ({ trial, site: 'S1', session: `TP${n}`, ward: 'Ward 1', staffAttending: 6, occurredAt: at }),
    references: ['trial', 'site'],
  },
  recordTraining: {
    good: (n) => ({ trial, worker: 'S1-W', attendedOn: hour(n * 24).slice(0, 10), days: 0.5 }),
    references: ['trial', 'worker'],
  },
  recordFidelityAssessment: {
    good: (n) => ({ trial, site: 'S1', instrument: 'index', rater: `Rater ${n}`, total: 10.4, occurredAt: at }),
    references: ['trial', 'site', 'instrument'],
  },
  withdrawParticipant: {
    good: (n) => ({ ...about, participant: `A${n}`, scope: 'FOLLOW_UP', reason: 'moved away' }),
    references: ['trial', 'participant'],
  },
  voidRecord: { good: () => ({ trial, event: meeting(), reason: 'entered twice' }), references: ['trial', 'event'] },
  amendRecord: {
    good: (n) => ({ trial, event: meeting(1), reason: 'typed wrongly', changes: { minutes: 20 + (n % 100) } }),
    references: ['trial', 'event'],
  },
  registerPerson: { good: (n) => ({ person: `person ${n}`, name: `Name ${n}` }), references: [] },
  assignRole: {
    good: (n) => ({ assignment: `new ${n}`, person: 'anna', role: 'site_coordinator', trial, site: 'S1' }),
    references: ['person', 'trial', 'site'],
  },
  revokeRole: { good: (n) => ({ assignment: `role ${n}`, reason: 'has left' }), references: ['assignment'] },
  requestUnblinding: {
    good: (n) => ({ request: `new ${n}`, trial, participant: 'P1', reason: 'an emergency' }),
    references: ['trial', 'participant'],
  },
  approveUnblinding: {
    good: (n) => ({ request: `to approve ${n}`, trial, participant: 'P1' }),
    references: ['trial', 'participant', 'request'],
  },
  denyUnblinding: {
    good: (n) => ({ request: `to deny ${n}`, trial, participant: 'P1', reason: 'no emergency' }),
    references: ['trial', 'participant', 'request'],
  },
  setTenantLimits: { good: (n) => ({ commandsPerMinute: n * 10_000 }), references: [], by: () => operator },

  takeDataCut: {
    good: (n) => ({ trial, cut: `cut ${n}`, occurredBefore: '2020-03-02T00:00:00Z', note: 'an interim look' }),
    references: ['trial'],
  },
  raiseQuery: {
    good: (n) => ({ trial, query: `raised ${n}`, participant: 'P1', text: 'Is that so?' }),
    references: ['trial', 'participant'],
  },
  answerQuery: {
    good: (n) => ({ trial, query: `to answer ${n}`, text: 'It is.' }),
    references: ['trial', 'query'],
  },
  reopenQuery: {
    good: (n) => ({ trial, query: `to reopen ${n}`, text: 'Is it?' }),
    references: ['trial', 'query'],
  },
  closeQuery: { good: (n) => ({ trial, query: `to close ${n}` }), references: ['trial', 'query'] },
  signContent: {
    good: (n) => ({ trial, signature: `signature ${n}`, event: meeting(2), ...signing('tester') }),
    references: ['trial', 'event'],
  },
  makeRecommendation: {
    good: (n) => ({
      ...{ trial, recommendation: `made ${n}`, cut: 'a cut', advice: 'CONTINUE', text: 'Go on.' },
      ...signing('member'),
    }),
    references: ['trial', 'cut'],
    by: () => member,
  },
  answerRecommendation: {
    good: (n) => ({
      ...{ trial, recommendation: `to answer ${n}`, response: 'ACCEPTED', text: 'We do.' },
      ...signing('tester'),
    }),
    references: ['trial', 'recommendation'],
  },
  acknowledgeSignal: {
    good: (n) => ({ trial, signal: signalOf('acknowledge', n), note: 'Called the ward.' }),
    references: ['trial', 'signal'],
  },
  assignSignal: {
    good: (n) => ({ trial, signal: signalOf('assign', n), person: 'tester' }),
    references: ['trial', 'signal', 'person'],
  },
  snoozeSignal: {
    good: (n) => ({ trial, signal: signalOf('snooze', n), until: '2090-01-01T00:00:00Z', note: 'Not now.' }),
    references: ['trial', 'signal'],
  },
  escalateSignal: {
    good: (n) => ({ trial, signal: signalOf('escalate', n), note: 'At once.' }),
    references: ['trial', 'signal'],
  },
  resolveSignal: {
    good: (n) => ({ trial, signal: signalOf('resolve', n), outcome: 'TRUE_PROBLEM', note: 'It was so.' }),
    references: ['trial', 'signal'],
  },
  recordSignalOutcome: {
    good: (n) => ({ trial, signal: signalOf('clear', n), outcome: 'FALSE_ALARM', note: 'It was not so.' }),
    references: ['trial', 'signal'],
  },
  publishSignalRule: {
    good: (n) => ({
      trial,
      definition: {
        ...{ rule: `rule-${n}`, title: 'Falling', severity: 'notice' },
        condition: { kind: 'trend', measure: 'contacts', direction: 'falling', overDays: 7, factor: 2 },
      },
      reason: 'to see',
    }),
    references: ['trial'],
  },
  openAlertSubscription: {
    good: (n) => ({ trial, subscription: `new ${n}`, ...told }),
    references: ['trial'],
  },
  changeAlertSubscription: {
    good: (n) => ({ trial, subscription: `to change ${n}`, ...told, name: `Changed ${n}` }),
    references: ['trial', 'subscription'],
  },
  pauseAlertSubscription: { good: (n) => ofSubscription(`to pause ${n}`), references: ['trial', 'subscription'] },
  resumeAlertSubscription: { good: (n) => ofSubscription(`to resume ${n}`), references: ['trial', 'subscription'] },
  closeAlertSubscription: { good: (n) => ofSubscription(`to close ${n}`), references: ['trial', 'subscription'] },
  requestAlertReplay: {
    good: (n) => ({ ...ofSubscription(`to replay ${n}`), after: at }),
    references: ['trial', 'subscription'],
  },
  rotateAlertSecret: { good: (n) => ofSubscription(`to rotate ${n}`), references: ['trial', 'subscription'] },
  requestErasure: {
    good: (n) => ({ trial, participant: 'P1', request: `requested ${n}`, reason: 'asked for it' }),
    references: ['trial', 'participant'],
  },
  eraseParticipant: {
    good: (n) => ({ trial, participant: `A${n}`, request: `to erase ${n}`, reason: 'so it is' }),
    references: ['trial', 'participant', 'request'],
    by: () => second,
  },
  denyErasure: {
    good: (n) => ({ trial, participant: `A${n + 2}`, request: `to keep ${n}`, reason: 'a law forbids it' }),
    references: ['trial', 'participant', 'request'],
    by: () => second,
  },
  cosignCheckpoint: {
    good: (n) => ({ trial, size: n, cosignature: '— witness AAAA' }),
    references: ['trial'],
    neverTaken: true,
  },
};

const told = { name: 'On call', sink: { kind: 'WEBHOOK', url: 'https://hooks.example/' }, audience: 'OPEN' };
const ofSubscription = (subscription: string) => ({ trial, subscription });

/** One for each command and number. */
const given = (what: string, n: number): GivenSignal => ({ trial, participant: 'P1', cause: `to ${what} ${n}` });
const signalOf = (what: string, n: number): string =>
  (JSON.parse(signalAppend('SignalRaised', given(what, n)).events[0]!.payload) as { signal: string }).signal;

const hour = (n: number): string => new Date(Date.parse(at) + n * 3_600_000).toISOString();
const inputOf = (mutation: string): GraphQLInputObjectType =>
  getNamedType(schema.getMutationType()!.getFields()[mutation]!.args[0]!.type) as GraphQLInputObjectType;
const send = (mutation: string, input: unknown): Promise<Answer> =>
  (cases[mutation]!.by?.() ?? running).graphql(recording(mutation), { input });
const resultOf = (answer: Answer, mutation: string) =>
  answer.data?.[mutation] as { __typename: string; code?: string; field?: string | null } | undefined;

/** Not accepted, in a way that a client can read; and nothing was stored. */
async function expectTurnedAway(mutation: string, input: unknown, what: string): Promise<Answer> {
  const before = await running.store.head('test');
  const answer = await send(mutation, input);
  const result = resultOf(answer, mutation);
  const said = `${mutation}, ${what}: ${JSON.stringify(answer).slice(0, 300)}`;
  if (result) expect([said, result.__typename, answer.status]).toEqual([said, 'CommandRefused', 200]);
  else {
    expect([said, answer.status >= 400 && answer.status < 500]).toEqual([said, true]);
    expect([said, typeof answer.errors?.[0]?.extensions.code]).toEqual([said, 'string']);
  }
  expect([said, await running.store.head('test')]).toEqual([said, before]);
  return answer;
}

beforeAll(async () => {
  // One after the other, and still more in a second than a tenant's people give.
  running = await runApi({ TENANT_COMMANDS_PER_MINUTE: '1000000' });
  operator = running.withToken(await running.tokenFor({ person: 'operator', scopes: ['cairn:operate'] }));
  await setUpTrial(running, trial);
  await offerSupport(running, trial, 'S1', 'P1');
  for (let n = 1; n <= 9; n++) {
    await running.give('referParticipant', {
      ...about,
      participant: `A${n}`,
      site: 'S1',
      occurredAt: '2020-01-01T09:00:00Z',
    });
  }
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) {
    const input = { commandId: randomUUID(), ...contact, contact: `void me ${n}` };
    const answer = await send('recordCommunityMeeting', input);
    ids.push((resultOf(answer, 'recordCommunityMeeting') as unknown as { events: { id: string }[] }).events[0]!.id);
  }
  meeting = (n = 0) => ids[n]!;

  const anna = await running.as('anna', { roles: [{ role: 'unblinded_statistician' }] });
  for (const n of [2, 3]) {
    await running.give('assignRole', { assignment: `role ${n}`, person: 'anna', role: 'auditor' });
    for (const request of [`to approve ${n}`, `to deny ${n}`])
      await anna.give('requestUnblinding', { request, trial, participant: 'P1', reason: 'an emergency' });
  }

  member = await running.as('member', { roles: [{ role: 'dmc_member', trial, until: '2100-01-01T00:00:00Z' }] });
  second = await running.as('second', { roles: [{ role: 'trial_manager' }] });
  const proofOf = (person: string) => running.tokenFor({ person, authenticatedAt: Date.now() });
  proofs = { tester: await proofOf('tester'), member: await proofOf('member') };
  await running.give('takeDataCut', { ...cases['takeDataCut']!.good(0), cut: 'a cut' });
  for (const n of [2, 3]) {
    const text = 'Is that so?';
    for (const what of ['acknowledge', 'assign', 'snooze', 'escalate', 'resolve', 'clear']) {
      await raiseSignal(running.store, 'test', given(what, n));
    }
    await running.store.append('test', signalAppend('SignalCleared', given('clear', n)));
    for (const what of ['change', 'pause', 'resume', 'close', 'replay', 'rotate']) {
      await running.give('openAlertSubscription', { trial, subscription: `to ${what} ${n}`, ...told });
    }
    await running.give('pauseAlertSubscription', { trial, subscription: `to resume ${n}` });
    for (const what of ['answer', 'reopen', 'close']) {
      await running.give('raiseQuery', { trial, query: `to ${what} ${n}`, participant: 'P1', text });
    }
    await running.give('answerQuery', { trial, query: `to reopen ${n}`, text });
    const recommendation = { ...cases['makeRecommendation']!.good(n), recommendation: `to answer ${n}` };
    await member.give('makeRecommendation', recommendation);
    for (const [request, participant] of [
      [`to erase ${n}`, `A${n}`],
      [`to keep ${n}`, `A${n + 2}`],
    ]) {
      await running.give('requestErasure', { trial, participant, request, reason: 'asked for it' });
    }
  }
}, 60_000);
afterAll(() => running.close());

it('there is a case for every mutation that takes a command', () => {
  const mutations = Object.values(schema.getMutationType()!.getFields());
  const recordings = mutations.filter((mutation) => String(mutation.type) === 'CommandResult!');
  expect(Object.keys(cases).sort()).toEqual(recordings.map((mutation) => mutation.name).sort());
});

describe.each(Object.entries(cases))('%s', (mutation, { good, references, neverTaken }) => {
  // Protocol versions follow each other, so numbers begin at the next one.
  const input = (n = 2) => ({ commandId: randomUUID(), ...good(n) });
  const fields = Object.values(inputOf(mutation).getFields());
  const texts = fields.filter(
    ({ type }) => ['ID', 'String'].includes(String(getNamedType(type))) && !/\[/.test(String(type)),
  );

  it('with a field missing', async () => {
    for (const { name, type } of fields.filter((field) => isNonNullType(field.type))) {
      const { [name]: _, ...rest } = input() as Record<string, unknown>;
      await expectTurnedAway(mutation, rest, `without ${name}`);
      await expectTurnedAway(mutation, { ...rest, [name]: null }, `with ${name} null (${String(type)})`);
    }
    for (const nothing of [undefined, null, {}, [], 'x', 7]) await expectTurnedAway(mutation, nothing, 'without input');
  });

  it('with a field of the wrong type', async () => {
    for (const { name, type } of fields) {
      const wrong =
        isScalarType(getNamedType(type)) && /ID|String/.test(String(type)) ? [{ a: 1 }, true] : [{}, 'x', [[]]];
      for (const value of wrong) {
        // It says nothing, which is what may be left out.
        if (String(type) === 'AlertFilterInput' && !Array.isArray(value) && typeof value === 'object') continue;
        if (String(type).startsWith('JSONObject') && !Array.isArray(value) && typeof value === 'object') continue;
        await expectTurnedAway(mutation, { ...input(), [name]: value }, `${name} = ${JSON.stringify(value)}`);
      }
    }
    await expectTurnedAway(mutation, { ...input(), unknownField: 1 }, 'with an unknown field');
    await expectTurnedAway(mutation, { ...input(), commandId: 'not a uuid' }, 'with a commandId that is no UUID');
  });

  it('oversized', async () => {
    for (const { name } of texts) {
      const large = await expectTurnedAway(mutation, { ...input(), [name]: 'x'.repeat(1_000_000) }, `${name} of 1 MB`);
      expect([large.status, large.errors?.[0]?.extensions.code]).toEqual([413, 'BODY_TOO_LARGE']);
      await expectTurnedAway(mutation, { ...input(), [name]: 'x'.repeat(100_000) }, `${name} of 100 kB`);
    }
  });

  it('with control characters, lone surrogates and white space around', async () => {
    for (const { name, type } of texts) {
      for (const text of ['a\u0000b', 'a\u001b[2J', 'a\u009fb', '\ud800']) {
        await expectTurnedAway(mutation, { ...input(), [name]: text }, `${name} = ${JSON.stringify(text)}`);
      }
      if (String(type).startsWith('ID'))
        await expectTurnedAway(mutation, { ...input(), [name]: ' a ' }, `${name} = " a "`);
    }
  });

  if (fields.some(({ name }) => name === 'occurredAt' || name === 'attendedOn')) {
    it('in the future', async () => {
      const field = fields.some(({ name }) => name === 'occurredAt') ? 'occurredAt' : 'attendedOn';
      const value = field === 'occurredAt' ? '2999-01-01T00:00:00Z' : '2999-01-01';
      const answer = await expectTurnedAway(mutation, { ...input(), [field]: value }, 'in the future');
      expect(resultOf(answer, mutation)?.code).toBe('OCCURRED_IN_FUTURE');
    });

    it('at a time that is none', async () => {
      const field = fields.some(({ name }) => name === 'occurredAt') ? 'occurredAt' : 'attendedOn';
      for (const value of [
        '',
        'yesterday',
        '2020-02-30T00:00:00Z',
        '2020-01-01T00:00:00',
        '20200101',
        '2020-13-01',
        'NaN',
      ]) {
        await expectTurnedAway(mutation, { ...input(), [field]: value }, `${field} = ${value}`);
      }
    });
  }

  if (references.length > 0) {
    it('about something unknown', async () => {
      for (const name of references) {
        const unknown = name === 'event' ? randomUUID() : 'nowhere';
        const answer = await expectTurnedAway(mutation, { ...input(), [name]: unknown }, `unknown ${name}`);
        const result = resultOf(answer, mutation)!;
        expect(result).toMatchObject({ code: expect.stringMatching(/_UNKNOWN$/) });
      }
    });
  }

  if (neverTaken) return;
  it('accepted once, the same answer for a retry, and its id used for nothing else', async () => {
    const given = input();
    const first = await send(mutation, given);
    expect(resultOf(first, mutation)?.__typename).toBe('CommandAccepted');
    const head = await running.store.head('test');
    expect(await send(mutation, given)).toEqual(first);
    expect(await send(mutation, { ...given, commandId: given.commandId.toUpperCase() })).toEqual(first);
    expect(await running.store.head('test')).toBe(head);

    const changes: Record<string, unknown> =
      mutation === 'registerTenant' ? { name: 'Another' } : mutation === 'voidRecord' ? { reason: 'another' } : good(3);
    const second = await expectTurnedAway(mutation, { ...given, ...changes }, 'with a used id');
    expect(resultOf(second, mutation)?.code).toMatch(
      /^(COMMAND_ID_REUSED|TENANT_EXISTS|EVENT_ALREADY_VOIDED|EVENT_SUPERSEDED)$/,
    );
  });
});

it('the same fact under another command id is accepted and adds nothing', async () => {
  const input = { ...contact, contact: 'once' };
  await running.give('recordCommunityMeeting', input);
  const head = await running.store.head('test');
  await running.give('recordCommunityMeeting', input);
  expect(await running.store.head('test')).toBe(head);
});

it('a site is known as soon as its registration is answered', async () => {
  for (let n = 0; n < 20; n++) {
    await running.give('registerSite', { ...cases['registerSite']!.good(100 + n) });
    await running.give('referParticipant', { ...about, participant: `fresh ${n}`, site: `N${100 + n}` });
  }
});

it('a void reaches only into its own trial', async () => {
  await setUpTrial(running, 'other');
  await expectTurnedAway(
    'voidRecord',
    { commandId: randomUUID(), trial: 'other', event: meeting(), reason: 'x' },
    'foreign',
  );
});
