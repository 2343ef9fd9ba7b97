import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApolloServerPlugin } from '@apollo/server';
import { traceId } from '@cairn/platform/tracing';
import type { Logger } from 'pino';
import { noteOf, noteOfContext } from './request-note.js';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Paths that are written as they are; of others only that it was another. Nobody's secret gets in by an address. */
const PATHS = new Set([
  '/',
  '/page.css',
  '/page.js',
  '/graphql',
  '/asyncapi.yaml',
  '/import',
  '/restore',
  '/health',
  '/live',
  '/ready',
  '/metrics',
  '/sign-in',
  '/sign-in/callback',
  '/sign-in/page.css',
  '/sign-out',
]);
/** What lies below these is somebody's, so only they are written. */
const FOLDERS = ['/oidc', '/export', '/reports', '/alerts'];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']);
const MAX_NAME = 64;

/**
 * Writes a line for each request when it has ended, however it did: who, what, how it came out, and how long it took. What we
 * could not answer is a warning, so that a service that says little still says that its issuer or its database is away.
 */
export function accessLog(log: Logger, clock: () => number = () => performance.now()): Middleware {
  return (request, response, next) => {
    if (!log.isLevelEnabled('warn')) {
      next();
      return;
    }
    const began = clock();
    const note = noteOf(request);
    const { socket } = request;
    const sent = socket.bytesWritten;
    const path = pathOf(request.url!);
    response.once('close', () => {
      const { id, identity, operation, code, imported, traced } = note;
      log[response.statusCode >= 500 ? 'warn' : 'info']({
        event: 'request',
        request: id,
        ...whoOf(identity),
        method: METHODS.has(request.method!) ? request.method : 'other',
        path,
        ...(operation && { operation: operation.kind, name: operation.name?.slice(0, MAX_NAME) }),
        status: response.headersSent ? response.statusCode : undefined,
        ...(code !== undefined && { code }),
        ...(imported && { imported }),
        ...(traced?.key && { trace_id: traceId(traced.key) }),
        ...(!response.writableFinished && { brokenOff: true }),
        ms: Math.round((clock() - began) * 10) / 10,
        bytes: socket.bytesWritten - sent,
      });
    });
    next();
  };
}

/** Who asked, for a line of the log. */
export const whoOf = (identity: { tenant: string; person: string; client: string | undefined } | undefined) =>
  identity && { tenant: identity.tenant, person: identity.person, client: identity.client };

/** A path in one of few words; nothing of somebody's gets into it. */
export function pathOf(url: string): string {
  const path = url.split('?', 1)[0]!;
  if (PATHS.has(path)) return path;
  return FOLDERS.find((folder) => path.startsWith(`${folder}/`)) ?? 'other';
}

/** Notes the code of a GraphQL answer's first error. */
export const noteOutcome: ApolloServerPlugin = {
  requestDidStart: async () => ({
    willSendResponse: async ({ contextValue, response }) => {
      if (response.body.kind !== 'single') return;
      const code = response.body.singleResult.errors?.[0]?.extensions?.['code'];
      const note = noteOfContext(contextValue);
      if (note && typeof code === 'string') note.code = code;
    },
  }),
};
