import type { GuardedCommand } from '@cairn/access';
import type { CommandOutcome } from '@cairn/event-sourcing';
import type { Identity } from '../identity/identity.js';
import { type Input, identityOf, NOW, raise, registerTrial, SpecWorld, takeIn, TENANT } from './spec-world.js';

/*
 * Who may give which command about what is theirs, what is somebody else's, and what is not there. The last two must be
 * refused with the same bytes: nothing else keeps what is recorded elsewhere from being asked out.
 */

const occurredAt = '2019-06-01T09:00:00Z';

/** What a command is about. */
interface About {
  readonly trial: string;
  readonly participant: string;
  readonly site: string;
  readonly worker: string;
  /** A record of the participant. */
  readonly event: string;
  /** About the participant. */
  readonly signal: string;
  /** New with each command, where it must be. */
  readonly id: string;
}

const contact = ({ trial, participant, worker, id }: About): Input => ({
  ...{ trial, participant, worker, contact: id },
  ...{ mode: 'face_to_face', outcome: 'attended', occurredAt },
});
/** What a subscription says: nothing that the trial might not have. */
const told = { name: 'On call', sink: { kind: 'webhook', url: 'https://hooks.example/' }, audience: 'delivery' };
const ofParticipant = ({ trial, participant }: About): Input => ({ trial, participant, occurredAt });

const commands: Readonly<Record<Exclude<GuardedCommand, TenantWide>, (about: About) => Input>> = {
  publishProtocol: ({ trial }) => ({
    trial,
    version: 9,
    protocol: { arms: [{ id: 'a', intervention: true }], interventionWindow: { weeksAfterDischarge: 1 } },
  }),
  registerSite: ({ trial, id }) => ({
    ...{ trial, site: id, name: 'New', locality: [] },
    ...{ employerKind: 'NHS', employerName: 'T', hostOrganisation: 'T' },
  }),
  registerWorker: ({ trial, site, id }) => ({ trial, site, worker: id, role: 'peer_worker' }),
  referParticipant: ({ trial, site, id }) => ({ trial, site, participant: id, occurredAt }),
  recordRandomisation: (about) => ({ ...ofParticipant(about), arm: 'peer', occurredAt: '2019-01-02T09:00:00Z' }),
  allocateWorker: (about) => ({ ...ofParticipant(about), worker: about.worker }),
  recordWardContact: contact,
  recordCommunityMeeting: contact,
  recordDischarge: ofParticipant,
  recordReadmission: ofParticipant,
  recordFollowUp: ofParticipant,
  withdrawParticipant: (about) => ({ ...ofParticipant(about), scope: 'follow_up' }),
  recordSupervision: ({ trial, site, worker, id }) => ({
    trial,
    site,
    supervision: id,
    kind: 'group',
    attendees: [worker],
    occurredAt,
  }),
  recordTeamPreparation: ({ trial, site, id }) => ({ trial, site, session: id, ward: 'ward', occurredAt }),
  recordFidelityAssessment: ({ trial, site, id }) => ({
    trial,
    site,
    instrument: 'index',
    rater: id,
    total: 9,
    occurredAt,
  }),
  recordTraining: ({ trial, worker }) => ({ trial, worker, attendedOn: '2019-03-01', days: 1 }),
  // Of a time to come: what is asked here is who may, not what is in it.
  takeDataCut: ({ trial, id }) => ({ trial, cut: id, occurredBefore: '2030-01-01T00:00:00Z', note: 'look' }),
  raiseQuery: ({ trial, event, id }) => ({ trial, query: id, event, text: 'Is that so?' }),
  answerQuery: ({ trial, id }) => ({ trial, query: id, text: 'It is.' }),
  reopenQuery: ({ trial, id }) => ({ trial, query: id, text: 'Is it?' }),
  closeQuery: ({ trial, id }) => ({ trial, query: id }),
  signContent: ({ trial, event, id }) => ({ trial, signature: id, event, meaning: 'review' }),
  cosignCheckpoint: ({ trial }) => ({ trial, size: 1, cosignature: 'x' }),
  makeRecommendation: ({ trial, id }) => ({
    trial,
    recommendation: id,
    cut: 'none',
    advice: 'continue',
    text: 'Go on.',
    meaning: 'approval',
  }),
  answerRecommendation: ({ trial, id }) => ({
    trial,
    recommendation: id,
    response: 'accepted',
    text: 'Agreed.',
    meaning: 'approval',
  }),
  acknowledgeSignal: ({ trial, signal }) => ({ trial, signal, note: 'seen' }),
  assignSignal: ({ trial, signal }) => ({ trial, signal, person: 'co' }),
  snoozeSignal: ({ trial, signal }) => ({ trial, signal, until: '2030-01-01T00:00:00Z' }),
  escalateSignal: ({ trial, signal }) => ({ trial, signal }),
  resolveSignal: ({ trial, signal }) => ({ trial, signal, outcome: 'true_problem' }),
  recordSignalOutcome: ({ trial, signal }) => ({ trial, signal, outcome: 'false_alarm' }),
  publishSignalRule: ({ trial, id }) => ({
    trial,
    definition: {
      ...{ rule: id, title: 'Falling', severity: 'notice' },
      condition: { kind: 'trend', measure: 'contacts', direction: 'falling', overDays: 7, factor: 2 },
    },
    reason: 'to see',
  }),
  openAlertSubscription: ({ trial, id }) => ({ trial, subscription: id, ...told }),
  changeAlertSubscription: ({ trial, id }) => ({ trial, subscription: id, ...told }),
  pauseAlertSubscription: ({ trial, id }) => ({ trial, subscription: id }),
  resumeAlertSubscription: ({ trial, id }) => ({ trial, subscription: id }),
  closeAlertSubscription: ({ trial, id }) => ({ trial, subscription: id }),
  requestAlertReplay: ({ trial, id }) => ({ trial, subscription: id, after: occurredAt }),
  rotateAlertSecret: ({ trial, id }) => ({ trial, subscription: id }),
  // To what it is: what is asked here is who may, and the void that follows is of the record itself.
  amendRecord: ({ trial, event, site }) => ({ trial, event, reason: 'wrong', changes: { site } }),
  voidRecord: ({ trial, event }) => ({ trial, event, reason: 'wrong' }),
  requestUnblinding: ({ trial, participant, id }) => ({ trial, participant, request: id, reason: 'emergency' }),
  approveUnblinding: ({ trial, participant, id }) => ({ trial, participant, request: id }),
  denyUnblinding: ({ trial, participant, id }) => ({ trial, participant, request: id, reason: 'no' }),
  requestErasure: ({ trial, participant, id }) => ({ trial, participant, request: id, reason: 'asked to' }),
  eraseParticipant: ({ trial, participant, id }) => ({ trial, participant, request: id, reason: 'on file' }),
  denyErasure: ({ trial, participant, id }) => ({ trial, participant, request: id, reason: 'no' }),
};
type TenantWide = 'registerTenant' | 'registerTrial' | 'registerPerson' | 'assignRole' | 'revokeRole';
const names = Object.keys(commands) as (keyof typeof commands)[];

const own: About = { trial: 't', participant: 'P1', site: 'S1', worker: 'S1-W', event: '', signal: '', id: 'new' };
const nobody: About = {
  ...{ trial: 't', participant: 'P0', site: 'S0', worker: 'S0-W' },
  ...{ event: '00000000-0000-4000-8000-00000000abcd', signal: '00000000-0000-5000-8000-00000000abcd', id: 'new' },
};

let world: SpecWorld;
let who: Readonly<Record<string, Identity>>;
/** Events of referrals. */
let referral: Readonly<Record<string, string>>;
/** Signals about participants. */
let signalOf: Readonly<Record<string, string>>;

beforeEach(async () => {
  world = new SpecWorld();
  const manager = await world.know('manager', { role: 'trial_manager' });
  await registerTrial(world, manager, 't', ['S1', 'S2']);
  await registerTrial(world, manager, 'u', ['S1']);
  const take = (participant: string, site: string, worker?: string) =>
    takeIn(world, manager, { participant, site, ...(worker !== undefined && { worker }) });
  referral = {
    P1: await take('P1', 'S1', 'S1-W'),
    // Of the same site, but of another worker.
    P3: await take('P3', 'S1', 'S1-V'),
    P2: await take('P2', 'S2', 'S2-W'),
    P4: await take('P4', 'S2'),
  };
  // One of whom nothing more may be recorded, which is for their site to know.
  await world.accepted(manager, 'withdrawParticipant', {
    trial: 't',
    participant: 'P4',
    scope: 'data_use',
    occurredAt,
  });
  signalOf = {
    P1: await raise(world, { participant: 'P1', site: 'S1' }),
    P2: await raise(world, { participant: 'P2', site: 'S2' }),
    P3: await raise(world, { participant: 'P3', site: 'S1' }),
    P4: await raise(world, { participant: 'P4', site: 'S2' }),
  };
  who = {
    manager,
    'manager of t': await world.know('mt', { role: 'trial_manager', trial: 't' }),
    coordinator: await world.know('co', { role: 'site_coordinator', trial: 't', site: 'S1' }),
    'peer worker': await world.know('pw', { role: 'peer_worker', trial: 't', worker: 'S1-W' }),
    assessor: await world.know('as', { role: 'blinded_outcome_assessor', trial: 't' }),
    statistician: await world.know('st', { role: 'unblinded_statistician', trial: 't' }),
    administrator: await world.know('ad', { role: 'sponsor_administrator' }),
    'site viewer': await world.know('sv', { role: 'site_viewer', trial: 't', site: 'S1' }),
    auditor: await world.know('au', { role: 'auditor' }),
    'committee member': await world.know('cm', { role: 'dmc_member', trial: 't', until: '2030-01-01T00:00:00Z' }),
    machine: await world.know('ma', { role: 'machine_subscriber', trial: 't' }),
    'manager of u': await world.know('mu', { role: 'trial_manager', trial: 'u' }),
    stranger: identityOf('stranger'),
  };
});

const codeOf = (outcome: CommandOutcome): string => (outcome.kind === 'refused' ? outcome.refusal.code : 'accepted');

/** What somebody is answered, for each command, and that only what is accepted is recorded. */
async function answers(person: string, about: About): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const name of names) {
    const before = await world.store.head(TENANT);
    all[name] = codeOf(await world.give(who[person]!, name, commands[name]({ ...about, id: `new-${name}` })));
    expect((await world.store.head(TENANT)) > before).toBe(all[name] === 'accepted' && !UNCHANGED.has(name));
  }
  return all;
}
/** Says what stands already. */
const UNCHANGED = new Set<string>(['recordRandomisation', 'amendRecord']);

const bySite = {
  ...{ registerWorker: 'accepted', referParticipant: 'accepted', recordRandomisation: 'accepted' },
  ...{ allocateWorker: 'accepted', recordWardContact: 'accepted', recordCommunityMeeting: 'accepted' },
  ...{ recordDischarge: 'accepted', recordReadmission: 'accepted', recordFollowUp: 'accepted' },
  ...{ withdrawParticipant: 'accepted', recordSupervision: 'accepted', recordTeamPreparation: 'accepted' },
  ...{ recordTraining: 'accepted', raiseQuery: 'accepted', answerQuery: 'QUERY_UNKNOWN' },
  ...{ signContent: 'REAUTHENTICATION_REQUIRED' },
  ...{ voidRecord: 'accepted', amendRecord: 'accepted', requestUnblinding: 'PARTICIPANT_UNKNOWN' },
  requestErasure: 'PARTICIPANT_UNKNOWN',
  ...{ acknowledgeSignal: 'accepted', assignSignal: 'accepted', snoozeSignal: 'accepted', escalateSignal: 'accepted' },
  ...{ resolveSignal: 'accepted', recordSignalOutcome: 'accepted' },
};
const watching = {
  ...{ raiseQuery: 'accepted', reopenQuery: 'QUERY_UNKNOWN', closeQuery: 'QUERY_UNKNOWN' },
  signContent: 'REAUTHENTICATION_REQUIRED',
  cosignCheckpoint: 'CHECKPOINT_UNKNOWN',
};
const setUp = { publishProtocol: 'PROTOCOL_VERSION_SKIPPED', registerSite: 'accepted', registerWorker: 'accepted' };
const deciding = { approveUnblinding: 'UNBLINDING_UNKNOWN', denyUnblinding: 'UNBLINDING_UNKNOWN' };
const erasing = { eraseParticipant: 'ERASURE_UNKNOWN', denyErasure: 'ERASURE_UNKNOWN' };
const cutting = { takeDataCut: 'OCCURRED_IN_FUTURE' };
const managing = {
  ...bySite,
  ...watching,
  ...setUp,
  ...deciding,
  ...erasing,
  ...cutting,
  recordFidelityAssessment: 'accepted',
  publishSignalRule: 'accepted',
  // Nobody says here where alerts may be sent.
  openAlertSubscription: 'URL_REFUSED',
  ...{ changeAlertSubscription: 'SUBSCRIPTION_UNKNOWN', closeAlertSubscription: 'SUBSCRIPTION_UNKNOWN' },
  ...{ pauseAlertSubscription: 'SUBSCRIPTION_UNKNOWN', resumeAlertSubscription: 'SUBSCRIPTION_UNKNOWN' },
  ...{ requestAlertReplay: 'SUBSCRIPTION_UNKNOWN', rotateAlertSecret: 'SUBSCRIPTION_UNKNOWN' },
};

/** By role, what is answered about what is theirs; what is not named is FORBIDDEN. */
const rights: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['manager', managing],
  ['manager of t', managing],
  ['coordinator', bySite],
  ['peer worker', { recordWardContact: 'accepted', recordCommunityMeeting: 'accepted' }],
  ['assessor', { recordReadmission: 'accepted', recordFollowUp: 'accepted', requestUnblinding: 'accepted' }],
  ['statistician', { requestUnblinding: 'accepted', ...watching, ...deciding, ...cutting }],
  ['administrator', { ...setUp, ...erasing, answerRecommendation: 'RECOMMENDATION_UNKNOWN' }],
  ['site viewer', {}],
  ['auditor', watching],
  [
    'committee member',
    {
      ...{ signContent: 'REAUTHENTICATION_REQUIRED', makeRecommendation: 'CUT_UNKNOWN' },
      cosignCheckpoint: 'CHECKPOINT_UNKNOWN',
    },
  ],
  ['machine', {}],
  ['stranger', {}],
];

test.each(rights)('%s may give these commands about what is theirs', async (person, expected) => {
  // The void comes last but for the unblindings, and makes the participant unknown where it was taken.
  const forbidden = Object.fromEntries(names.map((name) => [name, 'FORBIDDEN']));
  expect(await answers(person, { ...own, event: referral['P1']!, signal: signalOf['P1']! })).toEqual({
    ...forbidden,
    ...expected,
  });
});

describe('what is out of reach is answered as what is not there', () => {
  /** What is answered, with the ids that differ by intent taken out. */
  async function bytes(person: string, name: keyof typeof commands, about: About): Promise<string> {
    const given = commands[name](about);
    const text = JSON.stringify(await world.give(who[person]!, name, given), (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    return text.replaceAll(JSON.stringify(about), '').replaceAll(/"(P|S)\d(-W|-V)?"/g, '"…"');
  }

  const others: readonly (readonly [string, string, (event: (of: string) => string) => About])[] = [
    [
      'coordinator',
      'of another site',
      (of) => ({ ...own, participant: 'P2', site: 'S2', worker: 'S2-W', event: of('P2') }),
    ],
    [
      'coordinator',
      'of another site, withdrawn',
      (of) => ({ ...own, participant: 'P4', site: 'S2', worker: 'S2-V', event: of('P4') }),
    ],
    ['peer worker', 'of a colleague', (of) => ({ ...own, participant: 'P3', worker: 'S1-V', event: of('P3') })],
    ['peer worker', 'of another site', (of) => ({ ...own, participant: 'P2', worker: 'S2-W', event: of('P2') })],
  ];
  test.each(others)('to a %s: %s', async (person, _what, aboutOf) => {
    const of = aboutOf((participant) => referral[participant]!);
    const about = { ...of, signal: signalOf[of.participant]! };
    const theirs = { ...own, event: referral['P1']!, signal: signalOf['P1']! };
    const head = await world.store.head(TENANT);
    for (const name of names) {
      const absent = { ...nobody, ...(about.site === own.site && { site: own.site }) };
      expect(`${name} ${await bytes(person, name, about)}`).toBe(`${name} ${await bytes(person, name, absent)}`);
      // Ids of both in one command, as a new record of a hidden participant by a worker of one's own.
      for (const part of ['participant', 'site', 'worker', 'event', 'signal'] as const) {
        const hidden = await bytes(person, name, { ...theirs, [part]: about[part], id: 'mixed' });
        if (about[part] === own[part] || hidden.includes('accepted')) continue;
        expect(hidden).toBe(await bytes(person, name, { ...theirs, [part]: nobody[part], id: 'mixed' }));
      }
    }
    // What was recorded is of their own alone.
    const since = await world.store.readLog(TENANT, { from: head, limit: 1_000 });
    for (const { payload } of since) expect(payload.replace(/sealed:v1:[^"]+/g, '')).not.toMatch(/P2|P3|P4|S2/);
  });

  test('a trial without a role of theirs, whatever it holds', async () => {
    for (const name of names) {
      const foreign = { ...own, trial: 'u', event: referral['P1']!, signal: signalOf['P1']! };
      const absent = { ...foreign, trial: 'x' };
      expect(await bytes('coordinator', name, foreign)).toBe(await bytes('coordinator', name, absent));
      expect(await bytes('assessor', name, foreign)).toBe(await bytes('assessor', name, absent));
      expect(await bytes('manager of t', name, foreign)).toBe(await bytes('manager of t', name, absent));
      // What is for no role of theirs is not for them, wherever it is.
      const isTheirs = name !== 'makeRecommendation' && name !== 'answerRecommendation';
      expect(codeOf(await world.give(who['manager of t']!, name, commands[name](foreign)))).toBe(
        isTheirs ? 'TRIAL_UNKNOWN' : 'FORBIDDEN',
      );
    }
  });

  test('a colleague’s record to void or to amend', async () => {
    const { events } = await world.accepted(who['manager']!, 'recordSupervision', {
      ...{ trial: 't', site: 'S2', supervision: 'x', kind: 'group', attendees: [], occurredAt },
    });
    const training = await world.accepted(who['manager']!, 'recordTraining', {
      ...{ trial: 't', worker: 'S2-W', attendedOn: '2019-03-02', days: 1 },
    });
    const register = await world.store.readStream(TENANT, 't/trial');
    const hidden = [events[0]!, training.events[0]!, ...register.filter(({ payload }) => payload.includes('"S2"'))];
    expect(hidden).toHaveLength(5);
    const used = '00000000-0000-4000-8000-0000000000aa';
    await world.accepted(who['coordinator']!, 'recordFollowUp', { trial: 't', participant: 'P1', occurredAt }, used);
    for (const { id } of hidden) {
      for (const commandId of [undefined, used]) {
        for (const name of ['voidRecord', 'amendRecord']) {
          const give = (event: string) =>
            world.give(who['coordinator']!, name, { trial: 't', event, reason: 'r' }, commandId);
          const outcome = await give(id);
          expect(outcome).toEqual(await give(nobody.event));
          expect(codeOf(outcome)).toBe(commandId ? 'COMMAND_ID_REUSED' : 'EVENT_UNKNOWN');
        }
      }
    }
  });
});

describe('an id that is taken', () => {
  test('by somebody of another site is told to be taken, and no more', async () => {
    const refer = (participant: string) =>
      world.give(who['coordinator']!, 'referParticipant', { trial: 't', site: 'S1', participant, occurredAt });
    expect(codeOf(await refer('P2'))).toBe('PARTICIPANT_ALREADY_REFERRED');
    // Withdrawn from any use of data: one's own site would be told so.
    expect(await refer('P4')).toEqual(await refer('P2'));
  });

  test('by a worker of another site is told to be taken', async () => {
    const worker = { trial: 't', site: 'S1', worker: 'S2-W', role: 'peer_worker' };
    expect(codeOf(await world.give(who['coordinator']!, 'registerWorker', worker))).toBe('WORKER_EXISTS');
  });
});

describe('command ids', () => {
  const id = '00000000-0000-4000-8000-0000000000ff';
  const followUp = (participant: string): Input => ({ trial: 't', participant, occurredAt });

  test('of those who see everything are shared: what two managers give is recorded once', async () => {
    const second = await world.know('second', { role: 'trial_manager' });
    const first = await world.accepted(who['manager']!, 'recordFollowUp', followUp('P1'), id);
    expect(await world.give(second, 'recordFollowUp', followUp('P1'), id)).toEqual(first);
    expect(codeOf(await world.give(second, 'recordFollowUp', followUp('P2'), id))).toBe('COMMAND_ID_REUSED');
  });

  test.each(['manager of t', 'coordinator', 'assessor'])('of a %s are their own', async (person) => {
    await world.accepted(who['manager']!, 'recordFollowUp', followUp('P2'), id);
    const before = await world.store.head(TENANT);
    const outcome = await world.accepted(who[person]!, 'recordFollowUp', followUp('P1'), id);
    expect(await world.store.head(TENANT)).toBe(before + 1n);
    expect(outcome.events.map(({ commandId }) => commandId)).toEqual([id]);
    expect(await world.give(who[person]!, 'recordFollowUp', followUp('P1'), id)).toEqual(outcome);
    expect(codeOf(await world.give(who[person]!, 'recordFollowUp', followUp('P3'), id))).toBe('COMMAND_ID_REUSED');
  });

  test('tell nobody what was recorded under them', async () => {
    // A row of a bundle can be guessed, and its id with it.
    await world.accepted(who['manager']!, 'recordFollowUp', followUp('P2'), id);
    const guessed = await world.give(who['coordinator']!, 'recordFollowUp', followUp('P2'), id);
    expect(guessed).toEqual(await world.give(who['coordinator']!, 'recordFollowUp', followUp('P0'), id));
    expect(codeOf(guessed)).toBe('PARTICIPANT_UNKNOWN');
  });
});

test('a token that is not for recording records nothing, whoever holds it', async () => {
  const reader = { ...who['manager']!, scopes: new Set(['cairn:read'] as const) };
  expect(codeOf(await world.give(reader, 'recordFollowUp', { trial: 't', participant: 'P1', occurredAt }))).toBe(
    'FORBIDDEN',
  );
});

test('a role that ends by time is none from then on', async () => {
  const until = new Date(NOW + 1_000).toISOString();
  const locum = await world.know('locum', { role: 'site_coordinator', trial: 't', site: 'S1', until });
  const followUp = { trial: 't', participant: 'P1', occurredAt };
  expect(codeOf(await world.give(locum, 'recordFollowUp', followUp))).toBe('accepted');
  world.now = NOW + 1_000;
  expect(codeOf(await world.give(locum, 'recordFollowUp', followUp))).toBe('FORBIDDEN');
});
