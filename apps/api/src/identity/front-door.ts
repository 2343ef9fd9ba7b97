import type { IncomingMessage, ServerResponse } from 'node:http';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import { isPassing } from '@cairn/platform';
import { IssuerUnreachable } from '@cairn/platform/identity';
import type { UnexpectedError } from '../graphql/errors.js';
import { FailedAuthentications } from '../limits/failed-authentications.js';
import { noteOf } from '../log/request-note.js';
import { answerEdgeError, answerUnexpected } from '../operations/edge-errors.filter.js';
import { type Authenticator, Unauthenticated } from './authenticator.js';
import { type OwnPages, tokensIn } from './credentials.js';
import type { Identity } from './identity.js';
import { admit } from './request-identity.js';

export interface FrontDoorParts {
  readonly authenticator: Authenticator;
  readonly own: OwnPages;
  /** Told of everybody who is let in, before they are. */
  readonly signedIn: (identity: Identity) => Promise<void>;
  /** Where browsers sign in, if they can. */
  readonly signIn: string | undefined;
  readonly unexpected: UnexpectedError;
}

/** What is open to everybody. Everything else, whether it exists or not, is behind the door. */
const OPEN: ReadonlySet<string> = new Set(['/health']);

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Lets in who has a token that is real, before a byte of the body is read. */
export function frontDoor({ authenticator, own, signedIn, signIn, unexpected }: FrontDoorParts): Middleware {
  const enter = async (request: IncomingMessage): Promise<void> => {
    const identity = await authenticator.identify(tokensIn(request, own));
    await signedIn(identity);
    admit(request, identity);
  };
  const failures = new FailedAuthentications();
  return (request, response, next) => {
    const [path, query] = request.url!.split('?', 2);
    if (OPEN.has(path!)) {
      next();
      return;
    }
    enter(request).then(next, (error: unknown) => {
      if (error instanceof Unauthenticated) noteOf(request).code = `UNAUTHENTICATED/${error.reason}`;
      if (error instanceof Unauthenticated && signIn !== undefined && path === '/' && wantsPage(request)) {
        const to = query ? `?${new URLSearchParams({ to: `/?${query}` }).toString()}` : '';
        response.writeHead(302, { location: `${signIn}${to}`, 'cache-control': 'no-store' }).end();
      } else if (error instanceof Unauthenticated) {
        response.setHeader('www-authenticate', 'Bearer');
        response.setHeader('cache-control', 'no-store');
        void failures.answer(request, response);
      } else if (error instanceof IssuerUnreachable || error instanceof EventStoreUnavailable || isPassing(error)) {
        const whose = error instanceof IssuerUnreachable ? 'ISSUER' : 'DATABASE';
        noteOf(request).code = `SERVICE_UNAVAILABLE/${whose}`;
        answerEdgeError(response, 503);
      } else {
        answerUnexpected(response, error, unexpected);
      }
    });
  };
}

const wantsPage = ({ method, headers }: IncomingMessage): boolean =>
  (method === 'GET' || method === 'HEAD') && /\btext\/html\b/.test(headers.accept ?? '');
