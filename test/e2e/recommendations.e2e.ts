import { randomUUID } from 'node:crypto';
import { canonicalJson, sha256Hex } from '@cairn/event-sourcing';
import { offerSupport, recording, runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';

let running: RunningApi;
let committee: SignedIn;
let sponsor: SignedIn;
let manager: SignedIn;

beforeAll(async () => {
  running = await runApi();
  await setUpTrial(running, 'T');
  await offerSupport(running, 'T', 'S1', 'P1');
  await running.give('takeDataCut', { trial: 'T', cut: 'D1', occurredBefore: '2020-03-01T00:00:00Z', note: 'A look' });
  const until = '2049-01-01T00:00:00Z';
  committee = await running.as('dora', { roles: [{ role: 'dmc_member', trial: 'T', until }] });
  sponsor = await running.as('sam', { roles: [{ role: 'sponsor_administrator' }] });
  manager = await running.as('maya', { roles: [{ role: 'trial_manager', trial: 'T' }] });
}, 60_000);
afterAll(() => running.close());

const of = { trial: 'T', recommendation: 'R1', meaning: 'APPROVAL' };
const make = { ...of, cut: 'D1', advice: 'CONTINUE_WITH_CHANGES', text: 'See to supervision.' };
const answer = { ...of, response: 'ACCEPTED_IN_PART', text: 'A second coordinator starts in May.' };

const prove = async (by: SignedIn) => ({
  reauthentication: { token: await running.tokenFor({ person: by.person, authenticatedAt: Date.now() }) },
});

async function give(by: SignedIn, mutation: string, input: object): Promise<any> {
  const { data, errors } = await by.graphql(recording(mutation), { input: { commandId: randomUUID(), ...input } });
  return (data?.[mutation] as { code?: string })?.code ?? data?.[mutation] ?? errors![0]!.extensions.code;
}

const LIST = `recommendations { totalCount edges { node { id cut advice text madeAt
  signature { signer { id name } name meaning authenticatedAt contentHash }
  answer { response text answeredAt signature { signer { id } meaning contentHash } } } } }`;
async function listed(by: SignedIn, list = LIST): Promise<any> {
  const { data } = await by.graphql(`{ trial(id: "T") { ${list} } }`);
  return (data as any).trial.recommendations;
}

it('is the committee’s to make and the sponsor’s to answer, each once, by who proves anew who they are', async () => {
  expect(await give(sponsor, 'answerRecommendation', { ...answer, ...(await prove(sponsor)) })).toBe(
    'RECOMMENDATION_UNKNOWN',
  );
  for (const somebody of [sponsor, manager]) {
    expect(await give(somebody, 'makeRecommendation', { ...make, ...(await prove(somebody)) })).toBe('FORBIDDEN');
  }
  const wrong = { reauthentication: { token: committee.token } };
  expect(await give(committee, 'makeRecommendation', { ...make, ...wrong })).toBe('REAUTHENTICATION_FAILED');
  const nowhere = { ...make, cut: 'NONE', ...(await prove(committee)) };
  expect(await give(committee, 'makeRecommendation', nowhere)).toBe('CUT_UNKNOWN');

  const made = await give(committee, 'makeRecommendation', { ...make, ...(await prove(committee)) });
  expect(made.events.map(({ type }: any) => type)).toEqual(['RecommendationMade']);
  const again = await give(committee, 'makeRecommendation', { ...make, ...(await prove(committee)) });
  expect(again).toMatchObject({ __typename: 'CommandAccepted', events: [] });
  expect(await give(committee, 'makeRecommendation', { ...make, advice: 'STOP', ...(await prove(committee)) })).toBe(
    'RECOMMENDATION_EXISTS',
  );

  for (const somebody of [committee, manager]) {
    expect(await give(somebody, 'answerRecommendation', { ...answer, ...(await prove(somebody)) })).toBe('FORBIDDEN');
  }
  expect(await give(sponsor, 'answerRecommendation', { ...answer, ...(await prove(sponsor)) })).toMatchObject({
    events: [{ type: 'RecommendationAnswered' }],
  });
  const other = { ...answer, response: 'DECLINED', ...(await prove(sponsor)) };
  expect(await give(sponsor, 'answerRecommendation', other)).toBe('ALREADY_ANSWERED');
});

it('is listed with who signed it, when, in which sense, and the hash of exactly what was signed', async () => {
  const hashOf = (type: string, content: object): string => sha256Hex(canonicalJson({ type, ...content }));
  const list = await listed(manager);
  expect(list).toMatchObject({
    totalCount: 1,
    edges: [
      {
        node: {
          ...{ id: 'R1', cut: 'D1', advice: 'CONTINUE_WITH_CHANGES', text: make.text },
          signature: {
            signer: { id: 'dora', name: 'dora' },
            meaning: 'APPROVAL',
            contentHash: hashOf('makeRecommendation', {
              ...{ ...make, meaning: 'approval', advice: 'continue_with_changes' },
            }),
          },
          answer: {
            ...{ response: 'ACCEPTED_IN_PART', text: answer.text },
            signature: {
              signer: { id: 'sam' },
              contentHash: hashOf('answerRecommendation', {
                ...{ ...answer, meaning: 'approval', response: 'accepted_in_part' },
              }),
            },
          },
        },
      },
    ],
  });
  expect(await listed(sponsor)).toEqual(list);
});

it('was not there before it was made, nor answered before it was answered', async () => {
  const [{ node }] = (await listed(manager)).edges;
  const at = async (moment: string) => {
    const list = await listed(manager, `recommendations(${moment}) { edges { node { id answer { response } } } }`);
    return list.edges.map(({ node: each }: any) => each.answer);
  };
  for (const name of ['asOf', 'knownAt']) {
    const before = new Date(Date.parse(node.madeAt) - 60_000).toISOString();
    expect(await at(`${name}: "${before}"`)).toEqual([]);
    expect(await at(`${name}: "2049-01-01T00:00:00Z"`)).toEqual([{ response: 'ACCEPTED_IN_PART' }]);
  }
  expect(await at(`asOf: "${node.madeAt}"`)).toEqual([null]);
});

it('lies in the trial’s own streams, and holds nothing by which it was proved who signed', async () => {
  const events = await running.store.readStream('test', 'T/recommendation/R1');
  expect(events.map(({ type }) => type)).toEqual(['RecommendationMade', 'RecommendationAnswered']);
  for (const { payload, metadata } of events) {
    expect(payload).not.toMatch(/reauthentication|token|password/);
    expect(JSON.stringify(metadata)).not.toContain('eyJ');
  }
});
