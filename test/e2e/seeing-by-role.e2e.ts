import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { accessEventTypes, type Role, unblindingStream } from '@cairn/access';
import { EventCatalogue, formatInstant } from '@cairn/event-sourcing';
import { buildSchema, type GraphQLObjectType } from 'graphql';
import {
  type Answer,
  offerSupport,
  runApi,
  type RunningApi,
  setUpTrial,
  type SignedIn,
} from '../support/running-api.js';

let running: RunningApi;
const people = new Map<Role, SignedIn>();

const roles: Readonly<Record<Role, object>> = {
  trial_manager: { trial: 'T' },
  dmc_member: { trial: 'T' },
  unblinded_statistician: { trial: 'T' },
  blinded_outcome_assessor: { trial: 'T' },
  site_coordinator: { trial: 'T', site: 'S1' },
  peer_worker: { trial: 'T', worker: 'S1-W' },
  site_viewer: { trial: 'T', site: 'S1' },
  auditor: { trial: 'T' },
  sponsor_administrator: {},
  machine_subscriber: { trial: 'T' },
};

beforeAll(async () => {
  running = await runApi();
  await setUpTrial(running, 'T', ['S1', 'S2']);
  await setUpTrial(running, 'U');
  // P1 and P3 are offered support, of S1 and of S2; P2 of S1 is not, P4 of S1 is not randomised yet.
  await offerSupport(running, 'T', 'S1', 'P1');
  await offerSupport(running, 'T', 'S2', 'P3');
  for (const participant of ['P2', 'P4']) {
    await running.give('referParticipant', { trial: 'T', site: 'S1', participant, occurredAt: '2020-01-01T09:00:00Z' });
  }
  await running.give('recordRandomisation', {
    trial: 'T',
    participant: 'P2',
    arm: 'usual',
    occurredAt: '2020-01-02T09:00:00Z',
  });
  for (const participant of ['P1', 'P2', 'P3']) {
    await running.give('recordDischarge', { trial: 'T', participant, occurredAt: '2020-01-20T09:00:00Z' });
  }
  for (const contact of ['C1', 'C2']) {
    await running.give('recordCommunityMeeting', {
      trial: 'T',
      participant: 'P1',
      worker: 'S1-W',
      contact,
      mode: 'FACE_TO_FACE',
      outcome: 'ATTENDED',
      occurredAt: '2020-02-01T09:00:00Z',
    });
  }
  await running.give('recordFidelityAssessment', {
    trial: 'T',
    site: 'S1',
    instrument: 'index',
    rater: 'R1',
    total: 9,
    occurredAt: '2020-03-01T09:00:00Z',
  });
  const other = await running.as('other', {
    tenant: 'elsewhere',
    roles: [{ role: 'trial_manager' }, { role: 'sponsor_administrator' }],
  });
  await setUpTrial(other, 'F');
  for (const [role, reach] of Object.entries(roles) as [Role, object][]) {
    people.set(role, await running.as(role, { roles: [{ role, ...reach }] }));
  }
  await running.graphql(`{ trial(id: "T", minPosition: "${await running.store.head('test')}") { id } }`);
}, 60_000);
afterAll(() => running.close());

/** Where a request leads, in words: what the field showed, or why it showed nothing. */
async function look<Shown>(as: SignedIn, selection: string, show: (trial: any) => Shown): Promise<Shown | string> {
  const answer = await as.graphql(`{ trial(id: "T") { ${selection} } }`);
  return told(answer) ?? show(answer.data!['trial']);
}

function told({ errors, extensions }: Answer): string | undefined {
  if (errors) return `${errors[0]!.extensions.code} ${errors[0]!.extensions.reason ?? ''}`.trim();
  const reasons = new Set(extensions?.sealed?.map(({ reason }) => reason));
  return reasons.size === 0 ? undefined : `null ${[...reasons].join(' ')}`;
}

const ids = ({ edges }: any) => edges.map(({ node }: any) => node.id).join(' ');
const each =
  (field: string) =>
  ({ participants }: any) =>
    participants.edges.map(({ node }: any) => String(node[field])).join(' ');
const present = () => 'shown';

const DRAFT = `{ rule: "draft", title: "Draft", severity: "notice",
  condition: { kind: "trend", measure: "contacts", direction: "falling", overDays: 7, factor: 2 } }`;

/** Every field of a trial and of its participants, and how what it shows is told here. */
const trialFields: Readonly<Record<string, readonly [selection: string, show: (trial: any) => string]>> = {
  id: ['id', ({ id }) => id],
  title: ['title', ({ title }) => title],
  registration: ['registration', ({ registration }) => String(registration)],
  timeZone: ['timeZone', present],
  protocol: ['protocol { version arms { id } }', present],
  engagementDefinitions: ['engagementDefinitions { id }', present],
  head: ['head', ({ head }) => (BigInt(head) > 1_000_000n ? 'a time' : 'a position')],
  sites: ['sites { edges { node { id } } totalCount }', ({ sites }) => `${ids(sites)} of ${sites.totalCount}`],
  engagement: [
    'engagement { overall { randomised engaged } sites { site { id } } }',
    ({ engagement: { overall, sites } }) =>
      `${overall.engaged}/${overall.randomised} at ${sites.map(({ site }: any) => site.id).join(' ')}`,
  ],
  'engagement.fidelity': [
    'engagement { sites { fidelity fidelityAssessment { value } } }',
    ({ engagement: { sites } }) => sites.map(({ fidelity }: any) => String(fidelity)).join(' '),
  ],
  fidelityAssociation: ['fidelityAssociation { points { fidelity } }', present],
  benchmark: [
    'benchmark { own { site { id } } others { suppressed } }',
    ({ benchmark: { own, others } }) => `${own.map(({ site }: any) => site.id).join(' ')} and ${others.length}`,
  ],
  participants: [
    'participants { edges { node { id } } totalCount }',
    ({ participants }) => `${ids(participants)} of ${participants.totalCount}`,
  ],
  history: ['history { totalCount }', ({ history }) => `${history.totalCount}`],
  unblindings: ['unblindings { request }', present],
  erasures: ['erasures { request }', present],
  queries: ['queries { totalCount }', present],
  alertSubscriptions: ['alertSubscriptions { totalCount }', present],
  signals: ['signals { totalCount }', present],
  signal: ['signal(id: "none") { id }', present],
  signalRules: ['signalRules { rule }', ({ signalRules }) => `${signalRules.length} of 12`],
  backTest: [`backTest(rule: ${DRAFT}, from: "2020-01-01T00:00:00Z", to: "2020-02-01T00:00:00Z") { added }`, present],
  dataCuts: ['dataCuts { totalCount }', present],
  dataCut: ['dataCut(id: "D1") { id }', present],
  diff: ['diff(from: "D1", to: "D2") { from { id } }', present],
  signatures: ['signatures { totalCount }', present],
  checkpoint: ['checkpoint { size }', present],
  inclusionProof: ['inclusionProof(event: "none") { index }', present],
  consistencyProof: ['consistencyProof(from: 1, to: 2) { proof }', present],
  recommendations: ['recommendations { totalCount }', present],
};
const participantFields: typeof trialFields = Object.fromEntries(
  ['id', 'site { id }', 'status', 'engagedAt', 'dischargedAt', 'windowClosesAt', 'arm'].map((selection) => {
    const field = selection.split(' ')[0]!;
    const show =
      field === 'site'
        ? ({ participants }: any) => participants.edges.map(({ node }: any) => node.site.id).join(' ')
        : each(field);
    return [field, [`participants { edges { node { ${selection} } } }`, show] as const];
  }),
);

it('every field of a trial and of a participant is looked at below', () => {
  const schema = buildSchema(
    fs.readFileSync(path.resolve(import.meta.dirname, '../../apps/api/schema.graphql'), 'utf8'),
  );
  const fieldsOf = (type: string) => Object.keys((schema.getType(type) as GraphQLObjectType).getFields());
  const looked = Object.keys(trialFields).filter((name) => !name.includes('.'));
  expect(looked.sort()).toEqual(fieldsOf('Trial').sort());
  expect(Object.keys(participantFields).sort()).toEqual(fieldsOf('Participant').sort());
});

const open = {
  id: 'T',
  title: 'Trial T',
  registration: 'null',
  timeZone: 'shown',
  protocol: 'shown',
  engagementDefinitions: 'shown',
};
const whole = {
  ...open,
  head: 'a position',
  sites: 'S1 S2 of 2',
  engagement: '1/3 at S1 S2',
  'engagement.fidelity': '9 null',
  fidelityAssociation: 'shown',
  benchmark: 'S1 S2 and 0',
  participants: 'P1 P2 P3 P4 of 4',
  // Registered: the trial, two sites, two workers. Of participants: 6, 3, 4, 1. Of S1: an assessment.
  history: '20',
  unblindings: 'shown',
  erasures: 'shown',
  queries: 'shown',
  alertSubscriptions: 'shown',
  signals: 'shown',
  signal: 'shown',
  signalRules: '12 of 12',
  backTest: 'shown',
  signatures: 'shown',
  checkpoint: 'shown',
  inclusionProof: 'shown',
  consistencyProof: 'shown',
  dataCuts: 'shown',
  dataCut: 'shown',
  diff: 'shown',
  recommendations: 'shown',
};
const site = {
  ...open,
  head: 'a position',
  sites: 'S1 of 1',
  engagement: '1/2 at S1',
  'engagement.fidelity': 'null NOT_IN_ROLE',
  fidelityAssociation: 'null NOT_IN_ROLE',
  benchmark: 'S1 and 1',
  unblindings: 'null NOT_IN_ROLE',
  erasures: 'null NOT_IN_ROLE',
  queries: 'null NOT_IN_ROLE',
  alertSubscriptions: 'null NOT_IN_ROLE',
  signals: 'shown',
  signal: 'shown',
  signalRules: '12 of 12',
  backTest: 'null NOT_IN_ROLE',
  signatures: 'null NOT_IN_ROLE',
  checkpoint: 'null NOT_IN_ROLE',
  inclusionProof: 'null NOT_IN_ROLE',
  consistencyProof: 'null NOT_IN_ROLE',
  dataCuts: 'SEALED NOT_IN_ROLE',
  dataCut: 'null NOT_IN_ROLE',
  diff: 'null NOT_IN_ROLE',
  recommendations: 'null NOT_IN_ROLE',
};
const blinded = {
  ...open,
  head: 'a time',
  sites: 'S1 S2 of 2',
  engagement: 'null BLINDED',
  'engagement.fidelity': 'null BLINDED',
  fidelityAssociation: 'null BLINDED',
  benchmark: 'null BLINDED',
  participants: 'SEALED NOT_IN_ROLE',
  history: 'SEALED BLINDED',
  unblindings: 'null NOT_IN_ROLE',
  erasures: 'null NOT_IN_ROLE',
  queries: 'null BLINDED',
  alertSubscriptions: 'null BLINDED',
  signals: 'shown',
  signal: 'shown',
  signalRules: '12 of 12',
  backTest: 'null BLINDED',
  signatures: 'null BLINDED',
  checkpoint: 'null BLINDED',
  inclusionProof: 'null BLINDED',
  consistencyProof: 'null BLINDED',
  dataCuts: 'SEALED BLINDED',
  dataCut: 'null BLINDED',
  diff: 'null BLINDED',
  recommendations: 'null NOT_IN_ROLE',
};

const noSignals = {
  signals: 'null NOT_IN_ROLE',
  signal: 'null NOT_IN_ROLE',
  signalRules: 'null NOT_IN_ROLE',
};

it.each<[Role, object]>([
  ['trial_manager', whole],
  ['dmc_member', { ...whole, queries: 'null NOT_IN_ROLE', erasures: 'null NOT_IN_ROLE' }],
  ['unblinded_statistician', { ...whole, erasures: 'null NOT_IN_ROLE' }],
  ['auditor', whole],
  ['site_coordinator', { ...site, participants: 'P1 P2 P4 of 3', history: '13', queries: 'shown' }],
  [
    'peer_worker',
    {
      ...site,
      engagement: 'null NOT_IN_ROLE',
      'engagement.fidelity': 'null NOT_IN_ROLE',
      benchmark: 'null NOT_IN_ROLE',
      participants: 'P1 of 1',
      history: '7',
    },
  ],
  ['site_viewer', { ...site, ...noSignals, participants: 'SEALED NOT_IN_ROLE', history: 'SEALED NOT_IN_ROLE' }],
  ['blinded_outcome_assessor', { ...blinded, participants: 'P1 P2 P3 P4 of 4' }],
  [
    'sponsor_administrator',
    { ...blinded, ...noSignals, unblindings: 'shown', erasures: 'shown', recommendations: 'shown' },
  ],
  ['machine_subscriber', blinded],
])('what a %s sees of a trial', async (role, expected) => {
  const seen: Record<string, string> = {};
  for (const [name, [selection, show]] of Object.entries(trialFields)) {
    seen[name] = await look(people.get(role)!, selection, show);
  }
  expect(seen).toEqual(expected);
});

const DISCHARGED = '2020-01-20T09:00:00.000Z';
/** Four months later, at midnight in London. */
const CLOSES = '2020-05-20T23:00:00.000Z';
const participants = {
  id: 'P1 P2 P3 P4',
  site: 'S1 S1 S2 S1',
  status: 'ENGAGED NOT_OFFERED NOT_ENGAGED NOT_OFFERED',
  engagedAt: '2020-02-01T09:00:00.000Z null null null',
  dischargedAt: `${DISCHARGED} ${DISCHARGED} ${DISCHARGED} null`,
  windowClosesAt: `${CLOSES} ${CLOSES} ${CLOSES} null`,
  arm: 'support usual support null',
};
const nobody = (reason: string) => Object.fromEntries(Object.keys(participants).map((field) => [field, reason]));

it.each<[Role, object]>([
  ['trial_manager', participants],
  ['dmc_member', { ...participants, arm: 'null NOT_IN_ROLE' }],
  ['unblinded_statistician', participants],
  ['auditor', participants],
  [
    'site_coordinator',
    {
      id: 'P1 P2 P4',
      site: 'S1 S1 S1',
      status: 'ENGAGED NOT_OFFERED NOT_OFFERED',
      engagedAt: '2020-02-01T09:00:00.000Z null null',
      dischargedAt: `${DISCHARGED} ${DISCHARGED} null`,
      windowClosesAt: `${CLOSES} ${CLOSES} null`,
      arm: 'support usual null',
    },
  ],
  [
    'peer_worker',
    {
      id: 'P1',
      site: 'S1',
      status: 'ENGAGED',
      engagedAt: '2020-02-01T09:00:00.000Z',
      dischargedAt: DISCHARGED,
      windowClosesAt: CLOSES,
      arm: 'support',
    },
  ],
  ['site_viewer', nobody('SEALED NOT_IN_ROLE')],
  [
    'blinded_outcome_assessor',
    { ...participants, status: 'SEALED BLINDED', engagedAt: 'null BLINDED', arm: 'null BLINDED' },
  ],
  ['sponsor_administrator', nobody('SEALED NOT_IN_ROLE')],
  ['machine_subscriber', nobody('SEALED NOT_IN_ROLE')],
])('what a %s sees of participants', async (role, expected) => {
  const seen: Record<string, string> = {};
  for (const [name, [selection, show]] of Object.entries(participantFields)) {
    seen[name] = await look(people.get(role)!, selection, show);
  }
  expect(seen).toEqual(expected);
});

const bodies = async (as: SignedIn, query: string): Promise<readonly [number, string]> => {
  const response = await as.fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return [response.status, await response.text()];
};

describe('what is not a viewer’s is like what is not there', () => {
  it.each(Object.keys(roles) as Role[])('trials, for a %s', async (role) => {
    const as = people.get(role)!;
    const ask = (id: string) => bodies(as, `{ trial(id: "${id}", minPosition: "1") { id title head } }`);
    const absent = await ask('X');
    expect(absent).toEqual([200, '{"data":{"trial":null}}\n']);
    expect(await ask('F')).toEqual(absent);
    const listed = await as.graphql('{ trials { totalCount edges { node { id } } } }');
    // Only the administrator is of the whole tenant.
    const all = role === 'sponsor_administrator';
    expect(ids(listed.data!['trials'])).toBe(all ? 'T U' : 'T');
    expect((listed.data!['trials'] as any).totalCount).toBe(all ? 2 : 1);
    if (!all) expect(await ask('U')).toEqual(absent);
  });

  it.each([
    ['participants', (id: string) => `participants(site: "${id}") { totalCount edges { cursor node { id } } }`],
    ['a site’s history', (id: string) => `history(filter: { site: "${id}" }) { totalCount edges { cursor } }`],
  ])('sites: %s', async (_case, selection) => {
    for (const role of ['site_coordinator', 'peer_worker'] as const) {
      const ask = (id: string) => bodies(people.get(role)!, `{ trial(id: "T") { ${selection(id)} } }`);
      expect(await ask('S2')).toEqual(await ask('S9'));
      expect(await ask('S1')).not.toEqual(await ask('S9'));
    }
  });

  it('participants and events', async () => {
    const as = people.get('site_coordinator')!;
    const of = (id: string) =>
      bodies(as, `{ trial(id: "T") { history(filter: { participant: "${id}" }) { totalCount edges { cursor } } } }`);
    expect(await of('P3')).toEqual(await of('P9'));
    expect(await of('P1')).not.toEqual(await of('P9'));

    const [foreign] = await running.store.readStream('test', 'T/participant/P3');
    const after = (id: string) =>
      bodies(
        as,
        `{ trial(id: "T") { history(after: "${Buffer.from(`c1:${id}`).toString('base64url')}") { totalCount } } }`,
      );
    expect(await after(foreign!.id)).toEqual(await after(randomUUID()));
    expect((await after(foreign!.id))[0]).toBe(400);
  });
});

it('a history has no arm in it for whoever may not know it', async () => {
  const query = `{ trial(id: "T") { history(filter: { types: ["ParticipantRandomised"] }) { edges { node { data } } } } }`;
  const arms = async (role: Role) => {
    const { data, extensions } = await people.get(role)!.graphql(query);
    const { edges } = (data!['trial'] as any).history;
    return [edges.map(({ node }: any) => node.data.arm), extensions?.sealed?.map(({ reason }) => reason)];
  };
  expect(await arms('dmc_member')).toEqual([
    [null, null, null],
    ['NOT_IN_ROLE', 'NOT_IN_ROLE', 'NOT_IN_ROLE'],
  ]);
  expect(await arms('trial_manager')).toEqual([['usual', 'support', 'support'], undefined]);
  expect(await arms('site_coordinator')).toEqual([['usual', 'support'], undefined]);
});

it('who gave a command is called as the tenant calls them now', async () => {
  const newest = async () => {
    const { data } = await running.graphql(
      '{ trial(id: "T") { history(first: 1) { edges { node { actor { id name } } } } } }',
    );
    return (data!['trial'] as any).history.edges[0].node.actor;
  };
  expect(await newest()).toEqual({ id: 'tester', name: 'tester' });
  await running.give('registerPerson', { person: 'tester', name: 'Tess' });
  expect(await newest()).toEqual({ id: 'tester', name: 'Tess' });
});

/** What was recorded of somebody's looks, newest first. */
async function conductOf(person: string, type: string): Promise<any[]> {
  const { data } = await running.graphql('{ conduct(first: 1000) { edges { node { type actor { id } data } } } }');
  return (data!['conduct'] as any).edges
    .map(({ node }: any) => node)
    .filter((node: any) => node.type === type && node.actor.id === person)
    .map((node: any) => node.data);
}

describe('looks', () => {
  it('by roles whose looks are recorded are one event for a page, with its count', async () => {
    const before = await conductOf('unblinded_statistician', 'SealedDataRead');
    await people
      .get('unblinded_statistician')!
      .graphql('{ trial(id: "T") { participants(first: 3) { edges { node { arm } } } } }');
    const after = await conductOf('unblinded_statistician', 'SealedDataRead');
    expect(after.length).toBe(before.length + 1);
    expect(after[0]).toMatchObject({ trial: 'T', field: 'Participant.arm', participants: 3, by: 'role' });
    expect(await conductOf('trial_manager', 'SealedDataRead')).toEqual([]);
  });

  it('that were refused because of blinding are recorded too', async () => {
    const assessor = people.get('blinded_outcome_assessor')!;
    await assessor.graphql(
      '{ trial(id: "T") { engagement { position } participants(status: ENGAGED) { totalCount } } }',
    );
    const client = assessor.webSocket();
    const query = 'subscription { engagementChanged(trial: "T") { position } }';
    const refused: unknown = await client
      .iterate({ query })
      .next()
      .catch((error: unknown) => error);
    expect(JSON.stringify(refused)).toContain('"code":"SEALED","reason":"BLINDED"');
    await client.dispose();
    const recorded = await conductOf('blinded_outcome_assessor', 'SealedDataRefused');
    expect(recorded.map(({ trial, field, reason }) => `${trial} ${field} ${reason}`)).toEqual(
      expect.arrayContaining(
        ['Subscription.engagementChanged', 'Trial.engagement', 'Trial.participants'].map(
          (field) => `T ${field} BLINDED`,
        ),
      ),
    );
  });

  it('are nobody’s but those who oversee', async () => {
    for (const role of [
      'trial_manager',
      'site_coordinator',
      'blinded_outcome_assessor',
      'machine_subscriber',
    ] as const) {
      const { status, errors } = await people.get(role)!.graphql('{ conduct { totalCount } }');
      expect([status, errors![0]!.extensions.code]).toEqual([403, 'FORBIDDEN']);
    }
  });

  it('of an administrator tell no counts and no positions', async () => {
    const query = '{ conduct(first: 1000) { edges { cursor node { id position recordedAt type data } } } }';
    const { data, extensions } = await people.get('sponsor_administrator')!.graphql(query);
    const { edges } = data!['conduct'] as any;
    for (const { cursor, node } of edges) {
      expect(node.position).toBe(String(Date.parse(node.recordedAt)));
      expect(Buffer.from(cursor, 'base64url').toString()).toBe(`c1:${node.id}`);
      if (node.type === 'SealedDataRead') expect(node.data).toMatchObject({ participants: null });
    }
    expect(extensions!.sealed!.length).toBeGreaterThan(0);
  });
});

it('an approved unblinding opens one arm to one person, and each look is recorded', async () => {
  const catalogue = new EventCatalogue(accessEventTypes);
  const append = (type: 'UnblindingRequested' | 'UnblindingApproved', person: string, more: object) =>
    running.store.append('test', {
      stream: unblindingStream('T', 'P2'),
      expected: 'any',
      commandId: randomUUID(),
      actor: person,
      events: [
        catalogue.encode({
          type,
          occurredAt: Date.now(),
          data: { request: 'R1', trial: 'T', participant: 'P2', person, ...more },
        }),
      ],
    });
  const assessor = people.get('blinded_outcome_assessor')!;
  const arms = async () => {
    const { data, extensions } = await assessor.graphql(
      '{ trial(id: "T") { participants { edges { node { id arm } } } } }',
    );
    const { edges } = (data!['trial'] as any).participants;
    return [edges.map(({ node }: any) => node.arm), extensions?.sealed?.map(({ path }) => path[3])];
  };
  await append('UnblindingRequested', 'blinded_outcome_assessor', { reason: 'An emergency' });
  expect(await arms()).toEqual([
    [null, null, null, null],
    [0, 1, 2, 3],
  ]);
  await append('UnblindingApproved', 'trial_manager', { until: formatInstant(Date.now() + 60_000) });
  expect(await arms()).toEqual([
    [null, 'usual', null, null],
    [0, 2, 3],
  ]);
  expect(await conductOf('blinded_outcome_assessor', 'SealedDataRead')).toEqual([
    expect.objectContaining({ participant: 'P2', participants: 1, field: 'Participant.arm', by: 'unblinding' }),
  ]);
});

it('somebody without roles is told so, and nothing else', async () => {
  const nobody = await running.as('nobody');
  const { data } = await nobody.graphql(
    '{ viewer { id roles tenant { id } } trial(id: "T") { id } trials { totalCount } }',
  );
  expect(data).toEqual({
    viewer: { id: 'nobody', roles: [], tenant: { id: 'test' } },
    trial: null,
    trials: { totalCount: 0 },
  });
});

describe('a blinded viewer', () => {
  const assessor = () => people.get('blinded_outcome_assessor')!;
  const head = async (): Promise<string> =>
    ((await assessor().graphql('{ trial(id: "T") { head } }')).data!['trial'] as any).head;

  it('is told of neutral records only, and waits for them on their own scale', async () => {
    const before = await head();
    const hidden = await running.give('recordCommunityMeeting', {
      trial: 'T',
      participant: 'P3',
      worker: 'S2-W',
      contact: 'C1',
      mode: 'FACE_TO_FACE',
      outcome: 'ATTENDED',
      occurredAt: '2020-02-01T09:00:00Z',
    });
    await running.graphql(`{ trial(id: "T", minPosition: "${hidden}") { id } }`);
    expect(await head()).toBe(before);
    await running.give('referParticipant', {
      trial: 'T',
      site: 'S2',
      participant: 'P5',
      occurredAt: '2020-01-01T09:00:00Z',
    });
    const { data } = await assessor().graphql(
      `{ trial(id: "T", minPosition: "${Date.now()}") { head participants { totalCount } } }`,
    );
    expect((data!['trial'] as any).participants.totalCount).toBe(5);
    expect(BigInt((data!['trial'] as any).head)).toBeGreaterThan(BigInt(before));
  });

  it('is not asked whether a status would filter something out', async () => {
    const ask = (status: string) =>
      bodies(assessor(), `{ trial(id: "T") { participants(status: ${status}) { totalCount } } }`);
    expect(await ask('ENGAGED')).toEqual(await ask('NOT_OFFERED'));
    expect((await ask('ENGAGED'))[0]).toBe(403);
  });

  it('has no subscription, with the same words whatever happens in the trial', async () => {
    const client = assessor().webSocket();
    const answers = client.iterate({ query: 'subscription { engagementChanged(trial: "T") { position } }' });
    const first: unknown = await answers.next().catch((error: unknown) => error);
    expect(JSON.stringify(first)).toContain('"code":"SEALED","reason":"BLINDED"');
    await client.dispose();
  });
});

it('a subscription is of the viewer’s sites, and tells what is sealed in it', async () => {
  const client = people.get('site_coordinator')!.webSocket();
  const query = `subscription { engagementChanged(trial: "T") { overall { randomised } sites { site { id } fidelity } } }`;
  const { value } = await client.iterate({ query }).next();
  expect(value).toEqual({
    data: {
      engagementChanged: { overall: { randomised: 2 }, sites: [{ site: { id: 'S1' }, fidelity: null }] },
    },
    extensions: { sealed: [{ path: ['engagementChanged', 'sites', 0, 'fidelity'], reason: 'NOT_IN_ROLE' }] },
  });
  await client.dispose();
});

it('health tells whether the database answers, and nothing else', async () => {
  const response = await fetch(`${running.url}/health`);
  const up = { database: { status: 'up' } };
  expect(await response.json()).toEqual({ status: 'ok', info: up, error: {}, details: up });
});

it('metrics are the operator’s', async () => {
  expect((await running.fetch('/metrics')).status).toBe(403);
  const operator = await running.as('operator', { scopes: ['cairn:operate'] });
  expect((await operator.fetch('/metrics')).status).toBe(200);
});
