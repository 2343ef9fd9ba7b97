import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { noteOf } from '../../apps/api/src/log/request-note.js';
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
/** It does not know this service, or not by this secret. */
let challenging = false;
let issuer: http.Server;
let issuerUrl: string;
let key: CryptoKey;
let jwk: JWK;
let service: http.Server;
let origin: string;
const asked = new Map<string, URLSearchParams>();
/** What the log would say of each answer. */
let codes: (string | undefined)[] = [];

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
  if (pathname === '/token' && challenging) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="issuer"' }).end();
  } else if (pathname === '/auth') {
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
      end_session_endpoint: `${issuerUrl}/out`,
      id_token_signing_alg_values_supported: ['ES256'],
    });
  }
}

beforeEach(async () => {
  wrongly = {};
  challenging = false;
  codes = [];
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
    response.once('finish', () => codes.push(noteOf(request).code));
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

it('shows who signs out where the issuer would end its own sign-in', async () => {
  const browser = new Browser(origin);
  await browser.follow(await browser.get('/'));
  const page = await browser.post('/sign-out', {});
  expect([page.status, browser.has('cairn-session')]).toEqual([200, false]);
  expect(await page.text()).toContain(`href="${issuerUrl}/out?client_id=cairn"`);
});

it.each<[string, Partial<Answers>, string]>([
  ['another sign-in', { code: { nonce: 'other' } }, 'OAUTH_JWT_CLAIM_COMPARISON_FAILED'],
  ['another client', { code: { aud: 'other' } }, 'OAUTH_JWT_CLAIM_COMPARISON_FAILED'],
  ['somebody else than the access token is of', { code: { sub: 'ben' } }, 'SIGN_IN_OF_ANOTHER'],
  ['somebody with too long a name', { access: { sub: 'x'.repeat(101) } }, 'CLAIMS'],
  ['a token that no browser would keep', { access: { groups: 'x'.repeat(4_000) } }, 'TOO_LONG'],
  ['an access token for another service', { access: { aud: 'other' } }, 'AUDIENCE'],
  ['nobody’s tenant', { access: { org: undefined } }, 'CLAIMS'],
  ['a token that has ended', { access: { exp: 1 } }, 'EXPIRED'],
])('lets nobody in by an answer for %s, and the log knows why', async (_what, answers, why) => {
  wrongly = answers;
  const browser = new Browser(origin);
  const page = await browser.follow(await browser.get('/'));
  expect([page.status, codes.at(-1)]).toEqual([401, `UNAUTHENTICATED/${why}`]);
  expect(browser.has('cairn-session')).toBe(false);
});

it('lets nobody in when the issuer does not take our secret, and the log knows why', async () => {
  challenging = true;
  const browser = new Browser(origin);
  const page = await browser.follow(await browser.get('/'));
  expect([page.status, codes.at(-1)]).toEqual([401, 'UNAUTHENTICATED/OAUTH_WWW_AUTHENTICATE_CHALLENGE']);
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
  expect(codes).toEqual(['SERVICE_UNAVAILABLE/ISSUER', 'SERVICE_UNAVAILABLE/ISSUER']);
});
