import { setTimeout as wait } from 'node:timers/promises';
import { type EventStore, LOG_START, type Position, type TenantId } from '@cairn/event-sourcing';
import type { FanOut } from '../fan-out/fan-out.js';
import { PostgresFanOut } from '../fan-out/postgres-fan-out.js';
import { Database } from '../postgres/database.js';
import { Bell } from './bell.js';
import { documentView } from './document-table.js';
import { LookedFor } from './looked-for.js';
import { decodeNotice, type ProjectedNotice } from './projected-notice.js';
import { type GenerationStatus, readStatus, type RebuildProgress, rebuildProgress } from './read-model-status.js';

/** Names a read model: a projection in one of its versions. A `Projection` is one. */
export interface ReadModelName {
  readonly name: string;
  readonly version: number;
}

/** One document of a read model. */
export interface ReadDocument {
  readonly id: string;
  /** Of the last event folded into it. */
  readonly position: Position;
  /** JSON text, as it is stored: whoever caches it may never need to parse it. */
  readonly document: string;
}

/** Where a reading came to. Given back with the next one, it lets that one leave out what did not change. */
export interface ReadMark {
  readonly position: Position;
  /** Changes when documents may differ below the position: another building serves, or parked events were folded. */
  readonly lineage: string;
}

/** What one reading gave. */
export interface Reading {
  readonly mark: ReadMark;
  /** `documents` are all of the scope's: what was read before is to be forgotten. Else only those that changed since. */
  readonly whole: boolean;
  readonly documents: readonly ReadDocument[];
  /** The read model stopped at an event that its code cannot fold, or keeps events waiting: it is not complete. */
  readonly incomplete: boolean;
}

export type ProjectedListener = (notice: ProjectedNotice) => void;

export interface ReadModelsOptions {
  readonly url: string;
  /** For the heads that `states` compares with. */
  readonly store: Pick<EventStore, 'head'>;
  /** What `position` and `waitFor` speak of. */
  readonly models: readonly ReadModelName[];
  readonly applicationName?: string;
  /** Connections at the most, default 8. */
  readonly maxConnections?: number;
  /** How this process learns of commits elsewhere, for whoever gave it to close; PostgreSQL's NOTIFY unless given. */
  readonly fanOut?: FanOut;
}

/** A start waits no longer for hints to arrive, in milliseconds. */
const LISTENING_WITHIN_MS = 2_000;
/** How often a waiting reader looks by itself, in milliseconds: a notice can be lost with a connection. */
const LOOK_EVERY_MS = 500;

/** The reading side of the read models, as the service role: it can see one tenant at a time and change nothing. */
export class ReadModels {
  private readonly database: Database;
  private readonly fanOut: FanOut;
  private readonly looked: LookedFor;
  private deafen: (() => void) | undefined;
  private readonly listeners = new Set<ProjectedListener>();
  /** Those that were read: only of these can anything be missed. Which others there are is not for this role to know. */
  private readonly tenants = new Set<TenantId>();

  constructor(private readonly options: ReadModelsOptions) {
    const { url, applicationName = 'cairn read models', maxConnections } = options;
    this.database = new Database({
      url,
      role: 'cairn_service',
      applicationName,
      ...(maxConnections !== undefined && { max: maxConnections }),
    });
    this.fanOut =
      options.fanOut ??
      new PostgresFanOut({ url, role: 'cairn_service', applicationName: `${applicationName} notices` });
    this.looked = new LookedFor({
      database: this.database,
      tenants: () => this.tenants,
      fanOut: this.fanOut,
      changed: (tenant) => this.tell({ tenant, scopes: 'all', position: undefined }),
    });
  }

  /** Begins to listen; what cannot be heard yet is looked for. Reading works without it; waiting is slower. */
  async start(): Promise<void> {
    if (this.deafen) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.deafen = this.fanOut.listen('projected', {
      heard: (message) => {
        const notice = decodeNotice(message);
        if (notice) this.tell(notice);
      },
      connected: () => {
        resolve();
        this.tellEverything();
      },
    });
    this.looked.start();
    const given = new AbortController();
    await Promise.race([promise, wait(LISTENING_WITHIN_MS, undefined, { signal: given.signal })]).finally(() =>
      given.abort(),
    );
  }

  async close(): Promise<void> {
    this.listeners.clear();
    this.deafen?.();
    await this.looked.stop();
    if (!this.options.fanOut) await this.fanOut.close();
    await this.database.close();
  }

  /**
   * The documents of a scope and the position they are at, as of one moment.
   * @param since the mark of an earlier reading of the same scope: documents that did not change are left out
   * @throws ReadModelMissing when nothing was built of this version yet
   */
  async documents(tenant: TenantId, model: ReadModelName, scope: string, since?: ReadMark): Promise<Reading> {
    const { rows } = await this.select<{
      checkpoint: string | null;
      lineage: string;
      incomplete: boolean;
      whole: boolean;
      id: string | null;
      position: string;
      document: string;
    }>(
      tenant,
      model,
      `select c.position as checkpoint, c.lineage, c.incomplete, c.whole, d.id, d.position, d.document
       from (
         select c.position, l.lineage, l.lineage is distinct from $5::text as whole,
           c.halted_position is not null or exists (
             select from read_model.parked p
             where p.tenant = $1 and p.projection = $2 and p.generation = g.generation) as incomplete
         from read_model.generation g
         left join read_model.checkpoint c
           on c.tenant = $1 and c.projection = g.projection and c.generation = g.generation
         cross join lateral (select g.generation || '.' || coalesce(c.rewrites, 0) as lineage) l
         where g.projection = $2 and g.version = $3 and g.shown
       ) c
       left join ${documentView(model.name, model.version)} d
         on d.tenant = $1 and d.scope = $4 and d.position > case when c.whole then -1 else $6::bigint end`,
      [tenant, model.name, model.version, scope, since?.lineage ?? null, since?.position ?? LOG_START],
    );
    const first = rows[0];
    if (!first) throw new ReadModelMissing(model);
    return {
      mark: { position: BigInt(first.checkpoint ?? 0), lineage: first.lineage },
      whole: first.whole,
      incomplete: first.incomplete,
      documents: rows.flatMap(({ id, position, document }) =>
        id === null ? [] : [{ id, position: BigInt(position), document }],
      ),
    };
  }

  /** One document. @throws ReadModelMissing when nothing was built of this version yet */
  async document(tenant: TenantId, model: ReadModelName, scope: string, id: string): Promise<ReadDocument | undefined> {
    const { rows } = await this.select<{ position: string; document: string }>(
      tenant,
      model,
      `select position, document from ${documentView(model.name, model.version)}
       where tenant = $1 and scope = $2 and id = $3`,
      [tenant, scope, id],
    );
    const row = rows[0];
    return row && { id, position: BigInt(row.position), document: row.document };
  }

  /** The scopes in which a read model has documents of the tenant, in their order. */
  async scopes(tenant: TenantId, model: ReadModelName): Promise<readonly string[]> {
    const { rows } = await this.select<{ scope: string }>(
      tenant,
      model,
      `select distinct scope from ${documentView(model.name, model.version)} where tenant = $1 order by scope`,
      [tenant],
    );
    return rows.map(({ scope }) => scope);
  }

  /** The position that all read models have reached in the tenant's log, at least; before anything is built, its start. */
  async position(tenant: TenantId): Promise<Position> {
    const { models } = this.options;
    this.tenants.add(tenant);
    const { rows } = await this.database.inTenant(tenant, (client) =>
      client.query<{ position: string }>(
        `select coalesce(min(coalesce(c.position, 0)), 0) as position
         from unnest($2::text[], $3::int[]) as m (name, version)
         left join read_model.generation g on g.projection = m.name and g.version = m.version and g.shown
         left join read_model.checkpoint c
           on c.tenant = $1 and c.projection = g.projection and c.generation = g.generation`,
        [tenant, models.map(({ name }) => name), models.map(({ version }) => version)],
      ),
    );
    return BigInt(rows[0]!.position);
  }

  /**
   * Waits until all read models have reached a position.
   * @returns whether they did in time
   */
  async waitFor(tenant: TenantId, position: Position, { timeoutMs }: { readonly timeoutMs: number }): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    const bell = new Bell();
    let reached = LOG_START;
    const deafen = this.onProjected((notice) => {
      if (notice.tenant !== tenant) return;
      if (notice.position !== undefined) reached = notice.position;
      if (notice.position === undefined || notice.position >= position) bell.ring();
    });
    try {
      for (;;) {
        if (reached >= position || (await this.position(tenant)) >= position) return true;
        const left = deadline - performance.now();
        if (left <= 0) return false;
        await bell.rung(Math.min(left, LOOK_EVERY_MS));
      }
    } finally {
      deafen();
    }
  }

  /**
   * Calls after every commit of read-model rows. After a lost connection it is called with scopes 'all' for every tenant
   * that was read here, since anything may have been missed.
   * @returns what ends it
   */
  onProjected(listener: ProjectedListener): () => void {
    const own: ProjectedListener = (notice) => listener(notice);
    this.listeners.add(own);
    return () => this.listeners.delete(own);
  }

  /** Every generation and where it is in the tenant's log. */
  async states(tenant: TenantId): Promise<readonly GenerationStatus[]> {
    const head = await this.options.store.head(tenant);
    return this.database.inTenant(tenant, (client) => readStatus(client, tenant, head));
  }

  /**
   * Asks the projector to build a read model anew beside what serves.
   * @returns the number of the generation to come; one that is under way is the answer too
   * @throws ReadModelMissing when nothing serves that could be replaced
   */
  async requestRebuild(name: string): Promise<number> {
    try {
      const { rows } = await this.database.pool.query<{ generation: number }>(
        'select read_model.request_rebuild($1) as generation',
        [name],
      );
      return rows[0]!.generation;
    } catch (error) {
      if ((error as { code?: string }).code === 'P0002') throw new ReadModelMissing({ name });
      throw error;
    }
  }

  /** How far a requested generation is; undefined when it is not known, or was removed as too old. */
  rebuildProgress(name: string, generation: number): Promise<RebuildProgress | undefined> {
    return rebuildProgress(this.database.pool, name, generation);
  }

  private tell(notice: ProjectedNotice): void {
    for (const listener of this.listeners) listener(notice);
  }

  private tellEverything(): void {
    for (const tenant of this.tenants) this.tell({ tenant, scopes: 'all', position: undefined });
  }

  private async select<Row extends object>(tenant: TenantId, model: ReadModelName, sql: string, values: unknown[]) {
    this.tenants.add(tenant);
    try {
      return await this.database.inTenant(tenant, (client) => client.query<Row>(sql, values));
    } catch (error) {
      if ((error as { code?: string }).code === '42P01') throw new ReadModelMissing(model);
      throw error;
    }
  }
}

/** Nothing was built of this read model yet: the projector has not run with this version, or is still building. */
export class ReadModelMissing extends Error {
  override readonly name = 'ReadModelMissing';
  constructor(readonly model: { readonly name: string; readonly version?: number }) {
    super(`read model ${model.name}${model.version === undefined ? '' : ` version ${model.version}`} is not built yet`);
  }
}
