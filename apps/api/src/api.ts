import type http from 'node:http';
import path from 'node:path';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { Logger } from 'nestjs-pino';
import { ApiModule } from './api.module.js';
import type { Configuration } from './configuration.js';
import { openConnections, waitForStore } from './connections.js';
import type { UnexpectedError } from './graphql/errors.js';
import { MAX_BODY } from './graphql/limits.js';
import { serveSubscriptions } from './graphql/web-socket.js';
import { EdgeErrorsFilter } from './operations/edge-errors.filter.js';

/** A running service. */
export interface Api {
  readonly url: string;
  /** Ends it in order: imports and subscriptions, then requests, then connections. */
  close(): Promise<void>;
}

const PUBLIC = path.resolve(import.meta.dirname, '../public');
/** An import may stream for long; everything else is limited by its body's size. In milliseconds. */
const REQUEST_TIMEOUT = 3_600_000;

/** @throws EventStoreUnavailable when the database does not answer in the configured time */
export async function startApi(configuration: Configuration): Promise<Api> {
  const connections = openConnections(configuration);
  const stopping = new AbortController();
  let endSubscriptions: (() => Promise<void>) | undefined;
  let app: NestExpressApplication | undefined;
  const close = async (): Promise<void> => {
    stopping.abort();
    await endSubscriptions?.();
    await app?.close();
    await connections.close();
  };
  try {
    await waitForStore(connections.store, configuration.startTimeoutSeconds);
    await connections.readModels.start();

    const unexpected: UnexpectedError = (id, error) => app?.get(Logger).error({ id, err: error }, 'unexpected error');
    const parts = { configuration, connections, stopping: stopping.signal, unexpected };
    app = await NestFactory.create<NestExpressApplication>(ApiModule.of(parts), {
      bufferLogs: true,
      bodyParser: false,
      abortOnError: false,
      forceCloseConnections: true,
    });
    app.useLogger(app.get(Logger));
    app.useGlobalFilters(new EdgeErrorsFilter(unexpected));
    app.disable('x-powered-by');
    app.set('query parser', 'simple');
    app.use(helmet(SECURITY_HEADERS));
    app.useBodyParser('json', { limit: MAX_BODY });
    app.useStaticAssets(PUBLIC, { redirect: false });

    await app.init();
    const server = app.getHttpServer();
    server.requestTimeout = REQUEST_TIMEOUT;
    endSubscriptions = serveSubscriptions({
      server,
      path: '/graphql',
      schema: app.get(GraphQLSchemaHost).schema,
      defaultTenant: configuration.defaultTenant,
      unexpected,
    });
    await app.listen(configuration.port, configuration.host);
    return { url: urlOf(server, configuration.host), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const SECURITY_HEADERS = {
  contentSecurityPolicy: {
    directives: {
      'default-src': ["'self'"],
      'connect-src': ["'self'", 'ws:', 'wss:'],
      'style-src': ["'self'"],
      // The service speaks plain HTTP; what is in front of it upgrades.
      'upgrade-insecure-requests': null,
    },
  },
  strictTransportSecurity: false,
} as const;

function urlOf(server: http.Server, host: string): string {
  const { port } = server.address() as { port: number };
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
