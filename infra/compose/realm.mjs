// The realm of Keycloak in which the demo's people are, as its import reads it: made from infra/demo/tenants.json.
import { randomBytes } from 'node:crypto';

/** Of every access token that is for Cairn. */
const AUDIENCE = 'cairn';
/** They narrow what somebody's roles allow. */
const NARROWING = ['cairn:read', 'cairn:record', 'cairn:subscribe'];
/** It allows what no role does, so no person's client may ask for it. */
const OPERATE = 'cairn:operate';
const IN_TOKENS = { 'access.token.claim': 'true', 'id.token.claim': 'true', 'userinfo.token.claim': 'true' };
/** A secret of 256 bits. */
export const secret = () => randomBytes(32).toString('base64url');

/**
 * @param {readonly object[]} tenants as in infra/demo/tenants.json
 * @param {{ publicUrl: string, webSecret: string, operatorSecret: string, password: (person: string) => string }} options
 *   `password` is asked for each person, and for each machine, whose client secret it is then
 */
export function realmOf(tenants, { publicUrl, webSecret, operatorSecret, password }) {
  return {
    realm: 'cairn',
    enabled: true,
    displayName: 'Cairn',
    sslRequired: 'all',
    registrationAllowed: false,
    resetPasswordAllowed: false,
    editUsernameAllowed: false,
    bruteForceProtected: true,
    accessTokenLifespan: 300,
    ssoSessionIdleTimeout: 1_800,
    ssoSessionMaxLifespan: 36_000,
    passwordPolicy: 'length(12) and notUsername(undefined)',
    clientScopes: [
      person(),
      machine(),
      scope('profile', true, [mapper('name', 'oidc-full-name-mapper', IN_TOKENS)]),
      scope('email', true, [property('email', 'email')]),
      ...[...NARROWING, OPERATE].map((name) => scope(name, true, [])),
    ],
    defaultDefaultClientScopes: [],
    defaultOptionalClientScopes: [],
    clients: [
      {
        clientId: 'cairn-web',
        secret: webSecret,
        clientAuthenticatorType: 'client-secret',
        standardFlowEnabled: true,
        directAccessGrantsEnabled: false,
        redirectUris: [`${publicUrl}/sign-in/callback`],
        webOrigins: [],
        attributes: { 'pkce.code.challenge.method': 'S256', 'post.logout.redirect.uris': `${publicUrl}/` },
        defaultClientScopes: ['cairn-person', 'profile', 'email'],
        optionalClientScopes: NARROWING,
      },
      {
        // A command line has no browser: it shows a code that its user types in elsewhere (RFC 8628).
        clientId: 'cairn-cli',
        publicClient: true,
        standardFlowEnabled: false,
        directAccessGrantsEnabled: false,
        attributes: { 'oauth2.device.authorization.grant.enabled': 'true', 'access.token.lifespan': '7200' },
        defaultClientScopes: ['cairn-person', 'profile', 'email'],
        optionalClientScopes: NARROWING,
      },
      machineClient('operator', 'operations', [OPERATE], operatorSecret),
      ...tenants.flatMap(({ tenant, machines }) =>
        machines.map(({ person: id, scopes }) => machineClient(id, tenant, scopes, password(id))),
      ),
    ],
    users: tenants.flatMap(({ tenant, administrator, manager, people }) =>
      [administrator, manager, ...people].map(({ person: id, name }) => ({
        username: id,
        email: id,
        emailVerified: true,
        enabled: true,
        firstName: name,
        attributes: { tenant: [tenant] },
        credentials: [{ type: 'password', value: password(id), temporary: false }],
      })),
    ),
    components: { 'org.keycloak.userprofile.UserProfileProvider': [userProfile()] },
  };
}

/** Who somebody is, in which tenant, and when they proved it; and that the token is for Cairn. */
function person() {
  return scope('cairn-person', false, [
    property('sub', 'username'),
    audience(),
    mapper('tenant', 'oidc-usermodel-attribute-mapper', {
      ...claim('tenant'),
      ...IN_TOKENS,
      'user.attribute': 'tenant',
    }),
    mapper('auth_time', 'oidc-usersessionmodel-note-mapper', {
      ...claim('auth_time', 'long'),
      ...IN_TOKENS,
      'user.session.note': 'AUTH_TIME',
    }),
  ]);
}

const machine = () => scope('cairn-machine', false, [audience()]);

function machineClient(clientId, tenant, scopes, clientSecret) {
  const fixed = (name, value) =>
    mapper(name, 'oidc-hardcoded-claim-mapper', { ...claim(name), ...IN_TOKENS, 'claim.value': value });
  return {
    clientId,
    secret: clientSecret,
    clientAuthenticatorType: 'client-secret',
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: false,
    // The narrower its token, the better: these it has whether it asks for them or not.
    defaultClientScopes: ['cairn-machine', ...scopes],
    optionalClientScopes: [],
    protocolMappers: [fixed('sub', clientId), fixed('tenant', tenant)],
  };
}

/** Whose tenant somebody is says whoever administers the realm, never they themselves. */
function userProfile() {
  const attribute = (name, edit) => ({ name, permissions: { view: ['admin', 'user'], edit }, multivalued: false });
  const attributes = [
    attribute('username', ['admin']),
    attribute('email', ['admin']),
    attribute('firstName', ['admin', 'user']),
    attribute('lastName', ['admin', 'user']),
    attribute('tenant', ['admin']),
  ];
  return {
    providerId: 'declarative-user-profile',
    config: { 'kc.user.profile.config': [JSON.stringify({ attributes, groups: [] })] },
  };
}

function scope(name, inToken, protocolMappers) {
  const attributes = { 'include.in.token.scope': String(inToken), 'display.on.consent.screen': 'false' };
  return { name, protocol: 'openid-connect', attributes, protocolMappers };
}

const mapper = (name, protocolMapper, config) => ({ name, protocol: 'openid-connect', protocolMapper, config });

const claim = (name, type = 'String') => ({ 'claim.name': name, 'jsonType.label': type });

const property = (name, of) =>
  mapper(name, 'oidc-usermodel-property-mapper', { ...claim(name), ...IN_TOKENS, 'user.attribute': of });

const audience = () =>
  mapper('audience', 'oidc-audience-mapper', {
    'included.custom.audience': AUDIENCE,
    'access.token.claim': 'true',
    'id.token.claim': 'false',
  });
