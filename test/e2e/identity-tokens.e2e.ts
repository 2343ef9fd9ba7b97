import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type IssuerFile, mintToken, readIssuerFile, TokenRefused, TokenVerifier } from '@cairn/platform/identity';
import { WebSocket } from 'ws';
import { type HostileToken, hostileTokens } from '../support/hostile-tokens.js';
import { runApi, type RunningApi } from '../support/running-api.js';

let running: RunningApi;
let file: IssuerFile;
let hostile: readonly HostileToken[];
/** What is asked of where hostile tokens point to. */
const askedElsewhere: string[] = [];
const elsewhere = http.createServer((request, response) => {
  askedElsewhere.push(request.url!);
  response.end('{"keys":[]}');
});

beforeAll(async () => {
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  running = await runApi();
  file = await readIssuerFile(running.issuer.file);
  hostile = await hostileTokens(file, `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`);
}, 60_000);
afterAll(async () => {
  await running.close();
  await new Promise((resolve) => elsewhere.close(resolve));
});

const REFUSED = {
  status: 401,
  challenge: 'Bearer',
  body: '{"errors":[{"message":"Sign in, or send an access token that is valid.","extensions":{"code":"UNAUTHENTICATED"}}]}',
};

async function answerTo(headers: Readonly<Record<string, string>>, path = '/graphql', method = 'POST') {
  const response = await fetch(`${running.api.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'POST' && { body: JSON.stringify({ query: '{ viewer { id } }' }) }),
  });
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    body: await response.text(),
  };
}

/** @returns the code with which a socket is closed, or `open` */
function connect(payload?: object, headers: Readonly<Record<string, string>> = {}): Promise<number | 'open'> {
  const socket = new WebSocket(`${running.api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  return new Promise((resolve) => {
    socket.once('open', () => socket.send(JSON.stringify({ type: 'connection_init', ...(payload && { payload }) })));
    socket.once('message', () => resolve('open'));
    socket.once('message', () => socket.terminate());
    socket.once('close', (code) => resolve(code));
  });
}

it('lets a real token in, so that all others have something to fail at', async () => {
  const token = await mintToken(file, { person: 'tester', tenant: 'test' });
  const basic = await answerTo({ authorization: `Bearer ${token}` });
  expect(basic).toMatchObject({ status: 200, challenge: null });
  expect(await answerTo({ authorization: `bearer  ${token}` })).toEqual(basic);
  for (const payload of [{ authorization: `Bearer ${token}` }, { Authorization: token }, { token }]) {
    expect(await connect(payload)).toBe('open');
  }
  expect(await connect(undefined, { authorization: `Bearer ${token}` })).toBe('open');
});

it('refuses every hostile token for its own reason, and tells nobody which', async () => {
  expect(hostile.length).toBeGreaterThanOrEqual(25);
  const verifier = TokenVerifier.local(file);
  for (const [what, token, reason] of hostile) {
    const refusal: unknown = await verifier.verify(token).catch((error: unknown) => error);
    expect([what, refusal instanceof TokenRefused && refusal.reason]).toEqual([what, reason]);
    expect([what, await answerTo({ authorization: `Bearer ${token}` })]).toEqual([what, REFUSED]);
  }
  expect(askedElsewhere).toEqual([]);
});

it('refuses them at sockets and in the session’s cookie as well', async () => {
  const closed = await Promise.all(hostile.map(async ([what, token]) => [what, await connect({ token })]));
  expect(closed).toEqual(hostile.map(([what]) => [what, 4401]));
  for (const [what, token] of hostile.filter(([, each]) => !each.includes(';'))) {
    expect([what, await answerTo({ cookie: `cairn-session=${token}` }, '/trials', 'GET')]).toEqual([what, REFUSED]);
  }
  expect(askedElsewhere).toEqual([]);
});

it('refuses what is sent beside the rules', async () => {
  const token = await mintToken(file, { person: 'tester', tenant: 'test' });
  const other = await mintToken(file, { person: 'other', tenant: 'test' });
  const headers: Readonly<Record<string, string>>[] = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: token },
    { authorization: `Token ${token}` },
    { authorization: `Basic ${btoa(`tester:${token}`)}` },
    { authorization: `Bearer ${token}, Bearer ${other}` },
    { authorization: `Bearer ${token} ${other}` },
    { 'cairn-tenant': 'test', 'cairn-actor': 'tester' },
    { 'x-forwarded-user': 'tester' },
    // A page of another site can have a browser send the cookie, but not learn or set a header.
    { cookie: `cairn-session=${token}` },
    { cookie: `cairn-session=${token}`, origin: 'https://elsewhere.example' },
    { cookie: `cairn-session=${token}; cairn-session=${other}`, origin: running.api.url },
    { authorization: `Bearer ${token}`, cookie: `cairn-session=${other}`, origin: running.api.url },
  ];
  for (const each of headers) expect([each, await answerTo(each)]).toEqual([each, REFUSED]);

  const twice = await new Promise<number>((resolve) => {
    const request = http.request(`${running.api.url}/graphql?query={viewer{id}}`, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    request.setHeader('authorization', [`Bearer ${token}`, `Bearer ${other}`]);
    request.end();
  });
  expect(twice).toBe(401);

  for (const payload of [undefined, {}, { token: '' }, { token: 1 }, { authorization: `Basic ${token}` }]) {
    expect([payload, await connect(payload)]).toEqual([payload, 4401]);
  }
  expect(await connect({ token, authorization: `Bearer ${other}` })).toBe(4401);
  expect(await connect({ token }, { authorization: `Bearer ${other}` })).toBe(4401);
});

it('answers the same under every path, whether there is something or not', async () => {
  const paths = [
    '/',
    '/page.js',
    '/index.html',
    '/graphql',
    '/import',
    '/metrics',
    '/nothing',
    '/..%2fhealth',
    '/health/x',
    '/live/x',
    '/..%2fready',
  ];
  for (const path of paths) {
    for (const method of ['GET', 'POST']) {
      expect([path, method, await answerTo({}, path, method)]).toEqual([path, method, REFUSED]);
    }
  }
  for (const open of ['/health', '/live', '/ready']) {
    expect([open, await answerTo({}, open, 'GET')]).toEqual([open, expect.objectContaining({ status: 200 })]);
  }
});

it('judges a request before its body comes', async () => {
  const status = await new Promise<number>((resolve) => {
    const request = http.request(`${running.api.url}/graphql`, { method: 'POST' }, (response) => {
      resolve(response.statusCode!);
      request.destroy();
    });
    request.on('error', () => undefined);
    request.setHeader('content-length', 1_000);
    request.flushHeaders();
  });
  expect(status).toBe(401);
});
