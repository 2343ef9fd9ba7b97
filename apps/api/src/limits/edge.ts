import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { answerEdgeError } from '../operations/edge-errors.filter.js';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** In milliseconds. */
const HEADERS_WITHIN = 15_000;
export const BODY_WITHIN = 30_000;
/** Node knows one time for every request, and an import streams for long. */
const IMPORT_WITHIN = 3_600_000;
const MAX_HEADERS = 100;

/** A connection that sends its header byte by byte does not keep its place for long. */
export function limitConnections(server: Server): void {
  server.headersTimeout = HEADERS_WITHIN;
  server.requestTimeout = IMPORT_WITHIN;
  server.maxHeadersCount = MAX_HEADERS;
}

/** Bodies other than an import's have come in so many milliseconds, or the connection is closed. */
export function bodyWithin(milliseconds: number): Middleware {
  return (request, response, next) => {
    if (!request.url!.startsWith('/import') && !request.complete) {
      const timer = setTimeout(() => {
        if (!request.complete) request.destroy();
      }, milliseconds);
      const done = (): void => clearTimeout(timer);
      request.once('end', done);
      response.once('close', done);
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
