import { ConfigurationError } from '@cairn/platform/settings';
import { readConfiguration } from './configuration.js';

const url = 'postgres://postgres@localhost/cairn?host=%2Ftmp%2Fsocket';
const secret = { CAIRN_MASKING_SECRET: 'm'.repeat(32), CAIRN_KEYS_DIR: '/data/keys' };

it('needs nothing but a database, an issuer and a secret', () => {
  expect(readConfiguration({ DATABASE_URL: url, PORT: '', ISSUER_FILE: '/data/issuer.json', ...secret })).toMatchObject(
    {
      databaseUrl: url,
      host: '127.0.0.1',
      port: 4_000,
      identity: { kind: 'embedded', issuerFile: '/data/issuer.json' },
      maskingSecret: secret.CAIRN_MASKING_SECRET,
      keys: { kind: 'file', dir: '/data/keys' },
      introspection: true,
    },
  );
});

it('names every setting that is wrong at once, and no value', () => {
  const wrong = () =>
    readConfiguration({
      DATABASE_URL: 'mysql://u:secret@h/d',
      PORT: '70000',
      INTROSPECTION: 'perhaps',
      CAIRN_MASKING_SECRET: 'too short',
      CAIRN_KEYS: 'paper',
    });
  expect(wrong).toThrow(ConfigurationError);
  expect(wrong).toThrow(
    /DATABASE_URL[^]*PORT[^]*INTROSPECTION[^]*CAIRN_MASKING_SECRET[^]*CAIRN_KEYS[^]*OIDC_ISSUER[^]*CAIRN_KEYS_DIR/,
  );
  expect(wrong).not.toThrow(/u:secret|too short/);
});

it('takes keys from a Vault, which has an address and a token', () => {
  const known = { DATABASE_URL: url, ISSUER_FILE: 'issuer.json', ...secret, CAIRN_KEYS: 'vault' };
  const vault = { VAULT_ADDR: 'https://vault.example:8200', VAULT_TOKEN: 'token' };
  expect(readConfiguration({ ...known, ...vault, VAULT_KV_MOUNT: 'kv/cairn' }).keys).toEqual({
    kind: 'vault',
    vault: { address: vault.VAULT_ADDR, token: 'token', namespace: undefined },
    mounts: { transit: 'transit', kv: 'kv/cairn' },
  });
  expect(() => readConfiguration(known)).toThrow(/^VAULT_ADDR: .*\nVAULT_TOKEN: [^\n]*$/);
});

describe('an issuer elsewhere', () => {
  const remote = { DATABASE_URL: url, OIDC_ISSUER: 'https://id.example/realm', OIDC_AUDIENCE: 'cairn', ...secret };

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
    const forgotten = { DATABASE_URL: url, ISSUER_FILE: 'issuer.json', OIDC_AUDIENCE: 'cairn', ...secret };
    expect(() => readConfiguration(forgotten)).toThrow(/^OIDC_ISSUER: goes with OIDC_AUDIENCE$/);
  });

  it('may be on this machine', () => {
    expect(readConfiguration({ ...remote, OIDC_ISSUER: 'http://localhost:9000' }).identity.kind).toBe('remote');
  });
});
