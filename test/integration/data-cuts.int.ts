import { randomUUID } from 'node:crypto';
import type { Append } from '@cairn/event-sourcing';
import { participantsProjection } from '@cairn/monitoring';
import type { PostgresEventStore } from '@cairn/platform';
import { trialId, trialLog } from '../../apps/cli/src/bench/trial-log.js';
import { projections } from '../../apps/projector/src/projections.js';
import { query, until } from '../support/projection-kit.js';
import { runApi, type RunningApi } from '../support/running-api.js';

const TENANT = 'test';
const TRIAL = trialId(0);
/** Of the first cut. */
const STREAM = `${TRIAL}/cut/D1`;
/** Before the last events happened, so that what is recorded later lies on both sides of it. */
const BEFORE = '2018-03-01T00:00:00Z';

let running: RunningApi;
let store: PostgresEventStore;
let rest: readonly Append[];

beforeAll(async () => {
  running = await runApi({ TENANT_QUERY_COST_PER_SECOND: '1000000' });
  ({ store } = running);
}, 60_000);
afterAll(() => running.close());

const ask = (document: string, variables: object = {}): Promise<any> => running.graphql(document, variables);

async function take(cut: string): Promise<void> {
  const { data, errors } = await ask(
    `mutation ($input: TakeDataCutInput!) { takeDataCut(input: $input) { ... on CommandRefused { code } } }`,
    { input: { commandId: randomUUID(), trial: TRIAL, cut, occurredBefore: BEFORE, note: 'Look' } },
  );
  expect(errors ?? data.takeDataCut).toEqual({});
}

const cutOf = async (cut: string, selection: string): Promise<any> => {
  const { data, errors } = await ask(`{ trial(id: "${TRIAL}") { dataCut(id: "${cut}") { ${selection} } } }`);
  return errors?.[0].extensions.code ?? data.trial.dataCut;
};
const SAID = 'hash size position takenAt tables { table sha256 text }';

/** Appends as many as there are, some at a time. */
async function record(appends: readonly Append[]): Promise<void> {
  for (let from = 0; from < appends.length; from += 128) {
    await Promise.all(appends.slice(from, from + 128).map((append) => store.append(TENANT, append)));
  }
}

it('a cut is told in the same bytes after 10,000 more events, rebuilds, a new projection and a restart', async () => {
  const all = [...trialLog({ events: 12_800, trials: 1, seed: 7 })].filter(({ stream }) => stream !== 'tenant');
  let early = 0;
  const first = all.findIndex(({ events }) => (early += events.length) > 2_000);
  await record(all.slice(0, first));
  await take('D1');
  const said = await cutOf('D1', SAID);
  const closed = await store.readStream(TENANT, STREAM);
  expect(said.tables.length).toBeGreaterThan(8);
  expect(said.tables.find(({ table }: any) => table === 'participants').text.length).toBeGreaterThan(10_000);

  const before = await store.head(TENANT);
  // Some are left for later.
  rest = all.splice(first, 80);
  await record(all.slice(first));
  expect(Number((await store.head(TENANT)) - before)).toBeGreaterThanOrEqual(10_000);
  await take('D2');

  await until(
    () => ask(`{ readModels { name complete position head } }`),
    ({ data }) => data.readModels.every((model: any) => model.position === model.head),
    30_000,
  );
  const raised = { ...participantsProjection, version: participantsProjection.version + 1 };
  await running.restart(
    projections.map((each) => (each.projection.name === raised.name ? { ...each, projection: raised } : each)),
  );
  await until(
    () =>
      query<{ version: number }>(
        running.databaseUrl,
        `select version from read_model.generation where projection = 'participants' and state = 'serving'`,
      ),
    (serving) => serving.some(({ version }) => version === raised.version),
    30_000,
  );
  // The code that knows the old version serves on with it.
  await running.restart();

  expect(await cutOf('D1', SAID)).toEqual(said);
  expect((await store.readStream(TENANT, STREAM)).map(({ payload }) => payload)).toEqual(
    closed.map(({ payload }) => payload),
  );
  expect(await cutOf('D1', 'recomputed { same differing }')).toEqual({ recomputed: { same: true, differing: [] } });
}, 120_000);

it('what was recorded between two cuts is late at the first, and each number that it changed names it', async () => {
  const { position } = await cutOf('D2', 'position');
  await record(rest);
  await take('D3');
  const late = new Set<string>();
  for (let after = ''; ;) {
    const { lateArrivals } = await cutOf(
      'D2',
      `lateArrivals(first: 1000${after}) { totalCount pageInfo { hasNextPage endCursor } edges { node { id occurredAt position } } }`,
    );
    for (const { node } of lateArrivals.edges) {
      late.add(node.id);
      expect(node.occurredAt < BEFORE).toBe(true);
      expect(BigInt(node.position)).toBeGreaterThan(BigInt(position));
    }
    after = `, after: "${lateArrivals.pageInfo.endCursor}"`;
    if (lateArrivals.pageInfo.hasNextPage) continue;
    expect(late.size).toBe(lateArrivals.totalCount);
    break;
  }
  expect(late.size).toBeGreaterThan(20);

  const changes: any[] = [];
  for (let after = ''; changes.length < 8;) {
    const { data } = await ask(`{ trial(id: "${TRIAL}") { diff(from: "D2", to: "D3") {
      changes(table: "flow", first: 1${after}) { pageInfo { endCursor } edges { node { column key from to
        causes(first: 1000) { totalCount edges { node { kind by event { id } } } } } } } } } }`);
    const page = data.trial.diff.changes;
    changes.push(page.edges[0].node);
    after = `, after: "${page.pageInfo.endCursor}"`;
  }
  const tables = {
    D2: await cutOf('D2', 'tables(table: "flow") { rows }'),
    D3: await cutOf('D3', 'tables(table: "flow") { rows }'),
  };
  for (const { column, key, from, to, causes } of changes) {
    const [was, is] = (['D2', 'D3'] as const).map(
      (cut) => tables[cut].tables[0].rows.find(({ site }: any) => site === key.site)[column],
    );
    expect([was, is]).toEqual([from, to]);
    const told = causes.edges.map(({ node }: any) => node);
    for (const { event } of told) expect(late).toContain(event.id);
    expect(told.length).toBe(causes.totalCount);
    expect(told.length).toBeGreaterThan(0);
    if (Number.isInteger(from) && Number.isInteger(to) && told.every(({ by }: any) => by !== null)) {
      expect(told.reduce((sum: number, { by }: any) => sum + by, 0)).toBe(to - from);
    }
  }
}, 120_000);

describe('what the owner of the database alters past the product', () => {
  const alter = async (revision: number, change: (payload: string) => string): Promise<void> => {
    const [event] = await store.readStream(TENANT, STREAM, { from: revision, limit: 1 });
    const payload = change(event!.payload);
    expect(payload).not.toBe(event!.payload);
    await query(running.databaseUrl, 'alter table cairn.event disable trigger all');
    const where = 'tenant = $1 and stream = $2 and revision = $3';
    const values = [TENANT, STREAM, revision, payload];
    await query(running.databaseUrl, `update cairn.event set payload = $4 where ${where}`, values);
  };
  const write = (text: string, instead: string) => (payload: string) => payload.replace(text, instead);

  it('is an error that names the table, and never another table', async () => {
    const stream = await store.readStream(TENANT, STREAM);
    const flow = stream.find(({ payload }) => payload.includes('"table":"flow"') && payload.includes('"part"'))!;
    // One number of one site.
    await alter(flow.revision, (payload) =>
      payload.replace(/(\[\\"S1\\",)(\d)/, (_, row, digit) => `${row}${9 - digit}`),
    );
    const { data, errors } = await ask(
      `{ trial(id: "${TRIAL}") { dataCut(id: "D1") { tables(table: "flow") { text } } } }`,
    );
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining('table flow'),
      extensions: { code: 'DATA_CUT_ALTERED' },
    });
    expect(JSON.stringify(data)).not.toContain('S1');
    expect(await cutOf('D1', 'tables { text }')).toBe('DATA_CUT_ALTERED');
    expect((await cutOf('D1', 'tables(table: "engagement") { table }')).tables).toHaveLength(1);
    expect(await cutOf('D1', 'recomputed { same }')).toEqual({ recomputed: { same: true } });
  });

  it('is an error of the cut itself where that is altered, of whichever member', async () => {
    await alter(0, write('"note":"Look"', '"note":"Lock"'));
    expect(await cutOf('D1', 'note')).toBe('DATA_CUT_ALTERED');
    await alter(0, write('"note":"Lock"', '"note":"Look"'));
    expect(await cutOf('D1', 'note')).toEqual({ note: 'Look' });
    await alter(0, write('"size":', '"size":1'));
    expect(await cutOf('D1', 'size')).toBe('DATA_CUT_ALTERED');
    expect(await cutOf('D2', 'note')).toEqual({ note: 'Look' });
  });
});
