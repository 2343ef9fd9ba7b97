import type { IncomingMessage } from 'node:http';
import type { Cookie } from './cookies.js';

/** How the service tells its own pages from those of others. */
export interface OwnPages {
  /** The session's token, for pages that cannot keep one. */
  readonly session: Cookie;
  /** Where browsers reach the service, if that is known. */
  readonly publicUrl: URL | undefined;
}

/**
 * Whether a page of this very service asks. Browsers say whose page it is whenever it is not a plain look; other programs
 * say nothing.
 */
export function isOwnOrigin({ headers }: IncomingMessage, { publicUrl }: OwnPages): boolean {
  const host = headers.origin === undefined ? undefined : URL.parse(headers.origin)?.host;
  return host !== undefined && (host === headers.host || host === publicUrl?.host);
}

/**
 * Every token that a request brings, each once; one that is written in another way than `Bearer …` as ''. The session's
 * cookie comes along with whatever makes a browser send a request, so it speaks for reading, and for our own pages.
 */
export function tokensIn(request: IncomingMessage, own: OwnPages): readonly string[] {
  const headers = request.headersDistinct['authorization'] ?? [];
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const cookies = reads || isOwnOrigin(request, own) ? own.session.valuesIn(request) : [];
  return [...new Set([...headers.map(bearer), ...cookies])];
}

/** The token in the value of an `Authorization` header. */
export const bearer = (header: string): string => /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '';
