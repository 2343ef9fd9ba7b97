import { request } from 'node:http';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { getIntrospectionQuery } from 'graphql';
import { recording, runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';

let running: RunningApi;
/** Whoever runs the service, which needs no role. */
let operator: SignedIn;
beforeAll(async () => {
  running = await runApi();
  operator = running.withToken(await running.tokenFor({ person: 'operator', scopes: ['cairn:operate'] }));
  await setUpTrial(running, 'T');
}, 60_000);
afterAll(() => running.close());

const codeOf = (answer: { errors?: readonly { extensions: { code: string } }[] }) =>
  answer.errors?.[0]?.extensions.code;

/** Sends anything at all. */
async function send(
  path: string,
  init: RequestInit,
  as: SignedIn = running,
): Promise<{ status: number; text: string }> {
  const response = await as.fetch(path, init);
  return { status: response.status, text: await response.text() };
}
const post = (body: string, type = 'application/json') =>
  send('/graphql', { method: 'POST', headers: { 'content-type': type }, body });

const importing = (body: string, headers: Record<string, string>, query = '') =>
  send(`/import${query}`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson', ...headers }, body });

it.each<[string, () => Promise<{ status: number; text: string }>, number]>([
  ['JSON that is none', () => post('{"query": '), 400],
  ['a body that is no object', () => post('"query"'), 400],
  ['an empty body', () => post(''), 400],
  ['a batch', () => post(JSON.stringify([{ query: '{viewer{id}}' }, { query: '{viewer{id}}' }])), 400],
  ['a query that is none', () => post(JSON.stringify({ query: 'quack' })), 400],
  ['a query of the wrong type', () => post(JSON.stringify({ query: 7 })), 400],
  ['variables of the wrong type', () => post(JSON.stringify({ query: '{viewer{id}}', variables: 'x' })), 400],
  ['a form, as another site could send it', () => post('query={viewer{id}}', 'application/x-www-form-urlencoded'), 400],
  ['plain text, as another site could send it', () => post('{"query":"{viewer{id}}"}', 'text/plain'), 400],
  ['a body of 1 MB', () => post(JSON.stringify({ query: '{viewer{id}}', x: 'x'.repeat(1e6) })), 413],
  ['an unknown field', () => post(JSON.stringify({ query: '{nothing}' })), 400],
  [
    'a subscription by POST',
    () => post(JSON.stringify({ query: 'subscription { engagementChanged(trial: "T") { asOf } }' })),
    400,
  ],
  [
    '10,000 wrong items of a list',
    () =>
      post(
        JSON.stringify({
          query: 'mutation ($i: RegisterSiteInput!) { registerSite(input: $i) { __typename } }',
          variables: { i: { locality: Array.from({ length: 10_000 }, () => 'X') } },
        }),
      ),
    400,
  ],
  ['an import as JSON', () => importing('{"line":1}', { 'content-type': 'application/json' }), 415],
  [
    'an import as a page of any site could send it',
    () => importing('{"line":1}', { 'content-type': 'text/plain' }),
    415,
  ],
  ['a packed import', () => importing('x', { 'content-encoding': 'gzip' }), 415],
  ['an import that is dry and is not', () => importing('', {}, '?dryRun=maybe'), 400],
  ['an import with a misspelt parameter', () => importing('', {}, '?dryrun=true'), 400],
  ['an unknown path', () => send('/nothing', {}), 404],
  ['a path out of the public folder', () => send('/..%2fpackage.json', {}), 404],
  ['a path that cannot be decoded', () => send('/%E0%A4%A', {}), 400],
  [
    'a mutation by GET',
    () =>
      send(`/graphql?query=${encodeURIComponent('mutation{rebuildReadModel(name:"x"){name}}')}`, {
        headers: { 'apollo-require-preflight': '1' },
      }),
    405,
  ],
  ['a query by GET that a page could send', () => send('/graphql?query={viewer{id}}', {}), 400],
  [
    'JSON nested 100,000 deep',
    () => post(`{"query":"{viewer{id}}","variables":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    400,
  ],
])('turns away %s', async (_what, ask, status) => {
  const answer = await ask();
  expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
  expect(answer.text).not.toMatch(/\bat .*\.[jt]s:|node_modules/);
});

it('answers queries by GET', async () => {
  const query = encodeURIComponent('{ viewer { tenant { id } roles } }');
  const { status, text } = await send(`/graphql?query=${query}`, { headers: { 'apollo-require-preflight': '1' } });
  expect([status, JSON.parse(text)]).toEqual([
    200,
    { data: { viewer: { tenant: { id: 'test' }, roles: ['sponsor_administrator', 'trial_manager'] } } },
  ]);
});

describe('documents made to cost', () => {
  const wide = (n: number) => `{ trial(id: "T") { ${'a: sites { edges { node { id } } } '.repeat(n)} } }`;
  it.each([
    [
      'too deep',
      `{ a: __schema { types { ${'fields { type { '.repeat(8)} name ${'} }'.repeat(8)} } } trials { edges { node { sites { edges { node { id } } }  participants { edges { node { site { id  } } } } history { edges { node { actor { id ... { id ... { id ... { id ... { id ... { id ... { id } } } } } } } } } } } } } }`,
    ],
    ['100 aliases', `{ ${Array.from({ length: 100 }, (_, n) => `a${n}: viewer { id }`).join(' ')} }`],
    ['100 directives', `{ viewer { id ${'@include(if: true) '.repeat(100)} } }`],
    ['10,000 tokens', `{ viewer { ${'id '.repeat(10_000)} } }`],
    [
      'fragments that name each other',
      'query { viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }',
    ],
    ['a wide one', wide(900)],
  ])('%s', async (_what, query) => {
    const answer = await running.graphql(query);
    expect([answer.status, codeOf(answer)]).toEqual([
      400,
      expect.stringMatching(/^GRAPHQL_(PARSE|VALIDATION)_FAILED$/),
    ]);
  });

  it('but not the largest of ours', async () => {
    const counts =
      'randomised offered withData engaged notYet notEngaged ofWithData { numerator denominator value } ofOffered { numerator denominator value } bounds { lower upper }';
    const site = 'id name employerKind employerName hostOrganisation locality timeZone openedOn';
    const query = `{ trials { edges { node { id title registration timeZone head protocol { version arms { id intervention } document }
      engagementDefinitions { id title } engagement { asOf position definition { id title description source }
      overall { ${counts} } sites { site { ${site} } fidelity counts { ${counts} } } }
      fidelityAssociation { pearson spearman slope intercept points { site { ${site} } fidelity engagement studentisedResidual class } }
      participants(first: 10) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id site { ${site} } status engagedAt } } } } } } }`;
    expect(await running.graphql(query)).toMatchObject({ status: 200, data: { trials: expect.anything() } });
  });
});

it('200 random documents are answered, whatever they are, and never by a failure of ours', async () => {
  const word = fc.constantFrom(
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    ':',
    '!',
    '...',
    '@include',
    '$x',
    'query',
    'mutation',
    'subscription',
    'fragment F on Trial',
    'trial',
    'trials',
    'viewer',
    'id',
    'sites',
    'engagement',
    'history',
    'participants',
    'first',
    'after',
    '-1',
    '99999999999',
    '"T"',
    '"\\u0000"',
    '"""',
    '#',
    'null',
    'true',
    'NaN',
    '{ viewer { id } }',
    '{ trial(id: "T") { id head } }',
    '\u0000',
    '\ufeff',
    '💥',
  );
  const document = fc.oneof(
    fc.array(word, { maxLength: 40 }).map((words) => words.join(' ')),
    fc.string({ maxLength: 200, unit: 'binary' }),
    fc
      .record({ id: fc.string(), first: fc.anything(), after: fc.string(), definition: fc.string() })
      .map(
        ({ id, first, after, definition }) =>
          `{ trial(id: ${JSON.stringify(id)}) { engagement(definition: ${JSON.stringify(definition)}) { asOf } sites(first: ${JSON.stringify(first) ?? 'null'}, after: ${JSON.stringify(after)}) { totalCount } } }`,
      ),
  );
  await fc.assert(
    fc.asyncProperty(document, fc.option(fc.dictionary(fc.string(), fc.jsonValue())), async (query, variables) => {
      const { status } = await post(JSON.stringify({ query, variables }));
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
}, 60_000);

it.each([
  '{ trial(id: "T") { sites(first: -1) { totalCount } } }',
  '{ trial(id: "T") { sites(first: 1001) { totalCount } } }',
  '{ trial(id: "T") { sites(first: 1, last: 1) { totalCount } } }',
  '{ trial(id: "T") { sites(after: "nonsense") { totalCount } } }',
  '{ trial(id: "T") { history(after: "YzE6UzE") { totalCount } } }',
  '{ trial(id: "T") { history(filter: { types: ["a\\u0000"] }) { totalCount } } }',
  '{ trial(id: "T") { history(filter: { site: "a\\u0000" }) { totalCount } } }',
  '{ trial(id: "T") { history(filter: { participant: "a\\u0000" }) { totalCount } } }',
  '{ trial(id: "T") { engagement(definition: "no such") { asOf } } }',
  '{ trial(id: "T") { engagement(asOf: "yesterday") { asOf } } }',
  '{ trial(id: "T", minPosition: "-1") { id } }',
  '{ trial(id: "T", minPosition: 7) { id } }',
])('%s is bad input', async (query) => {
  const answer = await running.graphql(query);
  expect([answer.status, codeOf(answer)]).toEqual([
    400,
    expect.stringMatching(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/),
  ]);
});

it.each(['no such', 'a\\u0000'])('no read model is called %j', async (name) => {
  const answer = await operator.graphql(`mutation { rebuildReadModel(name: "${name}") { name } }`);
  expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
});

it.each(['unknown', 'a\u0000b', '', ' ', '\ud800', 'x'.repeat(10_000)])('no trial is called %j', async (id) => {
  expect(await running.graphql('query ($id: ID!) { trial(id: $id) { id } }', { id })).toEqual({
    status: 200,
    data: { trial: null },
  });
});

it('another tenant sees none of it, and cannot tell a foreign trial from none', async () => {
  const stranger = await running.as('stranger', { tenant: 'someone else', roles: [{ role: 'trial_manager' }] });
  const query = '{ trial(id: "T") { id } trials { totalCount } readModels { position head } }';
  expect((await stranger.graphql(query)).data).toMatchObject({ trial: null, trials: { totalCount: 0 } });
  const input = {
    commandId: randomUUID(),
    trial: 'T',
    participant: 'P',
    site: 'S1',
    occurredAt: '2020-01-01T00:00:00Z',
  };
  const answer = await stranger.graphql(recording('referParticipant'), { input });
  expect(answer.data).toMatchObject({ referParticipant: { code: 'TRIAL_UNKNOWN', field: 'trial' } });
});

it('says how it is', async () => {
  const health = await fetch(`${running.url}/health`);
  expect([health.status, await health.json()]).toEqual([200, expect.objectContaining({ status: 'ok' })]);
  expect((await send('/metrics', {}, operator)).text).toMatch(/cairn_commands_total\{outcome="accepted"\} \d/);
  const page = await running.fetch('/');
  expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect((await send('/no-such-asset.js', {})).status).toBe(404);
});

it('read models can be built anew', async () => {
  const { data } = await operator.graphql(
    'mutation { rebuildReadModel(name: "participants") { name state complete } }',
  );
  expect(data).toMatchObject({ rebuildReadModel: { name: 'participants' } });
});

it('tells its schema only where that is configured', async () => {
  expect(await running.graphql(getIntrospectionQuery())).toMatchObject({
    status: 200,
    data: { __schema: expect.anything() },
  });
  const closed = await runApi({ INTROSPECTION: 'false' });
  try {
    expect((await closed.graphql('{ __schema { types { name } } }')).status).toBe(400);
    const guess = await closed.graphql('{ vewer { id } }');
    expect(JSON.stringify(guess)).not.toContain('viewer');
  } finally {
    await closed.close();
  }
}, 30_000);

it('a request that breaks off does no harm', async () => {
  await new Promise<void>((resolve) => {
    const half = request(`${running.api.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': '1000',
        authorization: `Bearer ${running.token}`,
      },
    });
    half.on('error', () => resolve());
    half.write('{"query"', () => half.destroy(new Error('gone')));
  });
  expect((await running.graphql('{ viewer { id } }')).status).toBe(200);
});
