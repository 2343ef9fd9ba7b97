import type { EventStore } from '@cairn/event-sourcing';
import type { ProjectionRunner, ProofStore, RunnerObserver } from '@cairn/platform';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { NotaryObserver } from './notary/notary.js';

/** What operators see of the projector, in Prometheus' text format. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly lookUps: (() => Promise<void>)[] = [];
  /** Where and how much the runner works; to be given to it. */
  readonly observer: RunnerObserver;
  /** To be given to the notary. */
  readonly notaryObserver: NotaryObserver;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
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

  /** Adds what is looked up at each scrape: how far each projection is in each log. */
  watch(runner: ProjectionRunner, store: EventStore, now: () => number): void {
    const registers = [this.registry];
    const labelNames = ['projection', 'tenant'] as const;
    const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers });
    const lagSeconds = gauge('cairn_projection_lag_seconds', 'Age of the oldest event not folded yet; 0 at the head.');
    const halted = gauge('cairn_projection_halted', '1 when the projection stopped at an event it cannot fold.');
    const parked = gauge('cairn_projection_parked_events', 'Events that wait for code that can fold them.');
    const lag = gauge('cairn_projection_lag_events', 'Events of the log that the projection has not seen.');
    this.lookUps.push(async () => {
      for (const each of [lag, lagSeconds, halted, parked]) each.reset();
      for (const tenant of await store.tenants()) {
        for (const status of await runner.states(tenant)) {
          if (status.state !== 'serving') continue;
          const labels = { projection: status.name, tenant };
          lag.set(labels, Number(status.lag));
          halted.set(labels, status.halted ? 1 : 0);
          parked.set(labels, status.parked);
          const [oldest] = status.lag > 0n ? await store.readLog(tenant, { from: status.position, limit: 1 }) : [];
          lagSeconds.set(labels, oldest ? Math.max(0, (now() - oldest.recordedAt) / 1_000) : 0);
        }
      }
    });
  }

  /** Adds how far the notary is in each log. */
  watchNotary(proofs: ProofStore, store: EventStore): void {
    const registers = [this.registry];
    const labelNames = ['tenant'] as const;
    const lag = new Gauge({
      name: 'cairn_proofs_lag_events',
      help: 'Events of the log that are not signed yet.',
      labelNames,
      registers,
    });
    const halted = new Gauge({
      name: 'cairn_proofs_halted',
      help: '1 when the log is not what was signed, so that nothing more is signed.',
      labelNames,
      registers,
    });
    this.lookUps.push(async () => {
      for (const each of [lag, halted]) each.reset();
      for (const tenant of await store.tenants()) {
        const [head, state] = await Promise.all([store.head(tenant), proofs.notary(tenant)]);
        lag.set({ tenant }, Math.max(0, Number(head - state.position)));
        halted.set({ tenant }, state.halted ? 1 : 0);
      }
    });
  }

  /** Everything, in Prometheus' text format. */
  async scrape(): Promise<string> {
    for (const lookUp of this.lookUps) await lookUp();
    return this.registry.metrics();
  }
}
