import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { Browser, formOf } from '../support/browser.js';
import { runApi, type RunningApi, setUpTrial } from '../support/running-api.js';

const anna = { person: 'anna@test.example', name: 'Anna', tenant: 'test' };
let running: RunningApi;
let browser: Browser;

beforeAll(async () => {
  running = await runApi({}, { people: [anna] });
  await setUpTrial(running, 'T');
  await running.as(anna.person, { roles: [{ role: 'trial_manager' }] });
  await running.graphql(`{ trial(id: "T", minPosition: "${await running.store.head('test')}") { id } }`);
  browser = new Browser(running.url);
  const form = await browser.follow(await browser.get('/'));
  const given = { person: anna.person, password: running.issuer.password! };
  const page = await browser.follow(await browser.post(formOf(await form.text()), given));
  expect([page.url, page.status]).toEqual([`${running.url}/`, 200]);
}, 60_000);
afterAll(() => running.close());

it('is served to whoever has signed in, with what it is made of', async () => {
  const page = await browser.get('/');
  const policy = page.headers.get('content-security-policy')!;
  expect(policy).toContain("form-action 'self'");
  expect(policy).not.toContain("script-src 'self' 'unsafe-inline'");
  // With `no-referrer` a browser would send `Origin: null` with the page's own form.
  expect(page.headers.get('referrer-policy')).toBe('same-origin');
  const html = await page.text();
  const parts = [...html.matchAll(/(?:href|src)="([^":]+)"/g)].map(([, path]) => path!);
  expect(parts).toEqual(['page.css', 'page.js']);
  for (const path of parts) expect((await browser.get(`/${path}`)).status).toBe(200);
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=/);
});

it('asks the API by its cookie', async () => {
  const answer = await fetch(`${running.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: browser.cookiesFor('/graphql'), origin: running.url },
    body: JSON.stringify({ query: '{ viewer { id name roles } }' }),
  });
  expect(await answer.json()).toEqual({
    data: { viewer: { id: anna.person, name: anna.name, roles: ['trial_manager'] } },
  });
});

it('subscribes by its cookie, from its own origin only', async () => {
  const client = (origin: string): Client =>
    createClient({
      url: `${running.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: class extends WebSocket {
        constructor(url: string, protocol: string) {
          super(url, protocol, { headers: { cookie: browser.cookiesFor('/graphql'), origin } });
        }
      },
      retryAttempts: 0,
    });
  const query = 'subscription { engagementChanged(trial: "T") { position } }';
  const own = client(running.url);
  for await (const { data } of own.iterate({ query })) {
    expect(data).toMatchObject({ engagementChanged: { position: expect.any(String) } });
    break;
  }
  await own.dispose();
  await expect(client('https://elsewhere.example').iterate({ query }).next()).rejects.toBeDefined();
});
