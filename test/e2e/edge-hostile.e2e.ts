import net from 'node:net';
import fc from 'fast-check';
import { getIntrospectionQuery } from 'graphql';
import { rounds } from '../support/rounds.js';
import { runApi, type RunningApi, setUpTrial } from '../support/running-api.js';

let running: RunningApi;
beforeAll(async () => {
  // What is measured here is each request by itself.
  running = await runApi({ TENANT_QUERY_COST_PER_SECOND: '1000000', TENANT_COMMANDS_PER_MINUTE: '1000000' });
  await setUpTrial(running, 'T');
}, 60_000);
afterAll(() => running.close());

interface Told {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

async function send(path: string, init: RequestInit = {}): Promise<Told> {
  const began = performance.now();
  const response = await running.fetch(path, init);
  const text = await response.text();
  return { status: response.status, text, ms: performance.now() - began };
}
const post = (body: string, type = 'application/json'): Promise<Told> =>
  send('/graphql', { method: 'POST', headers: { 'content-type': type }, body });
const ask = (query: string, variables?: unknown): Promise<Told> => post(JSON.stringify({ query, variables }));
const times = (n: number, part: (n: number) => string): string =>
  Array.from({ length: n }, (_, n) => part(n)).join(' ');

/** Answered as the client's fault, soon, and without a word of how the service is made. */
function expectRefused({ status, text, ms }: Told): void {
  expect([status >= 400 && status < 500, text]).toEqual([true, expect.any(String)]);
  expect(text).not.toMatch(/\bat .*\.[jt]s:|node_modules/);
  expect(ms).toBeLessThan(1_000);
}

describe('what scanners of GraphQL services look for', () => {
  it.each<[string, () => Promise<Told>]>([
    ['alias overloading', () => ask(`{ ${times(101, (n) => `a${n}: __typename`)} }`)],
    ['batches', () => post(JSON.stringify(Array.from({ length: 10 }, () => ({ query: '{ __typename }' }))))],
    ['directive overloading', () => ask(`{ __typename ${'@aa'.repeat(10)} }`)],
    ['directives repeated that exist', () => ask(`{ viewer { id ${'@skip(if: false) '.repeat(10)} } }`)],
    [
      'circular introspection',
      () =>
        ask('{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }'),
    ],
    ['field duplication', () => ask(`{ ${'__typename '.repeat(500)} }`)],
    ['field duplication deeper', () => ask(`{ viewer { ${'id '.repeat(500)} } }`)],
    [
      'mutation by GET',
      () => send(`/graphql?query=${encodeURIComponent('mutation { rebuildReadModel(name: "x") { name } }')}`),
    ],
    [
      'mutation by GET with the header',
      () =>
        send(`/graphql?query=${encodeURIComponent('mutation { rebuildReadModel(name: "x") { name } }')}`, {
          headers: { 'apollo-require-preflight': '1' },
        }),
    ],
    ['query by GET without the header', () => send('/graphql?query={__typename}')],
    ['form', () => post('query={__typename}', 'application/x-www-form-urlencoded')],
    [
      'multipart form',
      () =>
        post(
          '--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query":"{__typename}"}\r\n--x--',
          'multipart/form-data; boundary=x',
        ),
    ],
    ['plain text', () => post('{"query":"{__typename}"}', 'text/plain')],
    ['field suggestions as an error', () => ask('{ vewer { id } }')],
    ['unhandled errors', () => ask('qwerty { x } ')],
    ['unhandled errors of types', () => post('{"query": {"a": 1}, "variables": 7, "operationName": []}')],
    ['put', () => send('/graphql', { method: 'PUT', body: '{}' })],
    ['delete', () => send('/graphql', { method: 'DELETE' })],
  ])('%s', async (_what, sent) => expectRefused(await sent()));

  it('tracing', async () => {
    const { status, text } = await send('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-apollo-tracing': '1' },
      body: '{"query":"{ __typename }"}',
    });
    expect([status, JSON.parse(text)]).toEqual([200, { data: { __typename: 'Query' } }]);
  });

  it('persisted queries', async () => {
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
    const { text } = await post(JSON.stringify({ extensions }));
    expect(JSON.parse(text)).toEqual({ errors: [expect.objectContaining({ extensions: { code: 'BAD_REQUEST' } })] });
  });

  it('an editor of queries', async () => {
    const { status, text } = await send('/graphql', { headers: { accept: 'text/html' } });
    expect([status, text]).toEqual([400, expect.not.stringContaining('<')]);
    for (const path of ['/graphiql', '/playground', '/console']) expect((await send(path)).status).toBe(404);
  });

  it('a schema without a token', async () => {
    const answer = await fetch(`${running.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: getIntrospectionQuery() }),
    });
    expect(answer.status).toBe(401);
  });
});

describe('documents and variables made to cost', () => {
  const deep = (n: number, open: string, close: string): string => open.repeat(n) + close.repeat(n);
  const trial = (fields: string): string => `{ trial(id: "T") { ${fields} } }`;
  it.each<[string, () => Promise<Told>]>([
    ['2,000 tokens of one field', () => ask(`{ ${'__typename '.repeat(1_990)} }`)],
    ['fields that are to be merged', () => ask(`{ ${'viewer{tenant{id}} '.repeat(280)} }`)],
    [
      'introspection again and again',
      () =>
        ask(`{ ${times(12, () => `__schema{ ${times(5, () => `types{ ${times(5, () => 'fields{name}')} }`)} }`)} }`),
    ],
    ['aliases of introspection', () => ask(`{ ${times(40, (n) => `a${n}: __schema { types { name } }`)} }`)],
    [
      'fragments that double',
      () =>
        ask(
          `${trial('...F0')} ${times(150, (n) => `fragment F${n} on Trial { ...F${n + 1} ...F${n + 1} }`)} fragment F150 on Trial { id }`,
        ),
    ],
    [
      'fragments that name all the others',
      () =>
        ask(
          `${trial(times(24, (n) => `...F${n}`))} ${times(24, (n) => `fragment F${n} on Trial { ${times(24, (m) => (m > n ? `...F${m}` : 'id'))} }`)}`,
        ),
    ],
    ['fragments in a circle', () => ask(`${trial('...A')} fragment A on Trial { ...B } fragment B on Trial { ...A }`)],
    ['a fragment in itself', () => ask(`${trial('...A')} fragment A on Trial { ...A }`)],
    [
      'many fragments',
      () =>
        ask(
          `{ viewer { ${times(180, (n) => `...F${n}`)} } } ${times(180, (n) => `fragment F${n} on Viewer { id name }`)}`,
        ),
    ],
    ['inline fragments, one in another', () => ask(trial(deep(600, '... { ', ' } ').replace('{  }', '{ id }')))],
    [
      'lists of lists of lists',
      () => ask(`query ($x: ${deep(400, '[', ']').replace('[]', '[Int]')}) { viewer { id } }`),
    ],
    ['values, one in another', () => ask(trial(`history(filter: ${deep(600, '{ site: ', ' }')}) { totalCount }`))],
    ['lists, one in another', () => ask(trial(`history(filter: { types: ${deep(800, '[', ']')} }) { totalCount }`))],
    ['JSON of 100,000 levels', () => post(`{"query":"{viewer{id}}","variables":${deep(100_000, '[', ']')}}`)],
    ['a number of 100,000 digits', () => ask(trial(`sites(first: ${'9'.repeat(100_000)}) { totalCount }`))],
    [
      'a number beyond all',
      () => ask('query ($n: Int) { trial(id: "T") { sites(first: $n) { totalCount } } }', { n: 1e308 }),
    ],
    [
      'variables that nobody asks for',
      () =>
        post(
          `{"query":"query ($n: Int!) { viewer { id } }","variables":{${Array.from({ length: 10_000 }, (_, n) => `"v${n}":${n}`).join(',')}}}`,
        ),
    ],
    ['an operation twice', () => ask('query A { viewer { id } } query A { viewer { id } }')],
    [
      '200 operations of which one is meant',
      () => post(JSON.stringify({ query: times(200, (n) => `query Q${n} { viewer { id } }`), operationName: 'Q7' })),
    ],
    ['a condition at the root of a subscription', () => ask('subscription { viewer @skip(if: $v) }')],
    ['a fragment under a condition there', () => ask('subscription { ... @skip(if: $v) { viewer } }')],
    [
      'a condition in a fragment there',
      () => ask('subscription { ...F @include(if: $v) } fragment F on Subscription { viewer @skip(if: $w) }'),
    ],
    ['a definition', () => ask('type Query { x: Int }')],
  ])('%s', async (_what, sent) => expectRefused(await sent()));

  it.each<[string, unknown]>([
    ['a million characters in a name', { query: '{ viewer { id } }', operationName: 'x'.repeat(200_000) }],
    [
      'characters of all kinds',
      { query: 'query ($id: ID!) { trial(id: $id) { id } }', variables: { id: '\u202e\u0000\ud800💥\u2028' } },
    ],
    ['a long id', { query: 'query ($id: ID!) { trial(id: $id) { id } }', variables: { id: 'x'.repeat(200_000) } }],
    ['a comment of 200,000 characters', { query: `{ viewer { id } } #${'x'.repeat(200_000)}` }],
    ['200,000 commas', { query: `{ viewer { id ${','.repeat(200_000)} } }` }],
  ])('%s is answered soon', async (_what, body) => {
    const { status, ms } = await post(JSON.stringify(body));
    expect([status < 500, ms < 1_000]).toEqual([true, true]);
  });

  it('objects of 40,000 levels that nobody asks for are nothing', async () => {
    const nested = `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`;
    const { status, ms } = await post(`{"query":"{viewer{id}}","variables":${nested}}`);
    expect([status < 500, ms < 1_000]).toEqual([true, true]);
  });

  it('names of what every object has are names like others', async () => {
    const { status, text } = await post(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"query":"query ($__proto__: Int, $n: Int) { viewer { id } trial(id: \\"__proto__\\") { id } }","variables":{"__proto__":{"polluted":1},"constructor":1}}',
    );
    expect([status, text]).toEqual([expect.any(Number), expect.any(String)]);
    expect(status).toBeLessThan(500);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    for (const id of ['__proto__', 'constructor', 'toString']) {
      expect(JSON.parse((await ask(`{ trial(id: "${id}") { id } }`)).text)).toEqual({ data: { trial: null } });
      expectRefused(await ask(`{ viewer { ${id} } }`));
      expectRefused(await ask(`{ trial(id: "T") { engagement(definition: "${id}") { asOf } } }`));
    }
  });
});

/** Anything that could be taken for a document, from near the real thing to nothing like it. */
function hostileDocument(): fc.Arbitrary<string> {
  const name = fc.constantFrom(
    'viewer',
    'trial',
    'trials',
    'sites',
    'edges',
    'node',
    'id',
    'engagement',
    'overall',
    'participants',
    'history',
    '__typename',
    '__schema',
    'types',
    'fields',
    'type',
    'ofType',
    'args',
    'x',
    'roles',
    'conduct',
    'people',
    'fidelityAssociation',
  );
  const value = fc.constantFrom(
    '"T"',
    '-1',
    '1000',
    '99999999999',
    '1e999',
    'null',
    'true',
    '[]',
    '[[[[]]]]',
    '{}',
    '{ a: { a: {} } }',
    '$v',
    '$w',
    'ENGAGED',
    '"\\u0000"',
    '"""x"""',
    '"2020-01-01T00:00:00Z"',
    '""',
  );
  const argument = fc
    .tuple(
      fc.constantFrom('id', 'first', 'last', 'after', 'definition', 'asOf', 'filter', 'status', 'minPosition', 'name'),
      value,
    )
    .map((parts) => parts.join(': '));
  const args = fc.array(argument, { maxLength: 3 }).map((each) => (each.length > 0 ? `(${each.join(', ')})` : ''));
  const directive = fc.constantFrom('', '', '', '@include(if: true)', '@skip(if: $v)', '@x', '@include @include');
  const { selection } = fc.letrec<{ selection: string; set: string }>((tie) => ({
    selection: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.tuple(fc.constantFrom('', '', 'a: ', 'b: '), name, args, directive).map((parts) => parts.join(' ')),
      fc.constantFrom('...F', '...G', '...H'),
      fc.tuple(fc.constantFrom('', '', 'a: '), name, args, tie('set')).map((parts) => parts.join(' ')),
      fc.tuple(fc.constantFrom('...', '... on Trial', '... on X'), tie('set')).map((parts) => parts.join(' ')),
    ),
    set: fc.array(tie('selection'), { maxLength: 12 }).map((all) => `{ ${all.join(' ')} }`),
  }));
  const set = fc.array(selection, { minLength: 1, maxLength: 12 }).map((all) => `{ ${all.join(' ')} }`);
  const operation = fc
    .tuple(
      fc.constantFrom('', 'query', 'query A', 'query ($v: Boolean, $w: ID = "T")', 'mutation', 'subscription'),
      set,
    )
    .map((parts) => parts.join(' '));
  const fragment = fc
    .tuple(fc.constantFrom('F', 'G', 'H'), fc.constantFrom('Trial', 'Query', 'Viewer', 'X'), set)
    .map(([fragmentName, on, body]) => `fragment ${fragmentName} on ${on} ${body}`);
  const grown = fc
    .tuple(fc.array(operation, { minLength: 1, maxLength: 2 }), fc.array(fragment, { maxLength: 4 }))
    .map(([a, b]) => [...a, ...b].join('\n'));
  const repeated = fc
    .tuple(
      fc.integer({ min: 1, max: 2_000 }),
      fc.constantFrom(
        'id ',
        '__typename ',
        '{ ',
        'a{ ',
        '[',
        '$x ',
        '@x ',
        '...F ',
        'viewer{id} ',
        '"',
        '#\n',
        '\ufeff',
        '💥',
      ),
    )
    .map(([n, part]) => `{ ${part.repeat(n)}`);
  return fc.oneof(
    { weight: 6, arbitrary: grown },
    { weight: 2, arbitrary: repeated },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  );
}

it('random documents are answered within a second and never by a failure of ours, and the service goes on', async () => {
  let slowest = 0;
  await fc.assert(
    fc.asyncProperty(
      hostileDocument(),
      fc.option(fc.dictionary(fc.constantFrom('v', 'w', '__proto__', 'x'), fc.jsonValue())),
      async (query, variables) => {
        const { status, ms } = await ask(query, variables);
        slowest = Math.max(slowest, ms);
        expect([status < 500, ms < 1_000]).toEqual([true, true]);
      },
    ),
    { numRuns: rounds({ ci: 400, night: 3_000 }) },
  );
  expect(slowest).toBeGreaterThan(0);
  expect((await ask('{ viewer { id } }')).status).toBe(200);
}, 300_000);

/** Bytes over a connection of one's own. @returns all that is answered until it closes, or until `enough` */
function raw(lines: readonly string[], enough = /\r\n\r\n/): Promise<string> {
  const { hostname, port } = new URL(running.url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(lines.join('\r\n')));
    let told = '';
    socket.setTimeout(20_000, () => socket.destroy(new Error('nothing came')));
    socket.on('data', (chunk) => {
      told += String(chunk);
      if (enough.test(told)) socket.end();
    });
    socket.on('close', () => resolve(told)).on('error', reject);
  });
}

describe('requests that are none', () => {
  const head = (...lines: string[]) => [
    'POST /graphql HTTP/1.1',
    'host: x',
    `authorization: Bearer ${running.token}`,
    'content-type: application/json',
    ...lines,
  ];
  it.each<[string, () => readonly string[], RegExp]>([
    ['two lengths', () => [...head('content-length: 5', 'content-length: 6'), '', 'abcdef'], /^HTTP\/1.1 400/],
    [
      'a length and chunks',
      () => [...head('content-length: 5', 'transfer-encoding: chunked'), '', '0', '', ''],
      /^HTTP\/1.1 400/,
    ],
    ['a length that is no number', () => [...head('content-length: -1'), '', 'x'], /^HTTP\/1.1 400/],
    ['a header of 20 kB', () => [...head(`x: ${'x'.repeat(20_000)}`), '', ''], /^HTTP\/1.1 431/],
    ['an unknown method', () => ['QUACK / HTTP/1.1', 'host: x', '', ''], /^HTTP\/1.1 400/],
    ['no host', () => ['GET /health HTTP/1.1', '', ''], /^HTTP\/1.1 400/],
    ['another protocol', () => ['GET /health QUACK/9', '', ''], /^HTTP\/1.1 400/],
    [
      'a bare line feed in a header',
      () => [`GET /health HTTP/1.1`, 'host: x', 'a: b\nc\u0000: d', '', ''],
      /^HTTP\/1.1 400/,
    ],
    ['TRACE', () => ['TRACE / HTTP/1.1', 'host: x', '', ''], /^HTTP\/1.1 405/],
    [
      'a preflight',
      () => [
        'OPTIONS /graphql HTTP/1.1',
        'host: x',
        'origin: https://elsewhere.example',
        'access-control-request-method: POST',
        '',
        '',
      ],
      /^HTTP\/1.1 405/,
    ],
    [
      'a proxy’s request',
      () => ['GET http://elsewhere.example/ HTTP/1.1', 'host: elsewhere.example', '', ''],
      /^HTTP\/1.1 401/,
    ],
    [
      'a path out of the folder',
      () => ['GET /../../package.json HTTP/1.1', 'host: x', `authorization: Bearer ${running.token}`, '', ''],
      /^HTTP\/1.1 404/,
    ],
    [
      'an encoded path out of the folder',
      () => ['GET /..%2f..%2fpackage.json HTTP/1.1', 'host: x', `authorization: Bearer ${running.token}`, '', ''],
      /^HTTP\/1.1 404/,
    ],
    [
      'a backslash path out of the folder',
      () => ['GET /..\\..\\package.json HTTP/1.1', 'host: x', `authorization: Bearer ${running.token}`, '', ''],
      /^HTTP\/1.1 40[04]/,
    ],
    [
      'a hidden file',
      () => ['GET /.env HTTP/1.1', 'host: x', `authorization: Bearer ${running.token}`, '', ''],
      /^HTTP\/1.1 404/,
    ],
    [
      'a NUL in the path',
      () => ['GET /index.html%00.txt HTTP/1.1', 'host: x', `authorization: Bearer ${running.token}`, '', ''],
      /^HTTP\/1.1 40[04]/,
    ],
  ])('%s', async (_what, lines, answer) => {
    const told = await raw(lines());
    expect(told).toMatch(answer);
    expect(told).not.toMatch(/access-control-|x-powered-by|node_modules/i);
  });

  it('a page of another origin gets no leave to read', async () => {
    const answer = await running.fetch('/health', { headers: { origin: 'https://elsewhere.example' } });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('headers keep pages from being more than they are', async () => {
    const { headers } = await running.fetch('/');
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': expect.stringMatching(/default-src 'self'.*frame-ancestors 'self'.*object-src 'none'/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': expect.any(String),
      'x-frame-options': 'SAMEORIGIN',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*/);
  });
});
