import { Authenticator, Unauthenticated } from './authenticator.js';

const authenticator = (...given: readonly string[]) =>
  new Authenticator({
    verify: async () => ({
      tenant: 'enrich',
      person: 'anna',
      name: 'Anna',
      client: undefined,
      session: 's',
      scopes: new Set(given),
      expiresAt: Infinity,
      authenticatedAt: undefined,
    }),
  });
const reason = (tokens: readonly string[], ...given: readonly string[]) =>
  authenticator(...given)
    .identify(tokens)
    .then(
      () => undefined,
      (error: unknown) => (error instanceof Unauthenticated ? error.reason : error),
    );

test('one token is somebody; none and two are nobody', async () => {
  expect(await authenticator().identify(['one'])).toMatchObject({ tenant: 'enrich', person: 'anna' });
  expect(await reason([])).toBe('NO_TOKEN');
  expect(await reason(['one', 'other'])).toBe('SEVERAL_TOKENS');
});

test('scopes of others are none of ours', async () => {
  const { scopes } = await authenticator('openid', 'email', 'cairn:read').identify(['one']);
  expect([...scopes]).toEqual(['cairn:read']);
});

test.each(['cairn:READ', 'CAIRN:read', 'cairn:operatex', 'cairn:'])(
  'a misspelt scope of ours (%s) does not make a token good for more',
  async (scope) => {
    expect(await reason(['one'], 'cairn:record', scope)).toBe('SCOPE_UNKNOWN');
    expect(await reason(['one'], scope)).toBe('SCOPE_UNKNOWN');
  },
);
