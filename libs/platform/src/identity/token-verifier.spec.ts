import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { IssuerUnreachable, TokenRefused } from './token-refused.js';
import { TokenVerifier } from './token-verifier.js';

/** An issuer somewhere else, whose keys and health a test decides. */
class FakeIssuer {
  readonly asked: string[] = [];
  readonly keys = new Map<string, CryptoKey>();
  status = 200;
  /** What it calls itself; its address, unless told. */
  name: string | undefined;
  private readonly published = new Map<string, object>();
  private readonly server = http.createServer((request, response) => {
    this.asked.push(request.url!);
    response.statusCode = this.status;
    const known: Record<string, object> = {
      '/.well-known/openid-configuration': { issuer: this.name ?? this.url, jwks_uri: `${this.url}/keys` },
      '/keys': { keys: [...this.published.values()] },
    };
    response.end(JSON.stringify(known[request.url!] ?? {}));
  });

  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, 'localhost', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** A new key, told to whoever asks or not yet. */
  async addKey(kid: string, published = true): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    this.keys.set(kid, privateKey);
    if (published) this.published.set(kid, { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' });
  }

  withdraw(kid: string): void {
    this.published.delete(kid);
  }

  token(kid: string, changed: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: this.url, aud: 'cairn', sub: 'anna', org: 'test', iat: now, exp: now + 60, ...changed };
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' }).sign(this.keys.get(kid)!);
  }
}

let issuer: FakeIssuer;
beforeEach(async () => {
  issuer = await new FakeIssuer().start();
  await issuer.addKey('first');
});
afterEach(() => issuer.stop());

const verifier = (clock?: () => number) =>
  TokenVerifier.remote({ issuer: issuer.url, audience: 'cairn', tenantClaim: 'org' }, clock);
const refusalOf = (verifying: Promise<unknown>): Promise<unknown> =>
  verifying.then(
    () => 'none',
    (error: unknown) => (error instanceof TokenRefused ? error.reason : error),
  );

it('reads an issuer’s tokens, and asks for its keys once', async () => {
  const tokens = verifier();
  const token = await issuer.token('first', { name: 'Anna', azp: 'pages', sid: 's1', scope: 'cairn:read openid' });
  expect(await tokens.verify(token)).toMatchObject({
    person: 'anna',
    tenant: 'test',
    name: 'Anna',
    client: 'pages',
    session: 's1',
    scopes: new Set(['cairn:read', 'openid']),
  });
  await tokens.verify(await issuer.token('first', { aud: ['other', 'cairn'] }));
  expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
});

it.each([{ scope: ['cairn:read', 'openid'] }, { scp: 'cairn:read openid' }, { scp: ['cairn:read', 'openid'] }])(
  'finds scopes in %j as well: what narrows a token is not overlooked',
  async (claims) => {
    const { scopes } = await verifier().verify(await issuer.token('first', claims));
    expect([...scopes]).toEqual(['cairn:read', 'openid']);
  },
);

it('names a session for tokens of issuers that name none', async () => {
  const tokens = verifier();
  const [one, other] = [await issuer.token('first'), await issuer.token('first', { name: 'Other' })];
  const session = async (token: string) => (await tokens.verify(token)).session;
  expect(await session(one)).toBe(await session(one));
  expect(await session(one)).not.toBe(await session(other));
});

it('follows a rotation, and is not made to ask again and again by keys that nobody knows', async () => {
  const tokens = verifier();
  await tokens.verify(await issuer.token('first'));
  // Keys that were fetched a moment ago are not fetched again, whoever claims that there are new ones.
  await issuer.addKey('unpublished', false);
  for (let n = 0; n < 20; n++) {
    expect(await refusalOf(tokens.verify(await issuer.token('unpublished', { n })))).toBe('KEY_UNKNOWN');
  }
  expect(issuer.asked).toHaveLength(2);
});

it('knows a key that came and forgets one that went', async () => {
  let now = Date.now();
  const real = Date.now;
  Date.now = () => now;
  try {
    const tokens = verifier(() => now);
    const later = { exp: Math.floor(now / 1_000) + 7_200 };
    await tokens.verify(await issuer.token('first', later));
    await issuer.addKey('second');
    issuer.withdraw('first');
    now += 31_000;
    expect(await tokens.verify(await issuer.token('second', later))).toMatchObject({ person: 'anna' });
    expect(await refusalOf(tokens.verify(await issuer.token('first', { ...later, n: 1 })))).toBe('KEY_UNKNOWN');
    expect(issuer.asked.filter((path) => path === '/keys')).toHaveLength(2);
  } finally {
    Date.now = real;
  }
});

it('asks nobody for tokens that would be none anyway', async () => {
  const tokens = verifier();
  const others = [{ iss: 'http://localhost:1' }, { aud: 'other' }, { exp: 1 }, { org: undefined }, { nonce: 'n' }];
  for (const changed of others)
    expect(await refusalOf(tokens.verify(await issuer.token('first', changed)))).toMatch(/./);
  expect(issuer.asked).toEqual([]);
});

it('says when it cannot tell, does not insist, and recovers', async () => {
  let now = Date.now();
  const real = Date.now;
  Date.now = () => now;
  try {
    const tokens = verifier(() => now);
    const token = await issuer.token('first');
    issuer.status = 500;
    for (let n = 0; n < 5; n++) expect(await refusalOf(tokens.verify(token))).toBeInstanceOf(IssuerUnreachable);
    expect(issuer.asked).toHaveLength(1);
    issuer.status = 200;
    now += 6_000;
    expect(await tokens.verify(token)).toMatchObject({ person: 'anna' });
  } finally {
    Date.now = real;
  }
});

it('does not take another issuer’s description for the right one', async () => {
  issuer.name = 'https://elsewhere.example';
  expect(await refusalOf(verifier().verify(await issuer.token('first')))).toBeInstanceOf(IssuerUnreachable);
});

it('tolerates clocks that differ by seconds, also of a token that it knows', async () => {
  let now = Date.now();
  const tokens = verifier(() => now);
  const issued = Math.floor(now / 1_000);
  const token = await issuer.token('first', { iat: issued + 4, nbf: issued + 4, exp: issued + 60 });
  await tokens.verify(token);
  now = (issued + 64) * 1_000;
  await tokens.verify(token);
  now = (issued + 65) * 1_000;
  expect(await refusalOf(tokens.verify(token))).toBe('EXPIRED');
});
