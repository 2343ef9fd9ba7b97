import { setTimeout as wait } from 'node:timers/promises';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import { Database, type FanOut, isPassing, type LogStore, ReadModels } from '@cairn/platform';
import { Instances, observeInstances } from '@cairn/platform/leases';
import { openLogStore } from '@cairn/platform/log-copy';
import { answering, DatabaseNeeds, MeasuredStore, Readiness, StoreMetrics } from '@cairn/platform/operations';
import { openTracing, type Tracing } from '@cairn/platform/tracing';
import { Registry } from 'prom-client';
import type { Configuration } from './configuration.js';
import { readModelNames } from './monitoring/trial-documents.js';

/** Everything that the service keeps open to the database. */
export interface Connections {
  readonly store: LogStore;
  readonly readModels: ReadModels;
  readonly database: Database;
  /** How many of this service there are. */
  readonly instances: Instances;
  readonly readiness: Readiness;
  /** Where metrics are registered; the store's and those of the instances are. */
  readonly registry: Registry;
  /** Undefined where nothing is traced. */
  readonly tracing: Tracing | undefined;
  close(): Promise<void>;
}

const NAME = 'cairn api';

/** @param fanOut for whoever gave it to close; without one the database's own is used */
export async function openConnections(
  { databaseUrl: url, databaseConnections: max, logStore, tracing: collector }: Configuration,
  fanOut?: FanOut,
): Promise<Connections> {
  const hints = fanOut && { fanOut };
  const registry = new Registry();
  const measured = new StoreMetrics(registry);
  const { onBatch } = measured;
  const tracing = await openTracing(collector, 'api');
  const store = new MeasuredStore(
    await openLogStore(logStore, { url, applicationName: NAME, onBatch, ...hints }),
    measured,
    tracing,
  );
  const readModels = new ReadModels({
    ...{ url, store, models: readModelNames, applicationName: NAME, maxConnections: max },
    ...hints,
  });
  const instances = new Instances({ url, role: 'cairn_service', service: 'api' });
  observeInstances(registry, instances);
  const database = new Database({ url, role: 'cairn_service', applicationName: `${NAME} history`, max: 4 });
  const needs = new DatabaseNeeds({ url, role: 'cairn_service', applicationName: NAME });
  const readiness = new Readiness([
    needs.migrated,
    needs.showing(readModelNames),
    ...(logStore.kind === 'kurrentdb' ? [answering(store)] : []),
  ]);
  return {
    store,
    readModels,
    database,
    instances,
    readiness,
    registry,
    tracing,
    close: async () => {
      await Promise.all([readModels.close(), instances.stop(), database.close(), needs.close()]);
      await Promise.all([store.close(), tracing?.close()]);
    },
  };
}

/** Row-level security holds whoever cannot become somebody else; whoever set the login up should know when it does not. */
export async function warnOfExcessRights(
  { database }: Connections,
  logger: { warn(message: string): void },
): Promise<void> {
  const excess = await database.excessRights();
  if (excess.length > 0) {
    logger.warn(
      `the database's login could do more than the service needs (${excess.join(', ')}): see API_DATABASE_URL`,
    );
  }
}

/** The schema is made by whoever starts the services, perhaps at this moment. */
const NOT_MIGRATED = new Set(['42P01', '42883', '3F000', '22023']);

/**
 * Waits for the store to answer.
 * @throws EventStoreUnavailable when it does not within the time
 */
export async function waitForStore(store: LogStore, seconds: number): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    try {
      await store.ping();
      return;
    } catch (error) {
      const notMigrated = NOT_MIGRATED.has(String((error as { code?: unknown }).code));
      if (!notMigrated && !isPassing(error) && !(error instanceof EventStoreUnavailable)) throw error;
      if (Date.now() >= deadline) {
        const why = notMigrated ? 'it has no tables of Cairn' : (error as Error).message;
        throw new EventStoreUnavailable(`The database was not ready within ${seconds} s: ${why}`, { cause: error });
      }
      await wait(100);
    }
  }
}
