import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mintToken, prepareIssuerFile, TokenVerifier } from '@cairn/platform/identity';
import { ISSUER_PATH } from '../../apps/api/src/identity/embedded-issuer.js';
import { frontDoor } from '../../apps/api/src/identity/front-door.js';
import { openIdentity } from '../../apps/api/src/identity/open-identity.js';
import { identityOf } from '../../apps/api/src/identity/request-identity.js';
import { Browser, formOf } from '../support/browser.js';

/*
 * The sign-in as a browser and a machine meet it, without the rest of the product: behind the door is a page that says who
 * came in.
 */

const anna = { person: 'anna@test.example', name: 'Anna <A>', tenant: 'test' };
const ben = { person: 'ben@test.example', name: 'Ben', tenant: 'test' };
const feed = { client: 'feed', name: 'A feed', tenant: 'test', scopes: ['cairn:read', 'cairn:subscribe'] };
const faults: unknown[] = [];
let folder: string;
let server: http.Server;
let origin: string;
let issuer: Awaited<ReturnType<typeof prepareIssuerFile>>;

beforeAll(async () => {
  server = http.createServer().listen(0, 'localhost');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  folder = await mkdtemp(path.join(tmpdir(), 'cairn-identity-'));
  const issuerFile = path.join(folder, 'issuer.json');
  issuer = await prepareIssuerFile(issuerFile, {
    url: `${origin}${ISSUER_PATH}`,
    people: [anna, ben],
    clients: [feed],
  });
  const unexpected = (_id: string, error: unknown): unknown => faults.push(error);
  const identity = await openIdentity({ identity: { kind: 'embedded', issuerFile } }, () => origin, unexpected);
  const door = frontDoor({ ...identity, signedIn: async () => undefined, unexpected });
  server.on('request', (request: http.IncomingMessage & { originalUrl?: string }, response) => {
    if (request.url!.startsWith(`${ISSUER_PATH}/`)) {
      request.originalUrl = request.url!;
      request.url = request.url!.slice(ISSUER_PATH.length);
      identity.issuer!(request, response);
    } else if (!identity.serveSignIn(request, response)) {
      door(request, response, () => response.end(identityOf(request).person));
    }
  });
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
  expect(faults).toEqual([]);
});

/** Goes as far as the form. @returns where it is sent to */
async function begin(browser: Browser, at = '/sign-in'): Promise<string> {
  const form = await browser.follow(await browser.get(at));
  expect(form.status).toBe(200);
  return formOf(await form.text());
}

const right = ({ person } = anna) => ({ person, password: issuer.password! });

/** Signs in. @returns the address with the code, which the browser has not followed yet */
async function giveThePassword(browser: Browser, at?: string, who = anna): Promise<string> {
  const sent = await browser.post(await begin(browser, at), right(who));
  expect(sent.status).toBe(303);
  return (await browser.follow(sent, /\/callback\?/)).headers.get('location')!;
}

const SESSION = 'cairn-session';

/** As a browser would that knows the service by another name. */
async function askAs(host: string, path: string): Promise<{ status: number; headers: http.IncomingHttpHeaders }> {
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) =>
    http.get(`${origin}${path}`, { headers: { host } }, resolve).on('error', reject),
  );
  answer.resume();
  return { status: answer.statusCode!, headers: answer.headers };
}

describe('a browser', () => {
  it('is shown the form, and with the right password the page it asked for', async () => {
    const browser = new Browser(origin);
    const first = await browser.get('/?trial=T');
    expect(first.status).toBe(302);
    const form = await browser.follow(first);
    const sent = await browser.post(formOf(await form.text()), right());
    const page = await browser.follow(sent);
    expect(new URL(page.url).search).toBe('?trial=T');
    expect(await page.text()).toBe(anna.person);
  });

  it('comes from another address of the service to the one where it is signed in, and is not asked again', async () => {
    const browser = new Browser(origin);
    await browser.follow(await browser.get(await giveThePassword(browser)));
    const from = await askAs('other.example', '/sign-in?to=%2F%3Ftrial%3DT');
    expect(from.status).toBe(302);
    const arrived = await browser.get(from.headers.location!);
    expect([arrived.status, arrived.headers.get('location')]).toEqual([302, '/?trial=T']);
  });

  it('is not sent in circles by a proxy that names the service otherwise', async () => {
    const { pathname, search } = new URL((await askAs('inside', '/sign-in')).headers.location!);
    const { headers } = await askAs('inside', `${pathname}${search}`);
    expect(new URL(headers.location!).pathname).toBe(`${ISSUER_PATH}/auth`);
  });

  it('keeps the token where no script can read it and no other site can use it, until the token ends', async () => {
    const browser = new Browser(origin);
    const callback = await giveThePassword(browser);
    const done = await browser.get(callback);
    const line = done.headers.getSetCookie().find((each) => each.startsWith(SESSION))!;
    expect(line).toMatch(/; HttpOnly; SameSite=Lax$/);
    expect(Number(/Max-Age=(\d+)/.exec(line)![1])).toBeLessThanOrEqual(8 * 3_600);
    expect(browser.has('cairn-sign-in')).toBe(false);
  });

  it('is told the same of a wrong password and of somebody unknown', async () => {
    const pages = await Promise.all(
      [anna.person, 'nobody@test.example'].map(async (person) => {
        const browser = new Browser(origin);
        const answer = await browser.post(await begin(browser), { person, password: 'guess' });
        expect(answer.status).toBe(401);
        const page = await answer.text();
        return page.replace(formOf(page), '').replace(person, '');
      }),
    );
    expect(pages[0]).toContain('role="alert"');
    expect(pages[1]).toBe(pages[0]);
  });

  it('sees its own input as text', async () => {
    const browser = new Browser(origin);
    const answer = await browser.post(await begin(browser), { person: '"><script>x</script>', password: 'x' });
    expect(await answer.text()).not.toContain('<script>');
  });

  it('comes back only where it began', async () => {
    const callback = await giveThePassword(new Browser(origin));
    const other = new Browser(origin);
    expect((await other.get(callback)).status).toBe(401);
    await begin(other);
    expect((await other.get(callback)).status).toBe(401);
    expect(other.has(SESSION)).toBe(false);
  });

  it('uses a code once', async () => {
    const browser = new Browser(origin);
    const callback = await giveThePassword(browser);
    const twin = browser.copy();
    expect((await browser.get(callback)).status).toBe(302);
    expect((await twin.get(callback)).status).toBe(401);
    expect(twin.has(SESSION)).toBe(false);
  });

  it('posts a form only that it was shown', async () => {
    const form = await begin(new Browser(origin));
    const answer = await new Browser(origin).post(form, right());
    expect(answer.status).toBe(400);
  });

  it.each([
    'https://elsewhere.example/',
    '//elsewhere.example',
    '/\\elsewhere.example',
    '/%2e//elsewhere.example',
    'x',
  ])('is not sent to %s afterwards', async (to) => {
    const browser = new Browser(origin);
    const callback = await giveThePassword(browser, `/sign-in?to=${encodeURIComponent(to)}`);
    const location = (await browser.get(callback)).headers.get('location')!;
    expect(new URL(location, origin).origin).toBe(origin);
  });

  it('is not sent elsewhere by what somebody else wrote into its cookie', async () => {
    const browser = new Browser(origin);
    const callback = await giveThePassword(browser);
    const [, value] = /cairn-sign-in=([^;]+)/.exec(browser.cookiesFor('/'))!;
    const begun = JSON.parse(Buffer.from(value!, 'base64url').toString('utf8')) as object;
    const forged = Buffer.from(JSON.stringify({ ...begun, to: 'https://elsewhere.example/' })).toString('base64url');
    const done = await browser.get(callback, { cookie: `cairn-sign-in=${forged}` });
    expect([done.status, done.headers.get('location')]).toEqual([302, '/']);
  });

  it.each([true, false])('can be used by one person after another; signing out between them: %s', async (signsOut) => {
    const browser = new Browser(origin);
    for (const who of [anna, ben, anna]) {
      const page = await browser.follow(await browser.get(await giveThePassword(browser, undefined, who)));
      expect(await page.text()).toBe(who.person);
      if (signsOut) expect((await browser.post('/sign-out', {})).status).toBe(200);
    }
  });

  it('is asked for the password again after signing out, which only our own page can do', async () => {
    const browser = new Browser(origin);
    await browser.follow(await browser.get(await giveThePassword(browser)));
    expect((await browser.post('/sign-out', {}, 'https://elsewhere.example')).status).toBe(401);
    expect(browser.has(SESSION)).toBe(true);
    expect((await browser.post('/sign-out', {})).status).toBe(200);
    expect(browser.has(SESSION)).toBe(false);
    await begin(browser);
  });

  it('is not believed when a page of another site sends it', async () => {
    const browser = new Browser(origin);
    await browser.follow(await browser.get(await giveThePassword(browser)));
    const statuses = [origin, 'https://elsewhere.example', 'null'].map(
      async (from) => (await browser.post('/anything', {}, from)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 401, 401]);
  });

  it('has one identity at a time', async () => {
    const browser = new Browser(origin);
    await browser.follow(await browser.get(await giveThePassword(browser)));
    const token = await mintToken(issuer.file, { person: 'ben@test.example', tenant: 'test' });
    expect((await browser.get('/', { authorization: `Bearer ${token}` })).status).toBe(302);
    expect((await browser.get('/graphql', { authorization: `Bearer ${token}` })).status).toBe(401);
  });
});

describe('the issuer', () => {
  const authorize = (changed: Readonly<Record<string, string>>) => {
    const asked = {
      client_id: 'cairn-pages',
      response_type: 'code',
      scope: 'openid',
      redirect_uri: `${origin}/sign-in/callback`,
      code_challenge: 'a'.repeat(43),
      code_challenge_method: 'S256',
      ...changed,
    };
    const given = Object.entries(asked).filter(([, value]) => value !== '');
    return fetch(`${origin}/oidc/auth?${new URLSearchParams(given).toString()}`, { redirect: 'manual' });
  };

  it('sends nobody to an address that is not ours', async () => {
    for (const redirect_uri of ['https://elsewhere.example/', `${origin}/sign-in/callback/x`, `${origin}/`]) {
      const answer = await authorize({ redirect_uri });
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    }
    expect((await authorize({ client_id: 'other' })).headers.get('location')).toBeNull();
  });

  it.each([
    ['no PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['PKCE without a hash', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['tokens in the address', { response_type: 'token' }, 'unsupported_response_type'],
    ['another API', { resource: 'https://elsewhere.example' }, 'invalid_target'],
  ])('refuses a request with %s', async (_what, changed, error) => {
    const to = new URL((await authorize(changed)).headers.get('location')!, origin);
    const told = new URLSearchParams(to.search || to.hash.slice(1));
    expect([to.origin, told.get('error')]).toEqual([origin, error]);
  });

  it('has no door beside those that are used', async () => {
    for (const path of [
      'me',
      'reg',
      'token/introspection',
      'token/revocation',
      'session/end',
      'request',
      'device/auth',
    ]) {
      expect((await fetch(`${origin}/oidc/${path}`, { method: 'POST' })).status).toBe(404);
    }
    const headers = { origin: 'https://elsewhere.example' };
    const known = await fetch(`${origin}/oidc/.well-known/openid-configuration`, { headers });
    expect(known.headers.get('access-control-allow-origin')).toBeNull();
    expect(await known.json()).toMatchObject({
      issuer: `${origin}/oidc`,
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
    });
    const keys = (await (await fetch(`${origin}/oidc/jwks`)).json()) as { keys: object[] };
    expect(keys.keys.map((key) => 'd' in key)).toEqual([false]);
  });
});

describe('a machine', () => {
  const ask = (fields: Readonly<Record<string, string>>, secret = issuer.clientSecrets.get('feed')!) =>
    fetch(`${origin}/oidc/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`feed:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...fields }),
    });
  const tokenOf = async (answer: Response) =>
    TokenVerifier.local(issuer.file).verify(((await answer.json()) as { access_token: string }).access_token);

  it('gets a token for its own scopes, for an hour', async () => {
    const answer = await ask({});
    const token = await tokenOf(answer);
    expect(token).toMatchObject({ person: 'feed', tenant: 'test', client: 'feed', name: 'A feed' });
    expect([...token.scopes]).toEqual(feed.scopes);
    expect(token.expiresAt - Date.now()).toBeLessThanOrEqual(3_600_000);
    expect([...(await tokenOf(await ask({ scope: 'cairn:read' }))).scopes]).toEqual(['cairn:read']);
  });

  it.each([
    ['another secret', {}, 'guess'],
    ['a hash in place of the secret', {}, 'HASH'],
    ['a scope that was not granted', { scope: 'cairn:operate' }, undefined],
    ['a password', { grant_type: 'password', username: anna.person, password: 'x' }, undefined],
    ['a code of somebody', { grant_type: 'authorization_code', code: 'x' }, undefined],
    ['a device', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'x' }, undefined],
  ])('gets nothing with %s', async (_what, fields, secret) => {
    const answer = await ask(fields, secret === 'HASH' ? issuer.file.clients[0]!.secret : secret);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await answer.json()).not.toHaveProperty('access_token');
  });
});

it('lets nobody guess passwords for long', async () => {
  const browser = new Browser(origin);
  const form = await begin(browser);
  const guess = async () => (await browser.post(form, { person: 'carl@test.example', password: 'guess' })).status;
  const answers = [];
  for (let n = 0; n < 40; n++) answers.push(await guess());
  expect(answers[0]).toBe(401);
  expect(answers.at(-1)).toBe(429);
  // Even the right one is not looked at any more.
  expect((await browser.post(form, right())).status).toBe(429);
});

it('lets nobody who begins thousands of sign-ins push out those of others', async () => {
  const browser = new Browser(origin);
  const form = await begin(browser);
  const asked = (await browser.get('/sign-in')).headers.get('location')!;
  const statuses = new Map<number, number>();
  for (let n = 0; n < 700; n++) {
    const { status } = await new Browser(origin).get(asked);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect(statuses.get(429)).toBeGreaterThanOrEqual(100);
  expect((await browser.get(form)).status).toBe(200);
});
