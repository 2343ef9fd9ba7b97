import { ConfigurationError, readConfiguration } from './configuration.js';

const url = 'postgres://postgres@localhost/cairn?host=%2Ftmp%2Fsocket';

it('needs nothing but a database and an issuer', () => {
  expect(readConfiguration({ DATABASE_URL: url, PORT: '', ISSUER_FILE: '/data/issuer.json' })).toMatchObject({
    databaseUrl: url,
    host: '127.0.0.1',
    port: 4_000,
    identity: { kind: 'embedded', issuerFile: '/data/issuer.json' },
    introspection: true,
  });
});

it('names every setting that is wrong at once, and no value', () => {
  const wrong = () =>
    readConfiguration({ DATABASE_URL: 'mysql://u:secret@h/d', PORT: '70000', INTROSPECTION: 'perhaps' });
  expect(wrong).toThrow(ConfigurationError);
  expect(wrong).toThrow(/DATABASE_URL[^]*PORT[^]*INTROSPECTION[^]*OIDC_ISSUER/);
  expect(wrong).not.toThrow(/secret/);
});

describe('an issuer elsewhere', () => {
  const remote = { DATABASE_URL: url, OIDC_ISSUER: 'https://id.example/realm', OIDC_AUDIENCE: 'cairn' };

  it('is believed, and signs people in where it knows this service as a client', () => {
    const browser = { OIDC_CLIENT_ID: 'cairn', PUBLIC_URL: 'https://cairn.example' };
    const known = { kind: 'remote', issuer: 'https://id.example/realm', audience: 'cairn', tenantClaim: 'tenant' };
    expect(readConfiguration(remote).identity).toEqual({ ...known, browser: undefined });
    expect(readConfiguration({ ...remote, ...browser }).identity).toMatchObject({
      ...known,
      browser: { clientId: 'cairn', clientSecret: undefined, publicUrl: 'https://cairn.example' },
    });
  });

  it.each([
    ['neither issuer', { OIDC_ISSUER: '' }, 'OIDC_ISSUER'],
    ['both issuers', { ISSUER_FILE: 'issuer.json' }, 'OIDC_ISSUER'],
    ['tokens for anybody', { OIDC_AUDIENCE: '' }, 'OIDC_AUDIENCE'],
    ['keys that come over plain http', { OIDC_ISSUER: 'http://id.example' }, 'OIDC_ISSUER'],
    ['nowhere to come back to', { OIDC_CLIENT_ID: 'cairn' }, 'PUBLIC_URL'],
    ['a secret of nobody', { OIDC_CLIENT_SECRET: 'secret' }, 'OIDC_CLIENT_ID'],
    ['a part of a host', { PUBLIC_URL: 'https://cairn.example/trials' }, 'PUBLIC_URL'],
  ])('is not taken with %s', (_what, changed, named) => {
    expect(() => readConfiguration({ ...remote, ...changed })).toThrow(new RegExp(`^${named}: [^\n]*$`));
  });

  it('cannot be meant when only the embedded one is named', () => {
    const forgotten = { DATABASE_URL: url, ISSUER_FILE: 'issuer.json', OIDC_AUDIENCE: 'cairn' };
    expect(() => readConfiguration(forgotten)).toThrow(/^OIDC_ISSUER: goes with OIDC_AUDIENCE$/);
  });

  it('may be on this machine', () => {
    expect(readConfiguration({ ...remote, OIDC_ISSUER: 'http://localhost:9000' }).identity.kind).toBe('remote');
  });
});
