import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { scopes } from '@cairn/access';
import { hashSecret, type IssuerFile, matchesSecret } from '@cairn/platform/identity';
import Provider, { type Configuration, errors, interactionPolicy } from 'oidc-provider';
import type { UnexpectedError } from '../graphql/errors.js';
import { addressOf } from '../limits/client-address.js';
import { Budget } from '../limits/budget.js';
import { answerUnexpected } from '../operations/edge-errors.filter.js';
import { answerPage, escapeHtml, pageOf } from './html.js';
import { issuerMemory } from './issuer-memory.js';
import type { PasswordCheck } from './password-check.js';
import { serveSignInForm } from './sign-in-form.js';

/** Path under which the issuer is on the service's own origin. */
export const ISSUER_PATH = '/oidc';
/** Who signs in through a browser works for a day at the most; a machine can ask again. In seconds. */
const HOUR = 3_600;
const LIFETIME = { person: 8 * HOUR, machine: HOUR, signIn: 600, code: 60 };
/**
 * Sign-ins that are begun from one address in a minute. Each is remembered until it has ended or expired, and who begins
 * thousands must not push out those of others.
 */
const BEGUN = 600;
/** How a token request names this API; tokens say the file's audience. */
const RESOURCE = 'urn:cairn:api';

/** An OIDC issuer in this process, for whoever has no other. */
export interface EmbeddedIssuer {
  /** The client through which this service's own pages sign in; its secret lives as long as the process. */
  readonly pages: { readonly id: string; readonly secret: string };
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/** @param passwords by which people prove who they are */
export function embeddedIssuer(
  file: IssuerFile,
  callback: URL,
  passwords: PasswordCheck,
  unexpected: UnexpectedError,
): EmbeddedIssuer {
  const pages = { id: 'cairn-pages', secret: randomBytes(32).toString('base64url') };
  const provider = new Provider(file.url, configurationOf(file, pages, callback));
  provider.proxy = callback.protocol === 'https:';
  // The file has hashes of secrets, never the secrets.
  const hashes = new Map(file.clients.map(({ client, secret }) => [client, secret]));
  hashes.set(pages.id, hashSecret(pages.secret));
  const { prototype } = provider.Client as unknown as { prototype: SecretHolder };
  prototype.compareClientSecret = function (actual) {
    return matchesSecret(actual, hashes.get(this.clientId) ?? '');
  };
  // The library lets pages of any origin read what is public; none has business here.
  provider.use(async (context, next) => {
    await next();
    for (const name of Object.keys(context.response.headers)) {
      if (name.startsWith('access-control-')) context.remove(name);
    }
  });
  provider.on('server_error', (_context, error) => unexpected(randomUUID(), error));

  const answer = provider.callback();
  const begun = new Budget(60);
  const begin = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const wait = await begun.spend(addressOf(request), 1, BEGUN);
    if (wait > 0) answerPage(response, 429, 'Sign in', '<p>Too many begin here now. <a href="/">Begin again</a>.</p>');
    else await answer(request, response);
  };
  return {
    pages,
    handle: (request, response) => {
      const done = request.url!.startsWith('/interaction/')
        ? serveSignInForm(request, response, provider, passwords)
        : /^\/auth(\?|$)/.test(request.url!)
          ? begin(request, response)
          : answer(request, response);
      done.catch((error: unknown) => answerUnexpected(response, error, unexpected));
    },
  };
}

/** The part of the library's client that compares secrets. */
interface SecretHolder {
  readonly clientId: string;
  compareClientSecret(actual: string): boolean;
}

function configurationOf(file: IssuerFile, pages: EmbeddedIssuer['pages'], callback: URL): Configuration {
  const people = new Map(file.people.map((each) => [each.person, each]));
  const machines = new Map(file.clients.map((each) => [each.client, each]));
  // People are limited by their roles; scopes are for machines.
  const scopesOf = (client: string): string => machines.get(client)?.scopes.join(' ') ?? '';
  const policy = interactionPolicy.base();
  // The only pages are our own, so there is nothing to consent to.
  policy.remove('consent');

  return {
    adapter: issuerMemory(),
    jwks: { keys: file.keys.map((key) => ({ ...key })) },
    clients: [
      {
        client_id: pages.id,
        client_secret: pages.secret,
        redirect_uris: [callback.href],
        token_endpoint_auth_method: 'client_secret_post',
      },
      ...file.clients.map(({ client, name, secret, scopes: granted }) => ({
        client_id: client,
        client_name: name,
        client_secret: secret,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        scope: granted.join(' '),
      })),
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    scopes: ['openid', ...scopes],
    claims: { openid: ['sub'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    cookies: { keys: [...file.cookieKeys] },
    clientBasedCORS: () => false,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource, client) => {
          if (resource !== RESOURCE) throw new errors.InvalidTarget();
          return {
            scope: scopesOf(client.clientId),
            audience: file.audience,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'ES256' } },
          };
        },
      },
    },
    // A machine that asks for no scope gets all of its own: a token without any would be limited by roles alone.
    formats: {
      customizers: {
        jwt: (_context, token, { payload }) => {
          if (token.kind === 'ClientCredentials') payload['scope'] ??= scopesOf(String(payload['client_id']));
        },
      },
    },
    extraTokenClaims: ({ oidc }, token) => {
      const known = token.kind === 'AccessToken' ? people.get(token.accountId) : machines.get(token.clientId ?? '');
      // Whoever signs something proves anew who they are, and this says when they last did.
      const signedInAt = oidc.entities.AuthorizationCode?.authTime;
      return (
        known && { tenant: known.tenant, name: known.name, ...(signedInAt !== undefined && { auth_time: signedInAt }) }
      );
    },
    findAccount: (_context, person) =>
      people.has(person) ? { accountId: person, claims: () => ({ sub: person }) } : undefined,
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client!.clientId,
        accountId: oidc.session!.accountId!,
      });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    interactions: { policy, url: (_context, { uid }) => `${ISSUER_PATH}/interaction/${uid}` },
    ttl: {
      AccessToken: LIFETIME.person,
      AuthorizationCode: LIFETIME.code,
      ClientCredentials: LIFETIME.machine,
      Grant: LIFETIME.person,
      IdToken: LIFETIME.signIn,
      Interaction: LIFETIME.signIn,
      Session: LIFETIME.person,
    },
    renderError: (context, { error }) => {
      const what = `<p>This sign-in is not one (${escapeHtml(error)}).</p>`;
      context.type = 'html';
      context.body = pageOf('Sign in', `${what}<p><a href="/">Begin again</a>.</p>`);
    },
  };
}
