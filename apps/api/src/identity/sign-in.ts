import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { IssuerUnreachable } from '@cairn/platform/identity';
import * as oidc from 'openid-client';
import { z } from 'zod';
import type { UnexpectedError } from '../graphql/errors.js';
import { answerUnexpected } from '../operations/edge-errors.filter.js';
import { noteOf } from '../log/request-note.js';
import { type Authenticator, Unauthenticated } from './authenticator.js';
import { Cookie } from './cookies.js';
import { isOwnOrigin, type OwnPages } from './credentials.js';
import { answerPage, escapeHtml, STYLE } from './html.js';

/** Paths of the sign-in through a browser. */
export const SIGN_IN = '/sign-in';
export const CALLBACK = '/sign-in/callback';
export const SIGN_OUT = '/sign-out';

/**
 * Parameter of who came from another address of this service. They may be signed in here; and where a proxy names us otherwise
 * than browsers do, they are not sent on for ever.
 */
const MOVED = 'moved';

/** Time for typing a password, in seconds. */
const MAX_MINUTES = 10 * 60;

export interface SignInParts {
  /** The issuer and our client there; found when first needed. */
  readonly client: () => Promise<oidc.Configuration>;
  /** What is asked of the issuer beside the usual. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly own: OwnPages & { readonly publicUrl: URL };
  readonly authenticator: Authenticator;
  readonly stylesheet: string;
  readonly unexpected: UnexpectedError;
}

/** What must come back unchanged from the issuer, kept by the browser meanwhile. */
const Begun = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), to: z.string() });

/**
 * Signs a browser in at the issuer, by authorisation code and PKCE, and keeps the token for it where no script can read
 * it: in a cookie, which ends with the token. Nothing is kept here, so any process of the service can go on.
 */
export class SignIn {
  private readonly begun: Cookie;

  constructor(private readonly parts: SignInParts) {
    this.begun = new Cookie('cairn-sign-in', parts.own.publicUrl.protocol === 'https:');
  }

  /** @returns whether the request was for a path of the sign-in; then it is answered, or will be */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const path = request.url!.split('?', 1)[0]!;
    const served = new Map<string, () => Promise<void>>([
      [`GET ${SIGN_IN}`, () => this.begin(request, response)],
      [`GET ${CALLBACK}`, () => this.finish(request, response)],
      [`POST ${SIGN_OUT}`, () => this.end(request, response)],
      [`GET ${STYLE}`, () => this.style(response)],
    ]).get(`${request.method} ${path}`);
    if (served === undefined) return false;
    served().catch((error: unknown) => this.fail(request, response, error));
    return true;
  }

  private async begin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { client, parameters, own } = this.parts;
    const asked = new URL(request.url!, own.publicUrl);
    const moved = asked.searchParams.has(MOVED);
    if (request.headers.host !== own.publicUrl.host && !moved) {
      // The issuer sends browsers back there, and what this browser must bring along has to be there too.
      asked.searchParams.set(MOVED, '');
      redirect(response, `${own.publicUrl.origin}${SIGN_IN}${asked.search}`);
      return;
    }
    const to = localPath(asked.searchParams.get('to') ?? '/', own.publicUrl);
    if (moved && (await this.isSignedIn(request))) {
      redirect(response, to);
      return;
    }
    const begun = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
      to,
    };
    const form = oidc.buildAuthorizationUrl(await client(), {
      ...parameters,
      redirect_uri: new URL(CALLBACK, own.publicUrl).href,
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
    });
    this.begun.set(response, Buffer.from(JSON.stringify(begun)).toString('base64url'), MAX_MINUTES);
    redirect(response, form.href);
  }

  private async finish(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { client, own, authenticator } = this.parts;
    const begun = this.read(request);
    this.begun.clear(response);
    if (begun === undefined) throw new Unauthenticated('SIGN_IN_NOT_BEGUN');
    const answered = new URL(request.url!, own.publicUrl);
    const tokens = await oidc.authorizationCodeGrant(await client(), answered, {
      pkceCodeVerifier: begun.verifier,
      expectedState: begun.state,
      expectedNonce: begun.nonce,
      idTokenExpected: true,
    });
    const identity = await authenticator.identify([tokens.access_token]);
    if (identity.person !== tokens.claims()?.sub) throw new Unauthenticated('SIGN_IN_OF_ANOTHER');
    try {
      own.session.set(response, tokens.access_token, (identity.expiresAt - Date.now()) / 1_000);
    } catch (error) {
      // An issuer that puts much into its tokens; what to leave out is set there.
      if (error instanceof RangeError) throw new Unauthenticated('TOO_LONG');
      throw error;
    }
    // The browser kept it, and others may have written it there.
    redirect(response, localPath(begun.to, own.publicUrl));
  }

  /** Ends it here; whether the issuer goes on knowing the browser is the issuer's affair, so the way there is shown. */
  private async end(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { own } = this.parts;
    if (!isOwnOrigin(request, own)) throw new Unauthenticated('FROM_ANOTHER_SITE');
    own.session.clear(response);
    const again = `<p><a href="${SIGN_IN}">Sign in again</a>.</p>`;
    answerPage(response, 200, 'Signed out', `${await this.wayOut()}${again}`);
  }

  /** A link to where the issuer ends its own sign-in, if it has told of such a place. */
  private async wayOut(): Promise<string> {
    const client = await this.parts.client().catch(() => undefined);
    const place = URL.parse(client?.serverMetadata().end_session_endpoint ?? '');
    if (client === undefined || !/^https?:$/.test(place?.protocol ?? '')) return '';
    const there = `<a href="${escapeHtml(oidc.buildEndSessionUrl(client).href)}">Sign out there too</a>`;
    return `<p>Your sign-in service may still let this browser in without a password. ${there}.</p>`;
  }

  private async isSignedIn(request: IncomingMessage): Promise<boolean> {
    try {
      await this.parts.authenticator.identify(this.parts.own.session.valuesIn(request));
      return true;
    } catch (error) {
      if (error instanceof Unauthenticated) return false;
      throw error;
    }
  }

  private async style(response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'text/css; charset=utf-8' });
    response.end(await readFile(this.parts.stylesheet));
  }

  private read(request: IncomingMessage): z.infer<typeof Begun> | undefined {
    const [value, ...others] = this.begun.valuesIn(request);
    if (value === undefined || others.length > 0) return undefined;
    try {
      return Begun.parse(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
    } catch {
      return undefined;
    }
  }

  private fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const again = `<p><a href="${SIGN_IN}">Begin again</a>.</p>`;
    if (isRefusal(error)) {
      noteOf(request).code = `UNAUTHENTICATED/${whyOf(error)}`;
      answerPage(response, 401, 'Not signed in', `<p>The sign-in did not succeed.</p>${again}`);
    } else if (isUnreachable(error)) {
      noteOf(request).code = 'SERVICE_UNAVAILABLE/ISSUER';
      answerPage(response, 503, 'Not signed in', `<p>The sign-in service does not answer now.</p>${again}`);
    } else answerUnexpected(response, error, this.parts.unexpected);
  }
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'cache-control': 'no-store' }).end();
}

/** A path of this service, whatever a link made of it: nobody is sent elsewhere after a sign-in. */
export function localPath(given: string, publicUrl: URL): string {
  const url = URL.parse(given, publicUrl.href);
  if (!given.startsWith('/') || url?.origin !== publicUrl.origin) return '/';
  // Dots in a path can leave two slashes at its beginning, which would name another host.
  return `/${url.pathname.replace(/^\/+/, '')}${url.search}`;
}

/** The issuer, or we, did not accept what came back. */
const isRefusal = (error: unknown): error is Error =>
  error instanceof Unauthenticated ||
  error instanceof oidc.AuthorizationResponseError ||
  error instanceof oidc.ResponseBodyError ||
  error instanceof oidc.WWWAuthenticateChallengeError ||
  (error instanceof oidc.ClientError && !isUnreachable(error));

/** For the log: our own reason, or the issuer's or the library's code, which says what an operator has set wrongly. */
function whyOf(error: Error): string {
  const { reason, error: told, code } = error as { reason?: unknown; error?: unknown; code?: unknown };
  const given = [reason, told, code].filter((each) => typeof each === 'string');
  return given.find((each) => /^\w{1,60}$/.test(each)) ?? 'OTHER';
}

/** Codes of the library for an issuer that answers, but not as an issuer does. */
const NOT_AN_ANSWER = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
]);

function isUnreachable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if (error instanceof IssuerUnreachable) return true;
  const { name, message, code, cause } = error as Partial<Record<string, unknown>>;
  if (message === 'fetch failed' || name === 'TimeoutError' || NOT_AN_ANSWER.has(String(code))) return true;
  return isUnreachable(cause);
}
