import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { recording, runApi, type RunningApi, setUpTrial } from '../support/running-api.js';

/** Everything that the process writes, whoever writes it. */
let output = '';
const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write.bind(stream) }));
const consoles = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => ({
  name,
  write: console[name].bind(console),
}));

let running: RunningApi;
beforeAll(async () => {
  const keep = (...parts: unknown[]): void => void (output += `${parts.map(String).join(' ')}\n`);
  for (const { stream } of streams) stream.write = (chunk: unknown) => (keep(chunk), true);
  for (const { name } of consoles) console[name] = keep;
  running = await runApi(
    { LOG_LEVEL: 'trace' },
    {
      people: [{ person: 'anna', name: 'Anna', tenant: 'test' }],
      clients: [{ client: 'feed', name: 'Feed', tenant: 'test', scopes: ['cairn:read'] }],
      logTo: { write: keep },
    },
  );
  await setUpTrial(running, 'T');
}, 60_000);
afterAll(async () => {
  await running.close();
  for (const { stream, write } of streams) stream.write = write;
  for (const { name, write } of consoles) console[name] = write;
});

const requests = (): readonly Record<string, unknown>[] =>
  output
    .split('\n')
    .filter((line) => line.includes('"event":"request"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Lines are written when a request has ended, which may be after its answer has come. */
async function untilLogged(is: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const found = requests().find(is);
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`no such line among\n${output}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('has a line for each request: who, what, how it came out', async () => {
  await running.graphql('query Named { viewer { id } }');
  expect(await untilLogged(({ name }) => name === 'Named')).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    service: 'api',
    instance: expect.any(String),
    event: 'request',
    request: expect.stringMatching(/^[\da-f-]{36}$/),
    tenant: 'test',
    person: 'tester',
    method: 'POST',
    path: '/graphql',
    operation: 'query',
    name: 'Named',
    status: 200,
    ms: expect.any(Number),
    bytes: expect.any(Number),
  });
  const minPosition = await running.store.head('test');
  await running.graphql(
    `query Wrong { trial(id: "T", minPosition: "${minPosition}") { engagement(definition: "none") { asOf } } }`,
  );
  expect(await untilLogged(({ name }) => name === 'Wrong')).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
  await fetch(`${running.url}/metrics`);
  const nobody = await untilLogged(({ path }) => path === '/metrics');
  expect(nobody).toMatchObject({ status: 401 });
  expect(nobody).not.toHaveProperty('person');
});

it('sums an import up', async () => {
  const record = { line: 1, commandId: randomUUID(), commands: [{ name: 'registerSite', input: {} }] };
  const answer = await running.fetch('/import', {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: JSON.stringify(record),
  });
  await answer.text();
  expect(await untilLogged(({ path }) => path === '/import')).toMatchObject({
    status: 200,
    imported: { records: 1, accepted: 0, unchanged: 0, refused: 1, events: 0 },
  });
});

it('has a line for each web socket, with its close code', async () => {
  const socket = new WebSocket(`${running.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'close');
  const deadline = performance.now() + 5_000;
  while (!output.includes('"event":"socket"')) {
    if (performance.now() > deadline) throw new Error('no line of the socket');
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(output).toMatch(/"event":"socket",.*"code":4401/);
});

it('holds no secret, wherever one is sent', async () => {
  let sent = 0;
  const secret = (): string => `SECRET${sent++}`;
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    running.fetch(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  const anywhere = [
    // Headers, of those who are let in and of those who are not.
    fetch(`${running.url}/graphql`, { headers: { authorization: `Bearer ${secret()}` } }),
    fetch(`${running.url}/graphql`, { headers: { authorization: secret(), cookie: `cairn-session=${secret()}` } }),
    fetch(`${running.url}/`, { headers: { accept: 'text/html', cookie: `cairn-session=${secret()}; x=${secret()}` } }),
    running.fetch('/health', {
      headers: { 'user-agent': secret(), referer: `http://x/${secret()}`, 'x-request-id': secret() },
    }),
    post('/graphql', '{"query":"{ viewer { id } }"}', { 'content-type': `text/${secret()}` }),
    // Addresses.
    running.fetch(`/${secret()}?token=${secret()}`),
    running.fetch(`/oidc/${secret()}?code=${secret()}`),
    running.fetch(`/graphql?query=${secret()}&variables=${secret()}`, { headers: { 'apollo-require-preflight': '1' } }),
    running.fetch(`/sign-in?to=${secret()}`, { redirect: 'manual' }),
    running.fetch(`/sign-in/callback?code=${secret()}&state=${secret()}`, {
      redirect: 'manual',
      headers: { cookie: `cairn-sign-in=${secret()}` },
    }),
    running.fetch(`/import?${secret()}=1`, { method: 'POST' }),
    running.fetch(`/%E0%A4%A${secret()}`),
    // Bodies.
    post('/graphql', secret()),
    post('/graphql', JSON.stringify({ query: `{ ${secret()} }` })),
    post('/graphql', JSON.stringify({ query: `{ trial(id: "${secret()}") { id } }` })),
    post('/graphql', JSON.stringify({ query: '{ viewer { id } }', variables: { x: secret() }, extensions: secret() })),
    post('/graphql', JSON.stringify({ query: `query ($x: Int) { trial(id: $x) { id } }`, variables: { x: secret() } })),
    post('/graphql', JSON.stringify({ query: '{ viewer { id } }', operationName: secret() })),
    running.graphql(recording('withdrawParticipant'), {
      input: {
        commandId: randomUUID(),
        trial: 'T',
        participant: secret(),
        scope: 'DATA_USE',
        reason: secret(),
        occurredAt: '2020-01-01T00:00:00Z',
      },
    }),
    post(
      '/import',
      `${secret()}\n{"line":2,"commandId":"${randomUUID()}","commands":[{"name":"${secret()}","input":{"note":"${secret()}"}}]}\n`,
      { 'content-type': 'application/x-ndjson' },
    ),
    // The issuer's own paths.
    post(
      '/oidc/token',
      new URLSearchParams({ grant_type: 'client_credentials', client_id: 'feed', client_secret: secret() }).toString(),
      { 'content-type': 'application/x-www-form-urlencoded' },
    ),
    post(
      '/oidc/token',
      new URLSearchParams({
        grant_type: 'authorization_code',
        code: secret(),
        client_id: secret(),
        code_verifier: secret(),
      }).toString(),
      { 'content-type': 'application/x-www-form-urlencoded' },
    ),
    post('/oidc/token', new URLSearchParams({ grant_type: 'client_credentials' }).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`feed:${running.issuer.clientSecrets.get('feed')}`).toString('base64')}`,
    }),
    running.fetch(`/oidc/interaction/${secret()}`, { headers: { cookie: `_interaction=${secret()}` } }),
    post(`/oidc/interaction/${secret()}`, `person=anna&password=${secret()}`, {
      'content-type': 'application/x-www-form-urlencoded',
    }),
  ];
  await Promise.all(anywhere.map(async (answer) => 'text' in (await answer) && ((await answer) as Response).text()));
  for (const message of [
    `{"type":"connection_init","payload":{"token":"${secret()}"}}`,
    secret(),
    `{"type":"${secret()}"}`,
  ]) {
    const socket = new WebSocket(
      `${running.url.replace('http', 'ws')}/graphql?token=${secret()}`,
      'graphql-transport-ws',
    );
    socket.on('error', () => undefined);
    await once(socket, 'open');
    socket.send(message);
    await once(socket, 'close');
  }
  const inTime = running.webSocket();
  await inTime
    .iterate({ query: `subscription { engagementChanged(trial: "${secret()}") { asOf } }` })
    .next()
    .catch(() => undefined);
  await inTime.dispose();
  await running.graphql('query Last { viewer { id } }');
  await untilLogged(({ name }) => name === 'Last');

  expect(sent).toBeGreaterThan(35);
  expect(output.match(/.*SECRET.*/g)).toBeNull();
  expect(output).not.toContain(running.token.slice(-20));
  expect(output).not.toContain(running.issuer.password);
  expect(output).not.toContain(running.issuer.clientSecrets.get('feed'));
  expect(output).not.toMatch(/postgres(ql)?:\/\//);
  // All of it is lines of the log, or what Node and libraries say of themselves.
  expect(requests().length).toBeGreaterThan(anywhere.length);
});
