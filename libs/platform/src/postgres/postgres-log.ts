import { setTimeout as wait } from 'node:timers/promises';
import {
  EventStoreUnavailable,
  followLog,
  isIdentifier,
  isPlainText,
  isUuid,
  LOG_START,
  type LogRange,
  type Position,
  type RecordedEvent,
  type StreamRange,
  type SubscriptionOptions,
  type TenantId,
} from '@cairn/event-sourcing';
import pg from 'pg';
import type { AppendedListener } from '../log-store.js';
import { type FanOut } from '../fan-out/fan-out.js';
import { PostgresFanOut } from '../fan-out/postgres-fan-out.js';
import { AppendedSignal } from './appended-signal.js';
import type { DatabaseRole } from './database.js';
import { type EventRow, readEvent } from './event-row.js';
import { endWhenSilent } from './end-when-silent.js';
import { isPassing, messageOf } from './failure.js';
import { notePool } from './open-pools.js';
import { POSITION_MAX, READ, type ReadStatement, REVISION_MAX } from './read-statements.js';

export interface PostgresLogOptions {
  readonly url: string;
  /** Default `cairn_service`; all may append and read. */
  readonly role?: Exclude<DatabaseRole, 'cairn_owner'>;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Connections for reads at the most, default 4. Appends use at most 2 more, wake-ups 1. */
  readonly maxReaders?: number;
  /** Milliseconds between attempts when the server is not there. When they are used up, `EventStoreUnavailable`. */
  readonly retryAfter?: readonly number[];
  /** How processes tell each other that a log has grown, for whoever gave it to close; PostgreSQL's NOTIFY unless given. */
  readonly fanOut?: FanOut;
}

const RETRY_AFTER = [20, 100, 300, 1_000, 2_000];
/** A subscription looks that often without having been called: a wake-up can be lost with a connection. */
const LOOK_EVERY_MS = 1_000;
/** Longest time that one call may take in the server, in milliseconds. */
export const CALL_TIMEOUT = 30_000;

/**
 * Reads, and what an append looks up, are ordered searches of one index each. The planner may not choose otherwise, not
 * even on a table that it still takes for an empty one.
 */
const SETTINGS = [
  'default_transaction_isolation=read\\ committed',
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_material=off',
  'enable_memoize=off',
  'enable_sort=off',
  'jit=off',
  // Made once per connection: with these settings, no value could ask for another plan.
  'plan_cache_mode=force_generic_plan',
  `statement_timeout=${CALL_TIMEOUT}`,
].map((setting) => `-c ${setting}`);

/** The options of a session of this role that looks nothing through but by an index. */
export const byIndexOnly = (role: DatabaseRole): string => [`-c role=${role}`, ...SETTINGS].join(' ');

/** The logs in PostgreSQL as they are read and followed, whoever puts events into them. */
export class PostgresLog {
  /** Of each of its connections. */
  protected readonly config: pg.PoolConfig;
  protected readonly signal: AppendedSignal;
  protected readonly closing = new AbortController();
  private readonly readers: pg.Pool;
  private readonly retryAfter: readonly number[];
  private readonly ownFanOut: FanOut | undefined;

  constructor(options: PostgresLogOptions) {
    this.config = {
      connectionString: options.url,
      options: byIndexOnly(options.role ?? 'cairn_service'),
      application_name: options.applicationName,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    };
    this.readers = this.pool(options.maxReaders ?? 4);
    const { url, role = 'cairn_service', applicationName } = options;
    this.ownFanOut = options.fanOut ? undefined : new PostgresFanOut({ url, role, applicationName });
    this.signal = new AppendedSignal((options.fanOut ?? this.ownFanOut)!, () => this.tenants());
    this.retryAfter = options.retryAfter ?? RETRY_AFTER;
  }

  async readStream(tenant: TenantId, stream: string, range: StreamRange = {}): Promise<readonly RecordedEvent[]> {
    if (!isPlainText(stream)) return [];
    const { from, limit, direction = 'forwards' } = range;
    const most = limit === undefined || limit === Infinity ? null : whole(limit);
    return direction === 'forwards'
      ? this.read(tenant, READ.streamForwards, [stream, whole(from ?? 0), most])
      : this.read(tenant, READ.streamBackwards, [stream, whole(from ?? REVISION_MAX), most]);
  }

  async readLog(tenant: TenantId, range: LogRange): Promise<readonly RecordedEvent[]> {
    const { from, limit, direction = 'forwards' } = range;
    return direction === 'forwards'
      ? this.read(tenant, READ.logForwards, [from ?? LOG_START, whole(limit)])
      : this.read(tenant, READ.logBackwards, [from ?? POSITION_MAX, whole(limit)]);
  }

  async findEvent(tenant: TenantId, id: string): Promise<RecordedEvent | undefined> {
    if (!isUuid(id)) return undefined;
    const [event] = await this.read(tenant, READ.event, [id]);
    return event;
  }

  subscribe(tenant: TenantId, options: SubscriptionOptions): AsyncGenerator<readonly RecordedEvent[]> {
    return followLog(this, tenant, options, {
      closing: this.closing.signal,
      remind: (call) => {
        const reminder = setInterval(call, LOOK_EVERY_MS);
        return () => clearInterval(reminder);
      },
    });
  }

  /** At once for this process's appends, soon for others'. */
  onAppended(listener: AppendedListener): () => void {
    return this.signal.listen(listener);
  }

  appendedElsewhere(tenant: TenantId): void {
    this.signal.appended(tenant);
  }

  async head(tenant: TenantId): Promise<Position> {
    const [row] = await this.readRows<[string]>(tenant, READ.head, []);
    return BigInt(row?.[0] ?? 0);
  }

  /** For whoever projects: the role `cairn_service` may not ask. */
  async tenants(): Promise<readonly TenantId[]> {
    const { rows } = await this.unlessUnavailable(() =>
      this.readers.query<[string]>({ text: 'select cairn.tenants()', rowMode: 'array' }),
    );
    return rows.map(([tenant]) => tenant).sort();
  }

  async ping(): Promise<void> {
    await this.unlessUnavailable(() => this.readers.query('select from cairn.log limit 0'));
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.signal.close();
    await Promise.all([this.ownFanOut?.close(), this.readers.end()]);
  }

  /** Whether the logs here are those of another store, see `cairn.log_copy`. */
  protected async isCopy(): Promise<boolean> {
    const { rowCount } = await this.unlessUnavailable(() => this.readers.query('select from cairn.log_copy'));
    return rowCount === 1;
  }

  /** Connections that look nothing through but by an index. */
  protected pool(max: number, more: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ ...this.config, max, ...more });
    notePool(pool);
    // A connection that dies while idle is replaced at its next use; without a listener it would end the process.
    pool.on('error', () => undefined);
    // A statement ends before; beyond that the network is what does not answer.
    pool.on('connect', (client) => endWhenSilent(client, CALL_TIMEOUT + 2_000));
    return pool;
  }

  protected async readRows<Row extends readonly unknown[]>(
    tenant: TenantId,
    statement: ReadStatement,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    if (!isIdentifier(tenant)) return [];
    const query = { ...statement, rowMode: 'array', types: AS_TEXT, values: [tenant, ...values] };
    const { rows } = await this.unlessUnavailable(() => this.readers.query(query as pg.QueryArrayConfig));
    return rows as unknown as readonly Row[];
  }

  /** Calls again while the server is away; every call of the store may be repeated without harm. */
  protected async unlessUnavailable<Result>(call: () => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (!isPassing(error)) throw error;
        const delay = this.retryAfter[attempt];
        if (delay === undefined || this.closing.signal.aborted) {
          throw new EventStoreUnavailable(`PostgreSQL is not available: ${messageOf(error)}`, { cause: error });
        }
        await wait(delay);
      }
    }
  }

  private async read(tenant: TenantId, statement: ReadStatement, values: readonly unknown[]): Promise<RecordedEvent[]> {
    const rows = await this.readRows<EventRow>(tenant, statement, values);
    const events = new Array<RecordedEvent>(rows.length);
    for (let index = 0; index < rows.length; index++) events[index] = readEvent(tenant, rows[index]!);
    return events;
  }
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** A number as the statements take it: never below zero, never a fraction. */
const whole = (value: number): number => Math.min(Math.max(Math.trunc(value) || 0, 0), REVISION_MAX);
