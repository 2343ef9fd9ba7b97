import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readiness } from './readiness.js';

/** Paths that are open to everybody, and tell nothing but whether the service lives and works. */
export const PROBES: ReadonlySet<string> = new Set(['/live', '/ready']);

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/**
 * Answers whoever supervises the process. `/live`: it turns, whatever it depends on; where that fails, a restart may help.
 * `/ready`: it can do its work, else 503 with why not.
 */
export function probes(readiness: Readiness): Middleware {
  return (request, response, next) => {
    const path = request.url!.split('?', 1)[0]!;
    if (!PROBES.has(path) || (request.method !== 'GET' && request.method !== 'HEAD')) {
      next();
      return;
    }
    void (path === '/live' ? Promise.resolve([]) : readiness.reasons()).then((reasons) => {
      const isWell = reasons.length === 0;
      response.writeHead(isWell ? 200 : 503, {
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
      });
      response.end(JSON.stringify(isWell ? { status: 'ok' } : { status: 'error', reasons }));
    });
  };
}
