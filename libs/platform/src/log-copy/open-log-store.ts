import { EventStoreUnavailable, type TenantId } from '@cairn/event-sourcing';
import type { LeaseObserver } from '../leases/leases.js';
import { Leases } from '../leases/leases.js';
import type { LogStoreConfiguration } from '../log-store-settings.js';
import type { LogStore } from '../log-store.js';
import { PostgresEventStore, type PostgresEventStoreOptions } from '../postgres/postgres-event-store.js';
import { CopiedLogStore } from './copied-log-store.js';
import { beginCopy } from './copy-source.js';
import { Copyist, type CopyistObserver } from './copyist.js';
import { LogCopy } from './log-copy.js';

/** The event store of a service. @throws InvalidKurrentUrl */
export async function openLogStore(
  configuration: LogStoreConfiguration,
  options: PostgresEventStoreOptions,
): Promise<LogStore> {
  if (configuration.kind === 'postgres') return new PostgresEventStore(options);
  const kurrent = await openKurrent(configuration.url, options.applicationName);
  return new CopiedLogStore({ ...options, kurrent });
}

export interface CopyingOptions {
  /** Of a login that may become `cairn_projector`. */
  readonly url: string;
  readonly applicationName: string;
  /** Told of a log that has grown here. */
  readonly grown: (tenant: TenantId) => void;
  readonly observer: CopyistObserver;
  readonly leaseObserver?: LeaseObserver;
}

/** The copying of KurrentDB into PostgreSQL, of which one process of an installation has the lease. */
export class Copying {
  private constructor(
    readonly copyist: Copyist,
    readonly copy: LogCopy,
    private readonly kurrent: Awaited<ReturnType<typeof openKurrent>>,
    private readonly leases: Leases,
  ) {}

  /** @returns undefined where PostgreSQL is the store itself */
  static async open(configuration: LogStoreConfiguration, options: CopyingOptions): Promise<Copying | undefined> {
    if (configuration.kind === 'postgres') return undefined;
    const { url, applicationName, grown, observer, leaseObserver } = options;
    const kurrent = await openKurrent(configuration.url, applicationName);
    const copy = new LogCopy({ url, applicationName });
    const leases = new Leases({
      ...{ url, role: 'cairn_projector', service: 'copyist', of: 'installation' },
      ...(leaseObserver && { observer: leaseObserver }),
    });
    return new Copying(new Copyist({ kurrent, copy, grown, leases, observer }), copy, kurrent, leases);
  }

  /** @throws CopyRefused when the database is no copy of this KurrentDB and cannot become one */
  async start(): Promise<void> {
    await beginCopy(this.kurrent, this.copy).catch((error: unknown) => {
      // Whatever is away comes back.
      if (!(error instanceof EventStoreUnavailable)) throw error;
    });
    await this.leases.start();
    this.copyist.start();
  }

  async close(): Promise<void> {
    await this.copyist.stop();
    await this.leases.stop();
    await Promise.all([this.copy.close(), this.kurrent.close()]);
  }
}

/** Loaded only where it is used: the client brings gRPC along. */
async function openKurrent(url: string, applicationName: string) {
  const { KurrentEventStore } = await import('../kurrent/kurrent-event-store.js');
  return new KurrentEventStore({ url, applicationName });
}
