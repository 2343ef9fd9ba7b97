import type { IncomingMessage, ServerResponse } from 'node:http';
import { currentScope, inScope, instantNow, type Tracing, type TraceScope } from '@cairn/platform/tracing';
import { isFollowing } from '../limits/edge.js';
import { pathOf } from '../log/access-log.js';
import { noteOf } from '../log/request-note.js';

/** Paths that are asked every few seconds, by whoever watches. */
const WATCHED: ReadonlySet<string> = new Set(['/health', '/live', '/ready', '/metrics']);

/** What is traced of requests and the commands in them; nothing without a collector. */
export class RequestTracing {
  constructor(private readonly tracing: Tracing | undefined) {}

  /** A span for each request, in the trace of the first command in it. */
  readonly requests = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const { tracing } = this;
    const route = pathOf(request.url!);
    if (!tracing || WATCHED.has(route) || isFollowing(request)) {
      next();
      return;
    }
    const start = instantNow();
    const scope: TraceScope = {};
    noteOf(request).traced = scope;
    response.once('close', () => {
      const { key: of } = scope;
      tracing.record({
        ...{ name: 'request', of, start, end: instantNow() },
        as: of && { span: 'request', of: of.correlation },
        attributes: { 'http.route': route, 'http.response.status_code': response.statusCode },
        failed: response.statusCode >= 500,
      });
    });
    inScope(scope, next);
  };

  /** A span for the judging and recording of a command; what is not recorded leaves none. */
  async command<Result>(work: () => Promise<Result>): Promise<Result> {
    const { tracing } = this;
    if (!tracing) return work();
    const outer = currentScope();
    const scope: TraceScope = {};
    const start = instantNow();
    try {
      return await inScope(scope, work);
    } finally {
      const { key: of } = scope;
      if (of) {
        const as = { span: 'command', of: of.correlation } as const;
        const parent = { span: 'request', of: of.correlation } as const;
        tracing.record({ ...{ name: 'command', of, as, parent, start, end: instantNow() } });
        if (outer) outer.key ??= of;
      }
    }
  }
}
