import type http from 'node:http';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { waitForSchema } from '@cairn/platform';
import { openFanOut } from '@cairn/platform/kafka';
import { openLog, probes } from '@cairn/platform/operations';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { Logger } from 'nestjs-pino';
import type { DestinationStream } from 'pino';
import { ApiModule } from './api.module.js';
import type { Configuration } from './configuration.js';
import { Conduct } from './access/conduct.js';
import { Viewers } from './access/viewers.js';
import { openConnections, waitForStore, warnOfExcessRights } from './connections.js';
import { contextOf } from './graphql/context.js';
import { HEALING, keepErasuresHealed } from './erasure/heal-erasures.js';
import type { UnexpectedError } from './graphql/errors.js';
import { MAX_BODY } from './graphql/limits.js';
import { serveSubscriptions } from './graphql/web-socket.js';
import { ISSUER_PATH } from './identity/embedded-issuer.js';
import { frontDoor } from './identity/front-door.js';
import type { Identity } from './identity/identity.js';
import { openIdentity } from './identity/open-identity.js';
import { admission } from './limits/admission.js';
import { documentLimits } from './limits/document-limits.js';
import { believeProxies } from './limits/client-address.js';
import { BODY_WITHIN, bodyWithin, knownMethods, limitConnections } from './limits/edge.js';
import { Quotas } from './limits/quotas.js';
import { accessLog, whoOf } from './log/access-log.js';
import { RequestsUnderWay } from './operations/requests-under-way.js';
import { EdgeErrorsFilter } from './operations/edge-errors.filter.js';
import { Metrics } from './operations/metrics.js';
import { serveMetrics } from './operations/metrics-server.js';
import { RequestTracing } from './operations/request-tracing.js';

/** A running service. */
export interface Api {
  readonly url: string;
  /** Ends it in order: first it is not ready any more, then end imports and subscriptions, then requests, then connections. */
  close(): Promise<void>;
}

const GRAPHQL = '/graphql';
/** Longest time for requests under way when the service ends, in milliseconds. */
const ANSWERED_WITHIN = 5_000;
const PUBLIC = path.resolve(import.meta.dirname, '../public');

/**
 * @param logTo where lines of the log go instead of to standard output
 * @throws EventStoreUnavailable when the database does not answer in the configured time
 * @throws InvalidIssuerFile, or the file system's error, when the embedded issuer's file is none
 */
export async function startApi(configuration: Configuration, logTo?: DestinationStream): Promise<Api> {
  const log = openLog('api', configuration.logLevel, logTo);
  const fanOut = await openFanOut(configuration.fanOut, log);
  const connections = await openConnections(configuration, fanOut);
  const stopping = new AbortController();
  let endSubscriptions: (() => Promise<void>) | undefined;
  let app: NestExpressApplication | undefined;
  let underWay: RequestsUnderWay | undefined;
  let endMetrics: (() => Promise<void>) | undefined;
  const close = async (): Promise<void> => {
    connections.readiness.end();
    // Whoever sends requests here has to notice first that others should have them.
    if (underWay) await wait(configuration.endAfterSeconds * 1_000);
    stopping.abort();
    await Promise.all([underWay?.end(ANSWERED_WITHIN), endSubscriptions?.()]);
    await Promise.all([app?.close(), endMetrics?.()]);
    await connections.close();
    await fanOut?.close();
  };
  try {
    await waitForSchema(
      { url: configuration.databaseUrl, role: 'cairn_service', applicationName: 'cairn api' },
      configuration.startTimeoutSeconds,
      (why) => log.warn(why),
    );
    await waitForStore(connections.store, configuration.startTimeoutSeconds);
    await Promise.all([connections.readModels.start(), connections.instances.start()]);

    const unexpected: UnexpectedError = (id, error) => log.error({ event: 'unexpected', id, err: error });
    const identity = await openIdentity(configuration, () => localUrl(app!.getHttpServer()), unexpected);
    const { reauthentication } = identity;
    const parts = { configuration, connections, reauthentication, stopping: stopping.signal, log, unexpected };
    app = await NestFactory.create<NestExpressApplication>(ApiModule.of(parts), {
      bufferLogs: true,
      bodyParser: false,
      abortOnError: false,
      forceCloseConnections: true,
    });
    app.useLogger(app.get(Logger));
    await warnOfExcessRights(connections, app.get(Logger));
    app.useGlobalFilters(new EdgeErrorsFilter(unexpected));
    app.disable('x-powered-by');
    app.set('query parser', 'simple');
    // A digest of every answer, for caches that none of them may enter.
    app.set('etag', false);
    const metrics = app.get(Metrics);
    app.use(
      metrics.timing,
      app.get(RequestTracing).requests,
      accessLog(log),
      helmet(SECURITY_HEADERS),
      knownMethods,
      bodyWithin(BODY_WITHIN),
    );
    app.use(probes(connections.readiness));
    const conduct = app.get(Conduct);
    const viewers = app.get(Viewers);
    const signedIn = (who: Identity): Promise<void> => conduct.signedIn(who);
    app.use((request: http.IncomingMessage, response: http.ServerResponse, next: () => void) => {
      if (!identity.serveSignIn(request, response)) next();
    });
    if (identity.issuer) app.use(ISSUER_PATH, identity.issuer);
    app.use(frontDoor({ ...identity, signedIn, unexpected }));
    const quotas = app.get(Quotas);
    app.use(admission(quotas));
    app.useBodyParser('json', { limit: MAX_BODY });
    app.use(GRAPHQL, neverKept);
    app.use(
      GRAPHQL,
      documentLimits(() => app!.get(GraphQLSchemaHost).schema, quotas),
    );
    app.useStaticAssets(PUBLIC, { redirect: false });

    await app.init();
    const server = app.getHttpServer();
    underWay = new RequestsUnderWay(server);
    believeProxies(server, configuration.trustedProxies);
    limitConnections(server);
    endSubscriptions = serveSubscriptions({
      server,
      path: GRAPHQL,
      schema: app.get(GraphQLSchemaHost).schema,
      ...identity,
      signedIn,
      contextOf: (who) => contextOf(who, viewers, conduct, quotas),
      quotas,
      ended: (who, code, ms) => log.info({ event: 'socket', ...whoOf(who), code, ms: Math.round(ms) }),
      unexpected,
    });
    const notHealed = (error: unknown): void => log.error({ event: 'erasures not healed', err: error });
    void keepErasuresHealed(app.get<() => Promise<void>>(HEALING), stopping.signal, notHealed);
    const { metricsAt } = configuration;
    if (metricsAt) endMetrics = await serveMetrics(metricsAt, () => metrics.scrape(), connections.readiness);
    await app.listen(configuration.port, configuration.host);
    return { url: urlOf(server, configuration.host), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const neverKept = (_request: unknown, response: http.ServerResponse, next: () => void): void => {
  response.setHeader('cache-control', 'no-store');
  next();
};

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
  // Without any referrer, browsers say of our own forms that they come from nowhere, and signing out is for our own pages.
  referrerPolicy: { policy: 'same-origin' },
} as const;

/** However the service is reached from elsewhere, a server that listens on every address listens here. */
function localUrl(server: http.Server): string {
  const { address, port } = server.address() as { address: string; port: number };
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function urlOf(server: http.Server, host: string): string {
  const { port } = server.address() as { port: number };
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
