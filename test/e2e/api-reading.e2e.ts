import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import {
  participantEngagement,
  type ParticipantFacts,
  participantsProjection,
  tableDefinition,
  textDefinition,
} from '@cairn/monitoring';
import { catalogue } from '../../apps/api/src/application/application.js';
import { offerSupport, protocol, recording, runApi, type RunningApi, setUpTrial } from '../support/running-api.js';

let running: RunningApi;
const daysAfter = (start: string, days: number): string =>
  new Date(Date.parse(start) + days * 86_400_000).toISOString();
const SITES = ['S1', 'S2', 'S3'];
/** Recorded times to look back from, one after each participant. */
const moments: string[] = [];

beforeAll(async () => {
  running = await runApi();
  await setUpTrial(running, 'T', SITES);
  for (let n = 0; n < 24; n++) {
    const participant = `P${String(n).padStart(2, '0')}`;
    const site = SITES[n % 2]!;
    await offerSupport(running, 'T', site, participant);
    const about = { trial: 'T', participant };
    if (n % 3 > 0)
      await running.give('recordDischarge', { ...about, occurredAt: daysAfter('2020-02-10T09:00:00Z', n) });
    const events: string[] = [];
    for (let c = 0; c <= n % 4; c++) {
      const input = {
        commandId: randomUUID(),
        ...about,
        worker: `${site}-W`,
        contact: `C${c}`,
        mode: c === 2 ? 'TELEPHONE' : 'FACE_TO_FACE',
        outcome: 'ATTENDED',
        occurredAt: daysAfter('2020-02-08T12:00:00Z', n + 40 * c),
      };
      const mutation = c === 0 ? 'recordWardContact' : 'recordCommunityMeeting';
      const { data } = await running.graphql(recording(mutation), { input });
      events.push((data![mutation] as { events: { id: string }[] }).events[0]!.id);
    }
    if (n % 5 === 0)
      await running.give('voidRecord', { trial: 'T', event: events.at(-1)!, reason: 'another participant' });
    if (n % 7 === 0)
      await running.give('withdrawParticipant', { ...about, scope: 'DATA_USE', occurredAt: '2020-06-01T09:00:00Z' });
    moments.push(new Date(Date.now()).toISOString());
  }
  await running.graphql(`{ trial(id: "T", minPosition: "${await running.store.head('test')}") { id } }`);
}, 60_000);
afterAll(() => running.close());

/** Everything recorded, folded and looked at one by one, without anything that the service keeps. */
async function bruteForce(definition: 'table' | 'text', asOf: number, knownAt: number) {
  const documents = new Map<string, ParticipantFacts>();
  for (const event of await running.store.readLog('test', { limit: 10_000 })) {
    const fact = catalogue.decode(event) as never;
    if (!(participantsProjection.eventTypes as readonly string[]).includes(event.type)) continue;
    const { id } = participantsProjection.keyOf(fact)!;
    documents.set(id, participantsProjection.evolve(documents.get(id), fact));
  }
  const trial = { timeZone: 'Europe/London', protocol: { ...protocol, strata: [], engagementDefinitions: [] } };
  return [...documents]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([id, facts]) => {
      const chosen = definition === 'table' ? tableDefinition : textDefinition;
      return participantEngagement(id, facts, chosen, trial, { asOf, knownAt }) ?? [];
    });
}

it('asOf and knownAt give what brute force gives', async () => {
  const query = `query ($definition: ID, $asOf: DateTime, $knownAt: DateTime) { trial(id: "T") {
    engagement(definition: $definition, asOf: $asOf, knownAt: $knownAt) { asOf sites { site { id } counts { engaged notYet notEngaged offered withData } } }
    participants(first: 1000, definition: $definition, asOf: $asOf, knownAt: $knownAt) { edges { node { id site { id } status engagedAt } } } } }`;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('table', 'text'),
      fc.date({ min: new Date('2019-12-01Z'), max: new Date('2021-01-01Z'), noInvalidDate: true }),
      fc.option(fc.constantFrom(...Array.from({ length: 24 }, (_, n) => n))),
      async (definition, asOf, knownIndex) => {
        const knownAt = knownIndex === null ? undefined : moments[knownIndex];
        const { data } = await running.graphql(query, { definition, asOf: asOf.toISOString(), knownAt });
        const { engagement, participants: list } = data!['trial'] as any;
        const expected = await bruteForce(
          definition,
          asOf.getTime(),
          knownAt === undefined ? Infinity : Date.parse(knownAt),
        );
        expect(list.edges.map(({ node }: any) => [node.id, node.site.id, node.status, node.engagedAt])).toEqual(
          expected.map((one) => [
            one.participant,
            one.site,
            one.status.toUpperCase(),
            one.engagedAt === undefined ? null : new Date(one.engagedAt).toISOString(),
          ]),
        );
        for (const { site, counts } of engagement.sites) {
          const of = (status: string) => expected.filter((one) => one.site === site.id && one.status === status).length;
          expect(counts).toMatchObject({
            engaged: of('engaged'),
            notYet: of('not_yet'),
            notEngaged: of('not_engaged'),
          });
          expect(counts.offered - counts.withData).toBe(of('no_data'));
        }
        expect(engagement.sites.map(({ site }: any) => site.id)).toEqual(SITES);
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);

describe('history', () => {
  const page = async (args: string, filter = ''): Promise<any> => {
    const selection = filter === '' ? args : `filter: ${filter}, ${args}`;
    const query = `{ trial(id: "T") { history(${selection}) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id position type stream actor { id } reason data occurredAt recordedAt } } } } }`;
    const { data, errors } = await running.graphql(query);
    if (errors) throw new Error(JSON.stringify(errors));
    return (data!['trial'] as any).history;
  };
  const all = async () =>
    (await running.store.readLog('test', { limit: 10_000 })).filter((event) => event.stream.startsWith('T/')).reverse();

  it('is everything, newest first, page by page, in both directions', async () => {
    const expected = (await all()).map((event) => event.id);
    const forwards: string[] = [];
    for (let after = ''; ;) {
      const got = await page(`first: 17${after}`);
      expect(got.totalCount).toBe(expected.length);
      expect(got.pageInfo.hasPreviousPage).toBe(forwards.length > 0);
      forwards.push(...got.edges.map((edge: any) => edge.node.id));
      if (!got.pageInfo.hasNextPage) break;
      after = `, after: "${got.pageInfo.endCursor}"`;
    }
    expect(forwards).toEqual(expected);
    let backwards: string[] = [];
    for (let before = ''; ;) {
      const got = await page(`last: 13${before}`);
      backwards = [...got.edges.map((edge: any) => edge.node.id), ...backwards];
      if (!got.pageInfo.hasPreviousPage) break;
      before = `, before: "${got.pageInfo.startCursor}"`;
    }
    expect(backwards).toEqual(expected);
  });

  it.each<[string, (event: any, data: any) => boolean]>([
    [
      '{ types: ["ParticipantDischarged", "TrialRegistered"] }',
      ({ type }) => type === 'ParticipantDischarged' || type === 'TrialRegistered',
    ],
    ['{ types: [] }', () => false],
    ['{ participant: "P03" }', (_event, data) => data.participant === 'P03'],
    ['{ participant: "P03", site: "S2" }', (_event, data) => data.participant === 'P03'],
    ['{ participant: "P03", site: "S1" }', () => false],
    [
      '{ site: "S1" }',
      (_event, data) =>
        data.site === 'S1' || (data.participant !== undefined && Number(data.participant.slice(1)) % 2 === 0),
    ],
    ['{ site: "nowhere" }', () => false],
    ['{ actor: "tester" }', () => true],
    ['{ actor: "somebody" }', () => false],
    [
      '{ occurredFrom: "2020-02-12T09:00:00Z", occurredTo: "2020-03-01T00:00:00Z" }',
      ({ occurredAt }) =>
        occurredAt >= Date.parse('2020-02-12T09:00:00Z') && occurredAt <= Date.parse('2020-03-01T00:00:00Z'),
    ],
    ['{ recordedTo: "2020-01-01T00:00:00Z" }', () => false],
    ['{ recordedFrom: "2020-01-01T00:00:00Z", types: null, site: null }', () => true],
  ])('filtered by %s', async (filter, test) => {
    const expected = (await all()).filter((event) => test(event, JSON.parse(event.payload)));
    const got = await page('first: 1000', filter);
    expect(got.edges.map((edge: any) => edge.node.id)).toEqual(expected.map((event) => event.id));
    expect(got.totalCount).toBe(expected.length);
  });

  it('shows the reason of a void', async () => {
    const { edges } = await page('first: 1', '{ types: ["ParticipantRecordVoided"] }');
    expect(edges[0].node).toMatchObject({
      reason: 'another participant',
      actor: { id: 'tester' },
      data: { trial: 'T' },
    });
  });
});

it('lists page over sites, participants and trials in both directions', async () => {
  await setUpTrial(running, 'U');
  await setUpTrial(running, 'V');
  await running.graphql(`{ trial(id: "V", minPosition: "${await running.store.head('test')}") { id } }`);
  const ask = async (query: string): Promise<any> => (await running.graphql(query)).data;
  const first = await ask(
    '{ trials(first: 2) { totalCount pageInfo { hasNextPage endCursor } edges { node { id title head } } } }',
  );
  expect(first.trials).toMatchObject({
    totalCount: 3,
    pageInfo: { hasNextPage: true },
    edges: [{ node: { id: 'T' } }, { node: { id: 'U' } }],
  });
  const rest = await ask(
    `{ trials(after: "${first.trials.pageInfo.endCursor}") { edges { node { id } } pageInfo { hasNextPage hasPreviousPage } } }`,
  );
  expect(rest.trials).toEqual({
    edges: [{ node: { id: 'V' } }],
    pageInfo: { hasNextPage: false, hasPreviousPage: true },
  });
  const last = await ask(
    '{ trial(id: "T") { sites(last: 2) { edges { node { id } } pageInfo { hasPreviousPage } } } }',
  );
  expect(last.trial.sites).toEqual({
    edges: [{ node: { id: 'S2' } }, { node: { id: 'S3' } }],
    pageInfo: { hasPreviousPage: true },
  });
  const site = await ask(
    '{ trial(id: "T") { participants(site: "S1", first: 3) { totalCount edges { node { id site { id employerKind locality } } } } } }',
  );
  expect(site.trial.participants).toMatchObject({
    totalCount: 12,
    edges: [{ node: { id: 'P00' } }, { node: { id: 'P02' } }, { node: { id: 'P04' } }],
  });
});

describe('a read that waits for a position', () => {
  it('sees what was recorded at it', async () => {
    for (let n = 0; n < 50; n++) {
      const position = await running.give('referParticipant', {
        trial: 'T',
        participant: `W${n}`,
        site: 'S3',
        occurredAt: '2020-01-01T09:00:00Z',
      });
      const { data } = await running.graphql(
        `{ trial(id: "T", minPosition: "${position}") { head participants(site: "S3") { totalCount } } }`,
      );
      expect(data!['trial']).toMatchObject({ participants: { totalCount: n + 1 } });
      expect(BigInt((data!['trial'] as any).head)).toBeGreaterThanOrEqual(BigInt(position));
    }
  }, 30_000);

  it('is told when it does not come', async () => {
    const answer = await running.graphql('{ trial(id: "T", minPosition: "999999999") { id } }');
    expect([answer.status, answer.errors![0]!.extensions]).toEqual([503, { code: 'READ_MODEL_BEHIND' }]);
  }, 15_000);
});

it('a protocol published later changes the window, and can be read', async () => {
  await setUpTrial(running, 'P');
  const published = {
    ...protocol,
    interventionWindow: { weeksAfterDischarge: 12 },
    engagementDefinitions: [
      { id: 'once', title: 'Once', description: 'One contact', source: 'ours', requirements: [{ atLeast: 1 }] },
    ],
  };
  const position = await running.give('publishProtocol', { trial: 'P', version: 2, protocol: published });
  const { data } = await running.graphql(
    `{ trial(id: "P", minPosition: "${position}") { protocol { version weeksAfterDischarge monthsAfterDischarge arms { id intervention } } engagementDefinitions { id } engagement(definition: "once") { overall { offered } } } }`,
  );
  expect(data!['trial']).toEqual({
    protocol: { version: 2, weeksAfterDischarge: 12, monthsAfterDischarge: null, arms: protocol.arms },
    engagementDefinitions: [{ id: 'table' }, { id: 'text' }, { id: 'once' }],
    engagement: { overall: { offered: 0 } },
  });
});

it('the tenant is called by its registered name', async () => {
  await running.give('registerTenant', { name: 'Trials Unit' });
  const zoe = await running.as('Zoë', { roles: [{ role: 'auditor' }] });
  const { data } = await zoe.graphql('{ viewer { id tenant { id name } } }');
  expect(data).toEqual({ viewer: { id: 'Zoë', tenant: { id: 'test', name: 'Trials Unit' } } });
});

it('an assessment before the months of delivery counts and is shown as early', async () => {
  const fidelity = { ...protocol.fidelity, notBeforeMonthsOfDelivery: 6 };
  await running.give('registerTrial', {
    trial: 'E',
    title: 'Early',
    timeZone: 'Europe/London',
    protocol: { ...protocol, fidelity },
  });
  for (const site of ['S1', 'S2', 'S3']) {
    await running.give('registerSite', {
      trial: 'E',
      site,
      name: site,
      employerKind: 'NHS',
      employerName: 'Trust',
      hostOrganisation: 'Trust',
      locality: ['URBAN'],
      openedOn: '2020-01-15',
    });
  }
  const assessed = { trial: 'E', instrument: 'index', rater: 'R1' };
  await running.give('recordFidelityAssessment', {
    ...assessed,
    site: 'S1',
    total: 9.5,
    occurredAt: '2020-07-14T12:00:00+01:00',
  });
  const position = await running.give('recordFidelityAssessment', {
    ...assessed,
    site: 'S2',
    total: 8,
    occurredAt: '2020-07-15T12:00:00+01:00',
  });
  const { data } = await running.graphql(
    `{ trial(id: "E", minPosition: "${position}") {
      engagement { sites { fidelity fidelityAssessment { value assessedOn raters early } } } } }`,
  );
  const { sites } = (data!['trial'] as { engagement: { sites: unknown[] } }).engagement;
  expect(sites).toEqual([
    { fidelity: 9.5, fidelityAssessment: { value: 9.5, assessedOn: '2020-07-14', raters: ['R1'], early: true } },
    { fidelity: 8, fidelityAssessment: { value: 8, assessedOn: '2020-07-15', raters: ['R1'], early: false } },
    { fidelity: null, fidelityAssessment: null },
  ]);
});
