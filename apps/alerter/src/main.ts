import 'reflect-metadata';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import { Database, waitForSchema } from '@cairn/platform';
import { Leases, observeLeases, observeLeasesWithLog } from '@cairn/platform/leases';
import {
  alertMeasures,
  DatabaseNeeds,
  describeError,
  MeasuredStore,
  Measuring,
  openLog,
  probes,
  Readiness,
  ServiceMetrics,
  StoreMetrics,
} from '@cairn/platform/operations';
import { openLogStore } from '@cairn/platform/log-copy';
import { openFanOut } from '@cairn/platform/kafka';
import { openTracing } from '@cairn/platform/tracing';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { Registry } from 'prom-client';
import { AlerterModule } from './alerter.module.js';
import { catalogue } from './catalogue.js';
import { ConfigurationError } from '@cairn/platform/settings';
import { readConfiguration } from './configuration.js';
import { partsOf } from './parts.js';
import { RunningParts } from './running-parts.js';

/** How long the work under way may take to end. */
const STOP_WITHIN_MS = 9_000;
const NOT_STARTED = 'it could not start';

async function main(): Promise<void> {
  const configuration = readConfiguration();
  const { databaseUrl: url, host, port, logLevel } = configuration;
  const logger = openLog('alerter', logLevel);
  const registry = new Registry();
  const own = { url, role: 'cairn_alerter', applicationName: 'cairn alerter' } as const;
  const needs = new DatabaseNeeds(own);
  const readiness = new Readiness([needs.migrated]);
  const metrics = new ServiceMetrics(registry, readiness);
  const eachTenant = configuration.metricsByTenant;
  const measuring = new Measuring(registry, { ...own, eachTenant, measures: alertMeasures });
  metrics.addLookUp(() => measuring.look());
  const fanOut = await openFanOut(configuration.fanOut, logger);
  const measured = new StoreMetrics(registry);
  const tracing = await openTracing(configuration.tracing, 'alerter');
  const store = new MeasuredStore(
    await openLogStore(configuration.logStore, {
      ...{ url, role: 'cairn_alerter', applicationName: 'cairn alerter log' },
      onBatch: measured.onBatch,
      ...(fanOut && { fanOut }),
    }),
    measured,
    tracing,
  );
  const database = new Database({ ...own, isShared: true });
  const leases = new Leases({
    url,
    role: 'cairn_alerter',
    service: 'alerter',
    observer: observeLeasesWithLog(logger),
  });
  observeLeases(registry, leases);
  const traced = store.tracing;
  const tools = { configuration, store, traced, leases, database, catalogue, logger, registry, now: leases.clock.now };
  const app = await NestFactory.create(AlerterModule.around(tools, metrics), {
    logger: false,
    forceCloseConnections: true,
  });
  app.useLogger(app.get(Logger));
  app.use(probes(readiness));
  const parts = partsOf(tools);
  let running: RunningParts | undefined;

  let ending: Promise<void> | undefined;
  const end = (why: string): Promise<void> =>
    (ending ??= (async () => {
      logger.info({ why }, 'ending');
      readiness.end();
      setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
      await app.close();
      await running?.stop();
      // After everything that works under them.
      await leases.stop();
      await Promise.all([store.close(), tracing?.close()]);
      await fanOut?.close();
      await Promise.all([database.close(), needs.close(), measuring.close()]);
      // What a collector has not answered would keep the process.
      if (tracing && why !== NOT_STARTED) process.exit(0);
    })());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end(signal));
  // A supervisor that was killed cannot end its services; its end of the channel closes all the same.
  process.once('disconnect', () => void end('the parent process is gone'));

  try {
    await waitForSchema(own, configuration.startTimeoutSeconds, (why) => logger.warn(why));
    await leases.start();
    running = new RunningParts(parts, logger);
    await app.listen(port, host);
  } catch (error) {
    await end(NOT_STARTED);
    throw error;
  }
  logger.info({ host, port, parts: parts.map(({ name }) => name) }, 'watching');
}

main().catch((error: unknown) => {
  const isExpected = error instanceof ConfigurationError || error instanceof EventStoreUnavailable;
  console.error(isExpected ? error.message : describeError(error));
  process.exit(1);
});
