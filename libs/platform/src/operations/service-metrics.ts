import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { z } from 'zod';
import { poolUses } from '../postgres/open-pools.js';
import type { Readiness } from './readiness.js';

/** For so many milliseconds what was looked up is the answer, however many scrape. */
const KEEP = 5_000;

/** The setting of every service that has metrics. */
export const metricsSettings = {
  /** `on`: series for each tenant, in installations that have few. */
  CAIRN_METRICS_TENANTS: z.enum(['on', 'off']).default('off'),
};

/** What every service has for operators to watch, in Prometheus' text format. */
export class ServiceMetrics {
  private readonly lookUps: (() => Promise<void>)[] = [];
  private looked: Promise<void> | undefined;
  private readonly failed: Gauge;
  private readonly seconds: Gauge;

  /** @param registry which others add theirs to */
  constructor(
    readonly registry: Registry = new Registry(),
    readiness?: Pick<Readiness, 'reasons'>,
    private readonly keep = KEEP,
  ) {
    const registers = [registry];
    collectDefaultMetrics({ register: registry });
    this.failed = new Gauge({
      name: 'cairn_look_up_failed',
      help: '1 when figures from the database are missing in this scrape.',
      registers,
    });
    this.seconds = new Gauge({
      name: 'cairn_look_up_seconds',
      help: 'How long the last look-up in the database took.',
      registers,
    });
    if (readiness) {
      new Gauge({
        name: 'cairn_ready',
        help: '1 when the service can do its work.',
        registers,
        async collect() {
          this.set((await readiness.reasons()).length === 0 ? 1 : 0);
        },
      });
    }
    new Gauge({
      name: 'cairn_database_connections',
      help: 'Connections to PostgreSQL that are busy or idle, and calls that wait for one.',
      labelNames: ['pool', 'state'],
      registers,
      collect() {
        this.reset();
        for (const { pool, ...states } of poolUses()) {
          for (const [state, count] of Object.entries(states)) this.set({ pool, state }, count);
        }
      },
    });
  }

  /** Adds what is looked up in the world for a scrape. Where it fails, its figures are to be none. */
  addLookUp(look: () => Promise<void>): void {
    this.lookUps.push(look);
  }

  /** Everything. What cannot be looked up is missing, and the rest is there all the same. */
  async scrape(): Promise<string> {
    await (this.looked ??= this.look());
    return this.registry.metrics();
  }

  private async look(): Promise<void> {
    const began = performance.now();
    const looks = await Promise.allSettled(this.lookUps.map((look) => look()));
    this.failed.set(looks.some(({ status }) => status === 'rejected') ? 1 : 0);
    this.seconds.set((performance.now() - began) / 1_000);
    setTimeout(() => (this.looked = undefined), this.keep).unref();
  }
}
