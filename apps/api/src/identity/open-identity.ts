import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { readIssuerFile, TokenVerifier } from '@cairn/platform/identity';
import * as oidc from 'openid-client';
import type { Configuration } from '../configuration.js';
import type { UnexpectedError } from '../graphql/errors.js';
import { Authenticator } from './authenticator.js';
import { Cookie } from './cookies.js';
import type { OwnPages } from './credentials.js';
import { embeddedIssuer } from './embedded-issuer.js';
import { Reauthentication } from '../signatures/reauthentication.js';
import { PasswordCheck } from './password-check.js';
import { CALLBACK, SIGN_IN, SignIn } from './sign-in.js';

/** All by which the service learns who asks. */
export interface IdentityParts {
  readonly authenticator: Authenticator;
  /** By which people prove anew who they are when they sign something. */
  readonly reauthentication: Reauthentication;
  readonly own: OwnPages;
  /** Where browsers sign in, if they can. */
  readonly signIn: string | undefined;
  /** Serves the sign-in. @returns whether the request was for it */
  readonly serveSignIn: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** The embedded issuer, to be mounted at its path. */
  readonly issuer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

const STYLESHEET = path.resolve(import.meta.dirname, '../../public/page.css');

/**
 * @param localUrl where this process reaches itself, once it listens
 * @throws InvalidIssuerFile, or the file system's error, when the embedded issuer's file is none
 */
export async function openIdentity(
  { identity }: Pick<Configuration, 'identity'>,
  localUrl: () => string,
  unexpected: UnexpectedError,
): Promise<IdentityParts> {
  return identity.kind === 'embedded'
    ? openEmbedded(identity.issuerFile, localUrl, unexpected)
    : openRemote(identity, unexpected);
}

type Remote = Extract<Configuration['identity'], { kind: 'remote' }>;

async function openEmbedded(
  issuerFile: string,
  localUrl: () => string,
  unexpected: UnexpectedError,
): Promise<IdentityParts> {
  const file = await readIssuerFile(issuerFile);
  const own = ownPages(new URL(new URL(file.url).origin));
  const verifier = TokenVerifier.local(file);
  const authenticator = new Authenticator(verifier);
  const passwords = new PasswordCheck(file.people);
  const issuer = embeddedIssuer(file, new URL(CALLBACK, own.publicUrl), passwords, unexpected);
  const at = (endpoint: string): string => `${file.url}/${endpoint}`;
  const client = new oidc.Configuration(
    { issuer: file.url, authorization_endpoint: at('auth'), token_endpoint: at('token'), jwks_uri: at('jwks') },
    issuer.pages.id,
    { client_secret: issuer.pages.secret, id_token_signed_response_alg: 'ES256' },
  );
  // Between this process and itself.
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the library's way to make one look twice
  oidc.allowInsecureRequests(client);
  // The address for browsers need not lead back here from inside of a container.
  client[oidc.customFetch] = (url, options) => fetch(url.replace(own.publicUrl.origin, localUrl()), options);
  const signIn = new SignIn({
    client: async () => client,
    // Asks for the password even if the browser is known: signing out would otherwise mean little.
    parameters: { scope: 'openid', prompt: 'login' },
    own,
    authenticator,
    stylesheet: STYLESHEET,
    unexpected,
  });
  return {
    ...signingIn(signIn),
    authenticator,
    reauthentication: new Reauthentication(verifier, passwords),
    own,
    issuer: (request, response) => issuer.handle(request, response),
  };
}

function openRemote(remote: Remote, unexpected: UnexpectedError): IdentityParts {
  const { issuer, audience, tenantClaim, browser } = remote;
  const verifier = TokenVerifier.remote({ issuer, audience, tenantClaim });
  const authenticator = new Authenticator(verifier);
  const reauthentication = new Reauthentication(verifier, undefined);
  if (browser === undefined) {
    const noSignIn = { signIn: undefined, serveSignIn: () => false };
    return { ...noSignIn, authenticator, reauthentication, own: ownPages(undefined), issuer: undefined };
  }
  const own = ownPages(new URL(browser.publicUrl));
  let client: Promise<oidc.Configuration> | undefined;
  const signIn = new SignIn({
    client: () =>
      (client ??= discover(remote, browser).catch((error: unknown) => {
        client = undefined;
        throw error;
      })),
    parameters: {
      scope: browser.scope,
      // Issuers differ in how they are told for whom the token is; each ignores the other's way.
      audience,
      ...(URL.canParse(audience) && { resource: audience }),
    },
    own,
    authenticator,
    stylesheet: STYLESHEET,
    unexpected,
  });
  return { ...signingIn(signIn), authenticator, reauthentication, own, issuer: undefined };
}

const signingIn = (signIn: SignIn): Pick<IdentityParts, 'signIn' | 'serveSignIn'> => ({
  signIn: SIGN_IN,
  serveSignIn: (request, response) => signIn.handle(request, response),
});

const discover = ({ issuer }: Remote, { clientId, clientSecret }: NonNullable<Remote['browser']>) =>
  oidc.discovery(new URL(issuer), clientId, clientSecret, undefined, {
    timeout: 5,
    // The configuration takes plain HTTP for this machine only.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- as above
    execute: issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [],
  });

function ownPages<Url extends URL | undefined>(publicUrl: Url) {
  return { session: new Cookie('cairn-session', publicUrl?.protocol === 'https:'), publicUrl };
}
