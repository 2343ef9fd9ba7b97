import 'reflect-metadata';
import v8 from 'node:v8';
import { DefinitionChanged, PostgresEventStore, ProjectionRunner } from '@cairn/platform';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { pino } from 'pino';
import { ConfigurationError, readConfiguration } from './configuration.js';
import { observeWithLog } from './log.js';
import { Metrics } from './metrics.js';
import { catalogue, projections } from './projections.js';
import { ProjectorModule } from './projector.module.js';

/** How long the work under way may take to end. */
const STOP_WITHIN_MS = 10_000;

async function main(): Promise<void> {
  const { databaseUrl, host, port, logLevel, recentDocuments } = readConfiguration();
  // A rebuild makes much garbage beside what it keeps; V8 would let the heap grow to several times the latter.
  v8.setFlagsFromString('--heap-growing-percent=100');
  // As the API writes its lines, so that both can be read together.
  const logger = pino({ level: logLevel, base: { name: 'projector' }, timestamp: pino.stdTimeFunctions.isoTime });
  const store = new PostgresEventStore({
    url: databaseUrl,
    role: 'cairn_projector',
    applicationName: 'cairn projector log',
  });
  const metrics = new Metrics();
  const runner = new ProjectionRunner({
    url: databaseUrl,
    store,
    catalogue,
    projections,
    observer: observeWithLog(logger, metrics.observer),
    recentDocuments,
  });
  metrics.watch(runner, store, Date.now);
  const app = await NestFactory.create(ProjectorModule.around(runner, metrics, logger), {
    logger: false,
    forceCloseConnections: true,
  });
  app.useLogger(app.get(Logger));

  let ending: Promise<void> | undefined;
  const end = (why: string): Promise<void> =>
    (ending ??= (async () => {
      logger.info({ why }, 'ending');
      setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
      await app.close();
      await runner.stop();
      await store.close();
    })());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end(signal));
  // A supervisor that was killed cannot end its services; its end of the channel closes all the same.
  process.once('disconnect', () => void end('the parent process is gone'));

  try {
    await runner.start();
    await app.listen(port, host);
  } catch (error) {
    await end('it could not start');
    throw error;
  }
  logger.info({ host, port, projections: projections.map(({ projection }) => projection.name) }, 'projecting');
}

main().catch((error: unknown) => {
  const expected = error instanceof ConfigurationError || error instanceof DefinitionChanged;
  console.error(expected ? error.message : error);
  process.exit(1);
});
