import type { LogStore } from '@cairn/platform';
import { Copying, type CopyistObserver } from '@cairn/platform/log-copy';
import { observeLeasesWithLog } from '@cairn/platform/leases';
import type { Logger } from 'pino';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Configuration } from './configuration.js';

/**
 * What copies KurrentDB into the database, where KurrentDB is the event store.
 * @param store is told of logs that have grown, for everybody who follows them
 */
export async function openCopying(
  { logStore, databaseUrl: url }: Configuration,
  store: LogStore,
  logger: Logger,
  registry: Registry,
): Promise<Copying | undefined> {
  if (logStore.kind === 'postgres') return undefined;
  const copying = await Copying.open(logStore, {
    url,
    applicationName: 'cairn copyist',
    grown: (tenant) => store.appendedElsewhere(tenant),
    observer: observeWithLog(logger, copyMetrics(registry)),
    leaseObserver: observeLeasesWithLog(logger),
  });
  watchState(registry, copying!);
  return copying;
}

function observeWithLog(logger: Logger, next: Required<CopyistObserver>): CopyistObserver {
  return {
    copied: (events, late, milliseconds) => {
      if (late > 0) {
        logger.warn(
          { events: late },
          'events turned up after it had been said that all of their time is here: see clocks',
        );
      }
      next.copied(events, late, milliseconds);
    },
    halted: (reason) => {
      logger.error({ reason }, 'the copy of KurrentDB has stopped: nothing is copied before this is mended');
      next.halted(reason);
    },
    resumed: () => {
      logger.warn('the copy of KurrentDB goes on');
      next.resumed();
    },
    failed: (error) => {
      logger.error({ err: error }, 'copying KurrentDB failed; it is tried again after a pause');
      next.failed(error);
    },
  };
}

function copyMetrics(registry: Registry): Required<CopyistObserver> {
  const registers = [registry];
  const events = new Counter({
    name: 'cairn_copy_events_total',
    help: 'Events that were copied from KurrentDB.',
    registers,
  });
  const late = new Counter({
    name: 'cairn_copy_late_events_total',
    help: 'Events that turned up after it had been said that all of their time is here.',
    registers,
  });
  const seconds = new Histogram({
    name: 'cairn_copy_commit_seconds',
    help: 'From a page of KurrentDB in hand to its commit.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  const failures = new Counter({
    name: 'cairn_copy_failures_total',
    help: 'Attempts to copy that failed and were tried again after a pause.',
    registers,
  });
  return {
    copied: (added, lateOnes, milliseconds) => {
      events.inc(added);
      late.inc(lateOnes);
      seconds.observe(milliseconds / 1_000);
    },
    halted: () => undefined,
    resumed: () => undefined,
    failed: () => failures.inc(),
  };
}

/** What is looked up at each scrape: every projector tells the same, whichever copies. */
function watchState(registry: Registry, { copy }: Copying): void {
  const registers = [registry];
  const behind = new Gauge({
    name: 'cairn_copy_behind_seconds',
    help: 'Age of the moment up to which all of KurrentDB is known to be copied; some seconds when nothing is missing.',
    registers,
  });
  new Gauge({
    name: 'cairn_copy_halted',
    help: '1 when copying has stopped at an event that cannot be copied.',
    registers,
    async collect() {
      const health = await copy.health().catch(() => undefined);
      this.set(health?.halted === undefined ? 0 : 1);
      behind.set(health?.behindSeconds ?? Number.NaN);
    },
  });
}
