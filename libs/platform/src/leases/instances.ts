import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { DatabaseRole } from '../postgres/database.js';
import { DatabaseClock } from './database-clock.js';
import { LeaseConnection } from './lease-connection.js';

export interface InstancesOptions {
  readonly url: string;
  readonly role: Exclude<DatabaseRole, 'cairn_owner'>;
  readonly service: string;
  readonly clock?: DatabaseClock;
  /** A process that was silent for so long is taken to be gone, default 15 seconds. */
  readonly ttlMs?: number;
  /** Default 5 seconds. */
  readonly beatEveryMs?: number;
  readonly failed?: (error: unknown) => void;
}

/** Of a service that holds no leases: says that this process lives, knows how many of its kind do, and has the time. */
export class Instances {
  readonly clock: DatabaseClock;
  private readonly connection: LeaseConnection;
  private readonly stopping = new AbortController();
  private live = 0;
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly options: InstancesOptions) {
    const { url, role, service, clock = new DatabaseClock() } = options;
    this.clock = clock;
    this.connection = new LeaseConnection({
      ...{ url, role, service, clock, instance: randomUUID() },
      applicationName: `cairn ${service} instance`,
    });
  }

  /** Where the database does not answer the time is the machine's own until it does. */
  async start(): Promise<void> {
    await this.beat();
    this.work = this.keepBeating();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.work;
    await this.connection.beat(0).catch(() => undefined);
    await this.connection.close();
  }

  /** For metrics. */
  state(): { readonly instances: number } {
    return { instances: this.live };
  }

  private async keepBeating(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await pause(this.options.beatEveryMs ?? 5_000, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.beat();
    }
  }

  private async beat(): Promise<void> {
    try {
      this.live = (await this.connection.beat(this.options.ttlMs ?? 15_000)).length;
    } catch (error) {
      this.options.failed?.(error);
    }
  }
}
