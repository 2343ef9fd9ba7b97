import { randomUUID } from 'node:crypto';
import { offerSupport, recording, runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';

/*
 * What an auditor is shown, trial by trial and of the tenant's conduct, is the log: each event once, none beside it.
 */

let running: RunningApi;
let auditor: SignedIn;

beforeAll(async () => {
  running = await runApi();
  for (const trial of ['T', 'T-2', 'T_/odd']) {
    await setUpTrial(running, trial, ['S1', 'S2']);
    await offerSupport(running, trial, 'S1', 'P1');
    await offerSupport(running, trial, 'S2', 'P2');
  }
  const { data } = await running.graphql(recording('recordDischarge'), {
    input: { commandId: randomUUID(), trial: 'T', participant: 'P1', occurredAt: '2020-01-20T09:00:00Z' },
  });
  const discharge = (data as any).recordDischarge.events[0].id;
  await running.give('voidRecord', { trial: 'T', event: discharge, reason: 'the day is wrong' });
  await running.give('raiseQuery', { trial: 'T', query: 'Q1', participant: 'P1', text: 'Which day was it?' });
  auditor = await running.as('audrey', { roles: [{ role: 'auditor' }] });
  // The first use of a token is an event: it comes before what is compared.
  await auditor.graphql('{ viewer { id } }');
}, 60_000);
afterAll(() => running.close());

interface Page {
  readonly totalCount: number;
  readonly edges: readonly { readonly node: { readonly id: string; readonly position: string } }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
}
const PAGE = 'totalCount edges { node { id position } } pageInfo { hasNextPage endCursor }';

/** Walks a list to its end by cursors. */
async function walk(ask: (after: string | null) => Promise<Page>): Promise<readonly string[]> {
  const found: string[] = [];
  for (let after: string | null = null; ;) {
    const page: Page = await ask(after);
    found.push(...page.edges.map(({ node }) => `${node.position} ${node.id}`));
    if (!page.pageInfo.hasNextPage) {
      expect(page.totalCount).toBe(found.length);
      return found;
    }
    after = page.pageInfo.endCursor;
  }
}

it('the histories of all trials and the conduct of the tenant are the log, event by event', async () => {
  const list = `{ trials { edges { node { id } } } }`;
  const { data } = await auditor.graphql(list);
  const trials: readonly string[] = (data as any).trials.edges.map(({ node }: any) => node.id);
  const shown: string[] = [];
  for (const id of trials) {
    const query = `query ($id: ID!, $after: String) { trial(id: $id) { history(first: 7, after: $after) { ${PAGE} } } }`;
    shown.push(
      ...(await walk(async (after) => ((await auditor.graphql(query, { id, after })).data as any).trial.history)),
    );
  }
  const conduct = `query ($after: String) { conduct(first: 7, after: $after) { ${PAGE} } }`;
  shown.push(...(await walk(async (after) => ((await auditor.graphql(conduct, { after })).data as any).conduct)));
  const log = await running.store.readLog('test', { limit: 10_000 });
  expect(shown.toSorted()).toEqual(log.map(({ position, id }) => `${position} ${id}`).sort());
  expect(log.length).toBeGreaterThan(40);
});
