import type { RunnerObserver } from '@cairn/platform';
import { type Leases, observeLeases } from '@cairn/platform/leases';
import { type Measuring, type Readiness, ServiceMetrics } from '@cairn/platform/operations';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { NotaryObserver } from './notary/notary.js';

/** What operators see of the projector, in Prometheus' text format. */
export class Metrics {
  readonly registry = new Registry();
  private readonly service: ServiceMetrics;
  /** Where and how much the runner works; to be given to it. */
  readonly observer: RunnerObserver;
  /** To be given to the notary. */
  readonly notaryObserver: NotaryObserver;

  constructor(readiness: Readiness) {
    const registers = [this.registry];
    this.service = new ServiceMetrics(this.registry, readiness);
    const pageEvents = new Histogram({
      name: 'cairn_projection_page_events',
      help: 'Events of a tenant log that were folded and committed in one go.',
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000, 50_000],
      registers,
    });
    const commitSeconds = new Histogram({
      name: 'cairn_projection_commit_seconds',
      help: 'From a page in hand to the commit of its rows.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    });
    const failures = new Counter({
      name: 'cairn_projection_failures_total',
      help: 'Attempts that failed and were tried again after a pause.',
      registers,
    });
    const rebuilt = new Gauge({
      name: 'cairn_rebuild_progress_ratio',
      help: 'Share of the events that the building under way has folded; 1 when it is done.',
      labelNames: ['projection'],
      registers,
    });
    this.observer = {
      committed: (_, { events, milliseconds }) => {
        pageEvents.observe(events);
        commitSeconds.observe(milliseconds / 1_000);
      },
      failed: () => failures.inc(),
      building: ({ names, events, of }) => {
        for (const projection of names) rebuilt.set({ projection }, of === 0 ? 1 : Math.min(1, events / of));
      },
      swapped: ({ name }) => rebuilt.set({ projection: name }, 1),
    };
    const checkpoints = new Counter({
      name: 'cairn_proofs_checkpoints_total',
      help: 'Checkpoints that were signed.',
      registers,
    });
    const notaryFailures = new Counter({
      name: 'cairn_proofs_failures_total',
      help: 'Attempts to sign that failed and were tried again after a pause.',
      registers,
    });
    this.notaryObserver = {
      signed: (_, made) => checkpoints.inc(made),
      halted: () => undefined,
      resumed: () => undefined,
      failed: () => notaryFailures.inc(),
    };
  }

  /** Adds what this process has of the work that several share. */
  watchLeases(leases: Leases): void {
    observeLeases(this.registry, leases);
  }

  /** Adds figures of all tenants, looked up when somebody scrapes. */
  watch(measuring: Measuring): void {
    this.service.addLookUp(() => measuring.look());
  }

  /** Everything, in Prometheus' text format. */
  scrape(): Promise<string> {
    return this.service.scrape();
  }
}
