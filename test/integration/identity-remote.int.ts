import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { frontDoor } from '../../apps/api/src/identity/front-door.js';
import { openIdentity } from '../../apps/api/src/identity/open-identity.js';
import { identityOf } from '../../apps/api/src/identity/request-identity.js';
import { Browser } from '../support/browser.js';

/*
 * Signing in at an issuer elsewhere, which asks nobody anything: whoever comes is `anna`, unless a test has it answer wrongly.
 */

interface Answers {
  readonly code: JWTPayload;
  readonly access: JWTPayload;
}
let wrongly: Partial<Answers> = {};
let issuer: http.Server;
let issuerUrl: string;
let key: CryptoKey;
let jwk: JWK;
let service: http.Server;
let origin: string;
const asked = new Map<string, URLSearchParams>();

const listening = async (server: http.Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
};
const ended = (server: http.Server): Promise<unknown> => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
};

async function signed(typ: string, claims: JWTPayload): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const all = { iss: issuerUrl, sub: 'anna', iat: now, exp: now + 600, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg: 'ES256', kid: 'k', typ }).sign(key);
}

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url!, issuerUrl);
  const json = (content: object): void => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(content));
  };
  if (pathname === '/auth') {
    asked.set('code', searchParams);
    const back = new URLSearchParams({ code: 'code', state: searchParams.get('state')! });
    response.writeHead(302, { location: `${searchParams.get('redirect_uri')}?${back.toString()}` }).end();
  } else if (pathname === '/token') {
    const nonce = asked.get('code')!.get('nonce')!;
    json({
      token_type: 'Bearer',
      expires_in: 600,
      access_token: await signed('at+jwt', { aud: 'https://cairn.example/api', org: 'test', ...wrongly.access }),
      id_token: await signed('JWT', { aud: 'cairn', nonce, ...wrongly.code }),
    });
  } else if (pathname === '/keys') json({ keys: [{ ...jwk, kid: 'k', alg: 'ES256', use: 'sig' }] });
  else {
    json({
      issuer: issuerUrl,
      authorization_endpoint: `${issuerUrl}/auth`,
      token_endpoint: `${issuerUrl}/token`,
      jwks_uri: `${issuerUrl}/keys`,
      id_token_signing_alg_values_supported: ['ES256'],
    });
  }
}

beforeEach(async () => {
  wrongly = {};
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  jwk = await exportJWK(pair.publicKey);
  issuer = http.createServer((request, response) => void answer(request, response));
  issuerUrl = await listening(issuer);
  service = http.createServer();
  origin = await listening(service);
  const unexpected = (id: string, error: unknown): void => {
    throw new Error(id, { cause: error });
  };
  const identity = await openIdentity(
    {
      identity: {
        kind: 'remote',
        issuer: issuerUrl,
        audience: 'https://cairn.example/api',
        tenantClaim: 'org',
        browser: { clientId: 'cairn', clientSecret: 'secret', scope: 'openid profile', publicUrl: origin },
      },
    },
    () => origin,
    unexpected,
  );
  const door = frontDoor({ ...identity, signedIn: async () => undefined, unexpected });
  service.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (identity.serveSignIn(request, response)) return;
    door(request, response, () => response.end(`${identityOf(request).person} of ${identityOf(request).tenant}`));
  });
});
afterEach(() => Promise.all([ended(issuer), ended(service)]));

it('lets in whom the issuer names', async () => {
  const browser = new Browser(origin);
  const page = await browser.follow(await browser.get('/'));
  expect([page.status, await page.text()]).toEqual([200, 'anna of test']);
  expect(Object.fromEntries(asked.get('code')!)).toMatchObject({
    client_id: 'cairn',
    scope: 'openid profile',
    resource: 'https://cairn.example/api',
    code_challenge_method: 'S256',
  });
});

it.each<[string, Partial<Answers>]>([
  ['another sign-in', { code: { nonce: 'other' } }],
  ['another client', { code: { aud: 'other' } }],
  ['somebody else than the access token is of', { code: { sub: 'ben' } }],
  ['an access token for another service', { access: { aud: 'other' } }],
  ['nobody’s tenant', { access: { org: undefined } }],
  ['a token that has ended', { access: { exp: 1 } }],
])('lets nobody in by an answer for %s', async (_what, answers) => {
  wrongly = answers;
  const browser = new Browser(origin);
  const page = await browser.follow(await browser.get('/'));
  expect(page.status).toBe(401);
  expect(browser.has('cairn-session')).toBe(false);
});

it('says that it cannot tell while the issuer is away', async () => {
  const token = await signed('at+jwt', { aud: 'https://cairn.example/api', org: 'test' });
  await ended(issuer);
  const answered = await fetch(`${origin}/graphql`, { headers: { authorization: `Bearer ${token}` } });
  expect([answered.status, await answered.json()]).toEqual([
    503,
    { errors: [{ message: expect.any(String), extensions: { code: 'SERVICE_UNAVAILABLE' } }] },
  ]);
  expect((await new Browser(origin).get('/sign-in')).status).toBe(503);
});
