import 'reflect-metadata';
import v8 from 'node:v8';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import {
  Database,
  DefinitionChanged,
  type LogStore,
  ProjectionRunner,
  ProofStore,
  waitForSchema,
} from '@cairn/platform';
import { Leases, observeLeasesWithLog } from '@cairn/platform/leases';
import {
  DatabaseNeeds,
  describeError,
  MeasuredStore,
  Measuring,
  openLog,
  probes,
  projectionMeasures,
  proofMeasures,
  Readiness,
  StoreMetrics,
} from '@cairn/platform/operations';
import { CopyRefused, openLogStore } from '@cairn/platform/log-copy';
import { openFanOut } from '@cairn/platform/kafka';
import { InvalidKeyRing } from '@cairn/platform/signing';
import { openTracing } from '@cairn/platform/tracing';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import type { Logger as Logging } from 'pino';
import { ConfigurationError } from '@cairn/platform/settings';
import { readConfiguration } from './configuration.js';
import { openCopying } from './copying.js';
import { observeNotaryWithLog, observeWithLog } from './log.js';
import { Metrics } from './metrics.js';
import { Notary } from './notary/notary.js';
import { SigningKeysFile } from './notary/signing-keys.js';
import { catalogue, projections } from './projections.js';
import { ProjectorModule } from './projector.module.js';
import { observeWithTraces } from './trace-commits.js';

/** How long the work under way may take to end. */
const STOP_WITHIN_MS = 10_000;
const NOT_STARTED = 'it could not start';

async function main(): Promise<void> {
  const configuration = readConfiguration();
  const { databaseUrl, host, port, logLevel, recentDocuments, signingKeys } = configuration;
  // A rebuild makes much garbage beside what it keeps; V8 would let the heap grow to several times the latter.
  v8.setFlagsFromString('--heap-growing-percent=100');
  const logger = openLog('projector', logLevel);
  const fanOut = await openFanOut(configuration.fanOut, logger);
  const hints = fanOut && { fanOut };
  const database = { url: databaseUrl, role: 'cairn_projector', applicationName: 'cairn projector' } as const;
  const needs = new DatabaseNeeds(database);
  const readiness = new Readiness([needs.migrated]);
  const metrics = new Metrics(readiness);
  const measures = signingKeys === undefined ? projectionMeasures : [...projectionMeasures, ...proofMeasures];
  const measuring = new Measuring(metrics.registry, {
    ...database,
    eachTenant: configuration.metricsByTenant,
    measures,
  });
  metrics.watch(measuring);
  const measured = new StoreMetrics(metrics.registry);
  const tracing = await openTracing(configuration.tracing, 'projector');
  const store = new MeasuredStore(
    await openLogStore(configuration.logStore, {
      ...{ url: databaseUrl, role: 'cairn_projector', applicationName: 'cairn projector log' },
      onBatch: measured.onBatch,
      ...hints,
    }),
    measured,
    tracing,
  );
  const leases = new Leases({
    url: databaseUrl,
    role: 'cairn_projector',
    service: 'projector',
    observer: observeLeasesWithLog(logger),
  });
  metrics.watchLeases(leases);
  const runner = new ProjectionRunner({
    url: databaseUrl,
    store,
    catalogue,
    projections,
    observer: observeWithLog(logger, observeWithTraces(store.tracing, metrics.observer)),
    recentDocuments,
    leases,
    ...hints,
  });
  const signing =
    signingKeys === undefined
      ? undefined
      : await prepareSigning(signingKeys, databaseUrl, store, leases, logger, metrics);
  const copying = await openCopying(configuration, store, logger, metrics.registry);
  if (!signing) logger.warn('CAIRN_PROOFS is off: the log is not signed, and nothing of it can be proved');
  const app = await NestFactory.create(ProjectorModule.around(runner, metrics, logger), {
    logger: false,
    forceCloseConnections: true,
  });
  app.useLogger(app.get(Logger));
  app.use(probes(readiness));

  let ending: Promise<void> | undefined;
  const end = (why: string): Promise<void> =>
    (ending ??= (async () => {
      logger.info({ why }, 'ending');
      readiness.end();
      setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
      await app.close();
      await Promise.all([copying?.close(), runner.stop(), signing?.close(), needs.close(), measuring.close()]);
      // After everything that works under them.
      await leases.stop();
      await Promise.all([store.close(), tracing?.close()]);
      await fanOut?.close();
      // What a collector has not answered would keep the process.
      if (tracing && why !== NOT_STARTED) process.exit(0);
    })());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end(signal));
  // A supervisor that was killed cannot end its services; its end of the channel closes all the same.
  process.once('disconnect', () => void end('the parent process is gone'));

  try {
    await waitForSchema(database, configuration.startTimeoutSeconds, (why) => logger.warn(why));
    await copying?.start();
    await leases.start();
    await runner.start();
    signing?.notary.start();
    await app.listen(port, host);
  } catch (error) {
    await end(NOT_STARTED);
    throw error;
  }
  logger.info({ host, port, projections: projections.map(({ projection }) => projection.name) }, 'projecting');
}

/** The notary with its own connections: what it waits for, no projection waits for. */
async function prepareSigning(
  file: string,
  url: string,
  store: LogStore,
  leases: Leases,
  logger: Logging,
  metrics: Metrics,
): Promise<{ readonly notary: Notary; close(): Promise<void> }> {
  const keys = new SigningKeysFile(file);
  await keys.current().catch((error: unknown) => {
    if (error instanceof InvalidKeyRing) throw error;
    throw new ConfigurationError(`CAIRN_SIGNING_KEYS: cannot be read (${String((error as { code?: unknown }).code)})`);
  });
  const database = new Database({
    url,
    role: 'cairn_projector',
    applicationName: 'cairn projector notary',
    max: 2,
    isShared: true,
  });
  const proofs = new ProofStore(database);
  const observer = observeNotaryWithLog(logger, metrics.notaryObserver);
  const notary = new Notary({ store, leases, proofs, keys: () => keys.current(), observer });
  return {
    notary,
    close: async () => {
      await notary.stop();
      await database.close();
    },
  };
}

main().catch((error: unknown) => {
  const expected = [ConfigurationError, CopyRefused, DefinitionChanged, EventStoreUnavailable, InvalidKeyRing].some(
    (kind) => error instanceof kind,
  );
  console.error(expected ? (error as Error).message : describeError(error));
  process.exit(1);
});
