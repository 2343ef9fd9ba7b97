import type { EventCatalogue, EventStore, Projection, TenantId } from '@cairn/event-sourcing';
import type { FanOut } from '../fan-out/fan-out.js';
import { PostgresFanOut } from '../fan-out/postgres-fan-out.js';
import { alone, type TenantLeases } from '../leases/lease.js';
import { Database } from '../postgres/database.js';
import { Bell } from './bell.js';
import { readGenerations, requestGeneration, resumeGeneration, serveFromEmpty } from './generation.js';
import { ListeningConnection } from './listening-connection.js';
import { RecentDocuments } from './live-documents.js';
import { type FeedTools, LiveFeed } from './live-feed.js';
import {
  defineProjection,
  DefinitionChanged,
  type PoisonPolicy,
  type ProjectionDefinition,
} from './projection-definition.js';
import type { RebuildBudget } from './fold-logs.js';
import { type GenerationStatus, readStatus } from './read-model-status.js';
import { rebuildRequested } from './rebuild.js';
import { retryParkedEvents } from './retry-parked.js';
import type { RunnerObserver } from './runner-observer.js';

export interface RunnableProjection {
  readonly projection: Projection;
  /** Default `halt`. */
  readonly onPoison?: PoisonPolicy;
}

export interface ProjectionRunnerOptions {
  readonly url: string;
  readonly store: EventStore & {
    /** Calls when a log may have grown; without it logs are looked at every second. */
    onAppended?(listener: (tenant: TenantId) => void): () => void;
  };
  readonly catalogue: EventCatalogue;
  readonly projections: readonly RunnableProjection[];
  readonly applicationName?: string;
  readonly observer?: RunnerObserver;
  /** Documents kept in memory by the live feeds, default 5,000. */
  readonly recentDocuments?: number;
  readonly rebuild?: RebuildBudget;
  /** How readers elsewhere learn of what was written, for whoever gave it to close; PostgreSQL's NOTIFY unless given. */
  readonly fanOut?: FanOut;
  /** Whose logs this process follows, where several share them; all unless given. Building is one worker's at a time anyway. */
  readonly leases?: TenantLeases;
}

const LOOK_FOR_TENANTS_EVERY_MS = 2_000;
const LOOK_FOR_REQUESTS_EVERY_MS = 5_000;

/**
 * Runs projections: keeps what serves up to date with every tenant's log, and builds beside what is asked for or what
 * a new version of the code needs. Any number of runners may work on one database; checkpoints and locks settle it.
 */
export class ProjectionRunner {
  private readonly database: Database;
  private readonly definitions: readonly ProjectionDefinition[];
  private readonly tools: FeedTools;
  private readonly feeds = new Map<TenantId, LiveFeed>();
  private readonly requests: ListeningConnection;
  private readonly requested = new Bell();
  private readonly stopping = new AbortController();
  private readonly work: Promise<void>[] = [];
  private stopped: Promise<void> | undefined;
  private deafen: (() => void) | undefined;
  private untake: (() => void) | undefined;
  private readonly leases: TenantLeases;

  /** @throws InvalidProjection */
  constructor(private readonly options: ProjectionRunnerOptions) {
    this.leases = options.leases ?? alone;
    this.definitions = options.projections.map(({ projection, onPoison }) => defineProjection(projection, onPoison));
    const applicationName = options.applicationName ?? 'cairn projector';
    this.database = new Database({
      url: options.url,
      role: 'cairn_projector',
      applicationName,
      max: 8,
      isShared: true,
    });
    this.tools = {
      database: this.database,
      store: options.store,
      catalogue: options.catalogue,
      definitions: this.definitions,
      recent: new RecentDocuments(options.recentDocuments ?? 5_000),
      observer: options.observer ?? {},
      // It only ever speaks within transactions, and so never connects by itself.
      fanOut: options.fanOut ?? new PostgresFanOut({ url: options.url, role: 'cairn_projector', applicationName }),
    };
    this.requests = new ListeningConnection({
      url: options.url,
      role: 'cairn_projector',
      applicationName: `${applicationName} requests`,
      channel: 'cairn_rebuild',
      heard: () => this.requested.ring(),
      connected: () => this.requested.ring(),
    });
  }

  /**
   * Checks what is stored against the code and starts to work.
   * @throws DefinitionChanged when a projection folds differently than its stored version
   */
  async start(): Promise<void> {
    await this.prepare();
    this.deafen = this.options.store.onAppended?.((tenant) => this.feed(tenant)?.wake());
    this.untake = this.leases.onTaken(({ tenant }) => void this.feed(tenant));
    await this.requests.open();
    this.work.push(this.findTenants(), this.build());
  }

  /** Ends after the pages under way; a building under way is given up and made again at the next start. */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    this.stopping.abort();
    this.deafen?.();
    this.untake?.();
    this.requested.ring();
    await this.requests.close();
    await Promise.all([...this.work, ...[...this.feeds.values()].map((feed) => feed.stop())]);
    await this.database.close();
  }

  /** Every generation of these projections and where it is in the tenant's log. */
  async states(tenant: TenantId): Promise<readonly GenerationStatus[]> {
    const head = await this.options.store.head(tenant);
    const names = this.definitions.map(({ projection }) => projection.name);
    const all = await this.database.inTenant(tenant, (client) => readStatus(client, tenant, head));
    return all.filter(({ name }) => names.includes(name));
  }

  /** @throws when the database does not answer */
  async ping(): Promise<void> {
    await this.database.pool.query('select 1');
  }

  /** Halted projections are given another chance, as they are at every start. */
  retryHalted(): void {
    for (const feed of this.feeds.values()) feed.retryHalted();
  }

  /**
   * Folds parked events of a projection in their order, now that its code is mended. What fails again stays parked.
   * @returns how many events were folded
   */
  async retryParked(name: string): Promise<number> {
    const definition = this.definitions.find(({ projection }) => projection.name === name);
    if (!definition) throw new Error(`there is no projection ${name} here`);
    let folded = 0;
    for (const tenant of await this.options.store.tenants()) {
      const count = await retryParkedEvents(this.tools, definition, tenant);
      if (count > 0) this.feeds.get(tenant)?.refresh();
      folded += count;
    }
    return folded;
  }

  /** Settles for each projection what serves it: what is there, a kept older building, or a new one to be built. */
  private async prepare(): Promise<void> {
    const empty = (await this.options.store.tenants()).length === 0;
    const client = await this.database.pool.connect();
    try {
      await client.query('begin');
      // Two workers that start together must not both decide.
      await client.query(`select pg_advisory_xact_lock(hashtext('cairn projections'))`);
      const generations = await readGenerations(
        client,
        this.definitions.map(({ projection }) => projection.name),
      );
      for (const definition of this.definitions) {
        const { name, version } = definition.projection;
        const own = generations.filter((one) => one.name === name && one.state !== 'failed');
        const same = own.filter((one) => one.version === version);
        if (same.some((one) => one.hash !== definition.hash)) throw new DefinitionChanged(name, version);
        if (same.some((one) => one.state === 'serving')) continue;
        const kept = same.find((one) => one.state === 'retired' && one.shown);
        if (empty && (await serveFromEmpty(client, definition))) continue;
        // A request of other code that never came to be built would keep this one waiting for ever.
        await client.query(
          `delete from read_model.generation where projection = $1 and state = 'requested' and version <> $2`,
          [name, version],
        );
        if (kept) await resumeGeneration(client, kept);
        else await requestGeneration(client, definition);
      }
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  /** The feed of a log; none while another process follows it. */
  private feed(tenant: TenantId): LiveFeed | undefined {
    const known = this.feeds.get(tenant);
    const lease = known || this.stopping.signal.aborted ? undefined : this.leases.of(tenant);
    if (!lease) return known;
    const feed = new LiveFeed(tenant, this.tools, lease);
    this.feeds.set(tenant, feed);
    void feed.start().finally(() => this.feeds.delete(tenant));
    return feed;
  }

  private async findTenants(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        for (const tenant of await this.options.store.tenants()) this.feed(tenant);
      } catch (error) {
        this.tools.observer.failed?.(undefined, error);
      }
      await this.pause(LOOK_FOR_TENANTS_EVERY_MS);
    }
  }

  private async build(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        const built = await rebuildRequested(this.tools, this.options.rebuild ?? {}, this.stopping.signal);
        if (built) for (const feed of this.feeds.values()) feed.refresh();
      } catch (error) {
        if (!this.stopping.signal.aborted) this.tools.observer.failed?.(undefined, error);
      }
      if (!this.stopping.signal.aborted) await this.requested.rung(LOOK_FOR_REQUESTS_EVERY_MS);
    }
  }

  private pause(milliseconds: number): Promise<void> {
    const { signal } = this.stopping;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}
