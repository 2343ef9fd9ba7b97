import { setTimeout as wait } from 'node:timers/promises';
import { offerSupport, protocol, runApi, type RunningApi, type SignedIn, setUpTrial } from '../support/running-api.js';

let running: RunningApi;
let coordinator: SignedIn;
let assessor: SignedIn;

const counts = 'randomised offered withData engaged notYet notEngaged ofWithData { numerator denominator value }';
/** Everything about a trial that has a moment. */
const ALL = `query ($asOf: DateTime, $knownAt: DateTime) {
  trial(id: "T") {
    engagement(asOf: $asOf, knownAt: $knownAt) {
      asOf position overall { ${counts} } sites { site { id name } fidelity counts { ${counts} } }
    }
    own: engagement(definition: "own", asOf: $asOf, knownAt: $knownAt) { overall { ${counts} } }
    fidelityAssociation(asOf: $asOf, knownAt: $knownAt) { pearson points { site { id } fidelity engagement class } }
    benchmark(asOf: $asOf, knownAt: $knownAt) {
      asOf own { site { id } counts { ${counts} } } others { suppressed } overall { suppressed }
    }
    participants(asOf: $asOf, knownAt: $knownAt, first: 100) {
      totalCount edges { node { id site { id } status engagedAt dischargedAt windowClosesAt arm } }
    }
    sites(knownAt: $knownAt) { totalCount edges { node { id name } } }
    engagementDefinitions(knownAt: $knownAt) { id }
    unblindings(knownAt: $knownAt) { request state requester { name } }
    history(asOf: $asOf, knownAt: $knownAt, first: 1000) { totalCount edges { node { id position type actor { name } } } }
    atS1: history(filter: { site: "S1" }, knownAt: $knownAt, first: 1000) { totalCount }
  }
}`;
/** What those may be told who may not know all of the above: a refusal of one part would take the others along. */
const SOME = `query ($asOf: DateTime, $knownAt: DateTime) {
  trial(id: "T") {
    participants(asOf: $asOf, knownAt: $knownAt, first: 100) { edges { node { id site { id } dischargedAt } } }
    sites(knownAt: $knownAt) { edges { node { id } } }
    protocol(knownAt: $knownAt) { version monthsAfterDischarge weeksAfterDischarge }
    engagementDefinitions(knownAt: $knownAt) { id }
  }
}`;
const PROTOCOL = 'query ($knownAt: DateTime) { trial(id: "T") { protocol(knownAt: $knownAt) { version document } } }';
const PEOPLE = `query ($knownAt: DateTime) {
  people(knownAt: $knownAt, first: 100) { totalCount edges { node { id name assignments { role } } } }
  conduct(knownAt: $knownAt, first: 1000) { totalCount edges { node { id type position actor { name } } } }
}`;

beforeAll(async () => {
  running = await runApi();
}, 60_000);
afterAll(() => running.close());

/** What was answered of each past time when it was asked first. */
const first = new Map<string, string>();
const past: string[] = [];
const LONG_AGO = '2001-01-01T00:00:00Z';

/** Steps of a trial's life, each of which changes what was known. */
const steps: readonly (() => Promise<unknown>)[] = [
  async () => {
    await setUpTrial(running, 'T', ['S1']);
    coordinator = await running.as('cora', { roles: [{ role: 'site_coordinator', trial: 'T', site: 'S1' }] });
    assessor = await running.as('asta', { roles: [{ role: 'blinded_outcome_assessor', trial: 'T' }] });
  },
  () => offerSupport(running, 'T', 'S1', 'P1'),
  () => running.give('recordDischarge', { trial: 'T', participant: 'P1', occurredAt: '2020-02-10T09:00:00Z' }),
  async () => {
    await contact('P1', 'S1', 'C1', '2020-02-11T09:00:00Z');
    await contact('P1', 'S1', 'C2', '2020-02-18T09:00:00Z');
  },
  () => running.give('registerPerson', { person: 'tester', name: 'Tess of the trials unit' }),
  () => registerSite('S2'),
  () => offerSupport(running, 'T', 'S2', 'P2'),
  // Entered late: it happened before everything else.
  () => contact('P2', 'S2', 'C3', '2020-01-04T09:00:00Z'),
  () =>
    running.give('recordFidelityAssessment', {
      trial: 'T',
      site: 'S1',
      instrument: 'index',
      rater: 'R1',
      total: 10,
      occurredAt: '2020-03-01T09:00:00Z',
    }),
  () =>
    running.give('publishProtocol', {
      trial: 'T',
      version: 2,
      protocol: { ...protocol, interventionWindow: { weeksAfterDischarge: 1 }, engagementDefinitions: [own] },
    }),
  () => voidLast('CommunityMeetingRecorded'),
  async () => {
    const event = await lastOf('ParticipantDischarged');
    const reason = 'the day before';
    await running.give('amendRecord', { trial: 'T', event, reason, occurredAt: '2020-02-09T09:00:00Z' });
  },
  () => voidLast('ParticipantReferred'),
  () =>
    running.give('referParticipant', { trial: 'T', participant: 'P2', site: 'S1', occurredAt: '2020-01-01T09:00:00Z' }),
];

const own = {
  id: 'own',
  title: 'One contact',
  description: 'One contact in any mode and setting',
  source: 'test',
  requirements: [{ atLeast: 1 }],
};

test('an answer for a past knownAt never changes, whatever is recorded later', async () => {
  for (const step of steps) {
    await step();
    past.push(new Date().toISOString());
    // From here on it is past.
    await wait(15);
    // The newest is asked of for the first time, an earlier one again.
    await expectTheSameAnswers([past.at(-1)!, past[Math.floor(past.length / 2)]!, LONG_AGO]);
  }
  await expectTheSameAnswers([LONG_AGO, ...past]);
  // Whatever was recorded changed something.
  const manager = [...first].filter(([key]) => key.startsWith('["tester","all"')).map(([, answer]) => answer);
  expect(new Set(manager).size).toBe(manager.length);
}, 120_000);

test('the position of an answer is the last that was recorded by then', async () => {
  const events = await running.store.readLog('test', { limit: 1_000 });
  for (const knownAt of [LONG_AGO, ...past]) {
    const last = events.findLast(({ recordedAt }) => recordedAt <= Date.parse(knownAt))?.position ?? 0n;
    const { data } = await running.graphql(ALL.replace(/own: engagement.*\n/u, ''), { knownAt });
    const trial = data!['trial'] as {
      engagement: { position: string };
      history: { edges: { node: { position: string } }[] };
    };
    expect(trial.engagement.position).toBe(String(last));
    expect(trial.history.edges.every(({ node }) => BigInt(node.position) <= last)).toBe(true);
  }
});

test('of a time before the registration there is nothing, and no protocol', async () => {
  const { data } = await running.graphql(ALL.replace(/own: engagement.*\n/u, ''), { knownAt: LONG_AGO });
  expect(data!['trial']).toMatchObject({
    engagement: { position: '0', overall: { randomised: 0, offered: 0 }, sites: [] },
    fidelityAssociation: { pearson: null, points: [] },
    participants: { totalCount: 0 },
    sites: { totalCount: 0 },
    engagementDefinitions: [{ id: 'table' }, { id: 'text' }],
    history: { totalCount: 0 },
  });
  const { data: none, errors } = await running.graphql(PROTOCOL, { knownAt: LONG_AGO });
  expect([none, errors?.map(({ extensions }) => extensions.code)]).toEqual([{ trial: null }, ['BAD_USER_INPUT']]);
});

test('a definition that the protocol of then did not have is no definition', async () => {
  const { errors } = await running.graphql(ALL, { knownAt: past[0] });
  expect(errors).toMatchObject([{ path: ['trial', 'own'], extensions: { code: 'BAD_USER_INPUT' } }]);
  expect((await running.graphql(ALL, { knownAt: past.at(-1) })).errors).toBeUndefined();
});

async function expectTheSameAnswers(times: readonly string[]): Promise<void> {
  for (const knownAt of times) {
    const asOf = past.indexOf(knownAt) % 4 === 2 ? '2020-02-12T00:00:00Z' : '2020-09-01T00:00:00Z';
    for (const [name, who, query] of [
      ['all', running, ALL],
      ['protocol', running, PROTOCOL],
      ['people', running, PEOPLE],
      ['all', coordinator, ALL],
      ['some', assessor, SOME],
    ] as const) {
      const key = JSON.stringify([who.person, name, asOf, knownAt]);
      const answer = JSON.stringify(await who.graphql(query, { asOf, knownAt }));
      expect([key, answer]).toEqual([key, first.get(key) ?? answer]);
      first.set(key, answer);
    }
  }
}

const contact = (participant: string, site: string, id: string, occurredAt: string): Promise<string> =>
  running.give('recordCommunityMeeting', {
    trial: 'T',
    participant,
    worker: `${site}-W`,
    contact: id,
    mode: 'FACE_TO_FACE',
    outcome: 'ATTENDED',
    occurredAt,
  });

async function registerSite(site: string): Promise<void> {
  await running.give('registerSite', {
    trial: 'T',
    site,
    name: `Site ${site}`,
    employerKind: 'NHS',
    employerName: 'Trust',
    hostOrganisation: 'Trust',
    locality: ['URBAN'],
  });
  await running.give('registerWorker', { trial: 'T', worker: `${site}-W`, site, role: 'PEER_WORKER' });
}

const lastOf = async (type: string): Promise<string> =>
  (await running.store.readLog('test', { limit: 1_000 })).findLast((each) => each.type === type)!.id;

const voidLast = async (type: string): Promise<string> =>
  running.give('voidRecord', { trial: 'T', event: await lastOf(type), reason: 'entered in error' });
