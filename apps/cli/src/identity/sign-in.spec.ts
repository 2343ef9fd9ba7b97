import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { prepareIssuerFile } from '@cairn/platform/identity';
import { decodeJwt } from 'jose';
import { readConfiguration } from '../configuration.js';
import { run } from '../program.js';
import { type Asking, signIn } from './sign-in.js';

const dataDir = mkdtempSync(join(tmpdir(), 'cairn-sign-in-'));
const url = 'http://localhost:4000';
beforeAll(() =>
  prepareIssuerFile(join(dataDir, 'issuer.json'), {
    url: 'http://10.1.2.3:4000/oidc',
    people: [
      { person: 'manager@enrich.example', name: 'Manager', tenant: 'enrich' },
      { person: 'anna', name: 'Anna', tenant: 'northstar' },
    ],
    clients: [{ client: 'feed', name: 'Feed', tenant: 'enrich', scopes: ['cairn:subscribe'] }],
  }),
);
afterAll(() => rmSync(dataDir, { recursive: true }));

/** What the token says that a command would ask with. */
async function claimsOf(asking: Partial<Asking>, environment: Readonly<Record<string, string>> = {}) {
  const configuration = readConfiguration({ CAIRN_DATA_DIR: dataDir, ...environment });
  const { server } = await signIn({ url, ...asking }, configuration);
  return server.token === 'given' ? 'given' : decodeJwt(server.token);
}

test('without anything said, the trial manager of the tenant asks', async () => {
  expect(await claimsOf({})).toMatchObject({ sub: 'manager@enrich.example', tenant: 'enrich', name: 'Manager' });
  // Of a tenant that is yet to begin.
  const environment = { CAIRN_TENANT: 'new' };
  expect(await claimsOf({}, environment)).toMatchObject({ sub: 'manager@new.example', tenant: 'new' });
  expect(await claimsOf({ tenant: 'newer' }, environment)).toMatchObject({ sub: 'manager@newer.example' });
});

test('somebody who is named asks for their own tenant, and a machine for what it may', async () => {
  const anna = await claimsOf({ as: 'anna' });
  expect(anna).toMatchObject({ sub: 'anna', tenant: 'northstar', aud: 'cairn', iss: 'http://10.1.2.3:4000/oidc' });
  expect(anna).not.toHaveProperty('scope');
  expect(await claimsOf({ as: 'feed' })).toMatchObject({ sub: 'feed', client_id: 'feed', scope: 'cairn:subscribe' });
});

test('a token that is given is used, unless the command line names somebody', async () => {
  const environment = { CAIRN_TOKEN: 'given' };
  expect(await claimsOf({}, environment)).toBe('given');
  expect(await claimsOf({ token: 'given' })).toBe('given');
  expect(await claimsOf({ as: 'anna' }, environment)).toMatchObject({ sub: 'anna' });
});

test.each<[string, Partial<Asking>, RegExp]>([
  ['nobody like that', { as: 'ann' }, /knows nobody called ann; it knows manager@enrich.example, anna, feed$/],
  ['somebody of another tenant', { as: 'anna', tenant: 'enrich' }, /is of the tenant northstar, not of enrich$/],
  ['a server elsewhere', { url: 'http://cairn.example' }, /is not sent to http:\/\/cairn.example/],
  ['an address that is none', { url: 'cairn' }, /is not an http address/],
])('%s', async (_what, asking, message) => {
  await expect(claimsOf(asking)).rejects.toThrow(message);
});

test("the issuer's own host is no other machine", async () => {
  expect(await claimsOf({ url: 'http://10.1.2.3:4000' })).toMatchObject({ sub: 'manager@enrich.example' });
});

test('neither a token nor a data folder', async () => {
  const environment = { CAIRN_DATA_DIR: join(dataDir, 'nowhere') };
  await expect(claimsOf({}, environment)).rejects.toThrow(/there is no token .* does not exist; CAIRN_DATA_DIR names/);
});

describe('cairn token', () => {
  async function token(...args: readonly string[]) {
    const written = { out: '', err: '' };
    const into = (name: 'out' | 'err') =>
      new Writable({
        decodeStrings: false,
        write: (text, _encoding, done) => {
          written[name] += String(text);
          done();
        },
      });
    const configuration = readConfiguration({ CAIRN_DATA_DIR: dataDir });
    const exitCode = await run(['token', ...args], configuration, { out: into('out'), err: into('err') });
    return { exitCode, ...written };
  }

  test('prints a token and nothing else', async () => {
    const { exitCode, out, err } = await token('anna', '--scope', 'cairn:read cairn:record', '--expires-in', '60');
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const claims = decodeJwt(out.trim());
    expect(claims).toMatchObject({ sub: 'anna', tenant: 'northstar', scope: 'cairn:read cairn:record' });
    expect(claims.exp! - claims.iat!).toBe(60);
  });

  test.each([
    [['nobody'], 'knows nobody called nobody'],
    [['anna', '--tenant', 'enrich'], 'is of the tenant northstar'],
    [['anna', '--scope', 'cairn:everything'], 'the scopes of a token are among cairn:read'],
    [['anna', '--scope', ''], 'the scopes of a token are among cairn:read'],
  ])('%j is refused', async (args, message) => {
    const { exitCode, out, err } = await token(...args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toContain(message);
  });
});
