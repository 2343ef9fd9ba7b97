import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { answerEdgeError } from '../operations/edge-errors.filter.js';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** In milliseconds. */
const HEADERS_WITHIN = 15_000;
export const BODY_WITHIN = 30_000;
/** Node knows one time for every request, and an import streams for long. */
const IMPORT_WITHIN = 3_600_000;
const MAX_HEADERS = 100;

/**
 * An import, a restoration and an export stream for long, and are paced page by page. The router takes these paths in any
 * case, and with a slash.
 */
export const isStreamed = ({ url }: IncomingMessage): boolean => /^\/((import|restore)\/?($|\?)|export\/)/i.test(url!);

/** Asks for a stream of alerts, which is open for long and takes a place among the subscriptions. */
export const isFollowing = ({ url, method }: IncomingMessage): boolean =>
  (method === 'GET' || method === 'HEAD') && /^\/alerts\/[^/?]+\/?($|\?)/i.test(url!);

/** A connection that sends its header byte by byte does not keep its place for long. */
export function limitConnections(server: Server): void {
  server.headersTimeout = HEADERS_WITHIN;
  server.requestTimeout = IMPORT_WITHIN;
  server.maxHeadersCount = MAX_HEADERS;
}

/** What is still being sent when its answer has gone out is not waited for longer than this. In milliseconds. */
const LINGER = 2_000;

/** Bodies that are not streamed have come in so many milliseconds, and all before long once they are answered. */
export function bodyWithin(milliseconds: number, linger = LINGER): Middleware {
  return (request, response, next) => {
    if (!request.complete) {
      const end = (): void => {
        if (!request.complete) request.socket.destroy();
      };
      let timer = isStreamed(request) ? undefined : setTimeout(end, milliseconds);
      request.once('end', () => clearTimeout(timer));
      response.once('close', () => {
        clearTimeout(timer);
        // A refusal does not read the body, and the connection would stay for as long as somebody trickles it.
        if (!request.complete) timer = setTimeout(end, linger).unref();
      });
    }
    next();
  };
}

const METHODS = new Set(['GET', 'HEAD', 'POST']);

/** Methods that nothing here has. No preflight is answered either, so pages of other origins get no further than asking. */
export const knownMethods: Middleware = (request, response, next) => {
  if (METHODS.has(request.method!)) {
    next();
    return;
  }
  response.setHeader('allow', [...METHODS].join(', '));
  answerEdgeError(response, 405);
};
