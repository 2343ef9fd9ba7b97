import {
  EventStoreUnavailable,
  type Instant,
  type Position,
  type RecordedEvent,
  type TenantId,
} from '@cairn/event-sourcing';
import pg from 'pg';
import type { Lease } from '../leases/lease.js';
import { recordedColumns } from '../postgres/event-columns.js';
import { isPassing, isWrongValue, messageOf } from '../postgres/failure.js';
import { inTransaction } from '../postgres/in-transaction.js';
import { byIndexOnly } from '../postgres/postgres-log.js';

/** How far the logs here are a copy of those in another store. */
export interface CopyState {
  /** Which store; undefined while it has no event. */
  readonly source: string | undefined;
  /** The place in the other store's order up to which everything is here. */
  readonly position: Position;
  /** Where that was one page before. */
  readonly before: Position;
  /** Rises with every page. */
  readonly revision: bigint;
}

/** What was made of a page. */
export interface CopiedPage {
  /** Events that were not here before. */
  readonly added: number;
  /** Events that turned up after it had been said that everything of their time is here. */
  readonly late: number;
  readonly state: CopyState;
}

/** An event, or one of a page, can not be copied: it is not the next of its stream, or here is another in its place. */
export class Uncopyable extends Error {
  override readonly name = 'Uncopyable';
}

const NOT_COPYABLE = 'CA003';

/** The database as a copy of the logs in another store; as `cairn_projector`, who alone may make it. */
export class LogCopy {
  private readonly pool: pg.Pool;

  constructor(options: { readonly url: string; readonly applicationName: string }) {
    this.pool = new pg.Pool({
      connectionString: options.url,
      options: byIndexOnly('cairn_projector'),
      application_name: options.applicationName,
      connectionTimeoutMillis: 10_000,
      max: 1,
    });
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Undefined where the database is no copy. */
  async state(): Promise<CopyState | undefined> {
    const [row] = await this.rows<StateRow>('select source, position, before, revision from cairn.log_copy', []);
    return row && stateOf(row);
  }

  /** Undefined where the database is no copy. @returns also why copying has stopped, if it has */
  async health(): Promise<{ readonly halted: string | undefined; readonly behindSeconds: number } | undefined> {
    const [row] = await this.rows<{ halted: string | null; behind: number }>(
      "select halted, date_part('epoch', clock_timestamp() - complete_through) as behind from cairn.log_copy",
      [],
    );
    return row && { halted: row.halted ?? undefined, behindSeconds: row.behind };
  }

  /**
   * Makes the database a copy of a store, if it is none: from here on nothing else adds events to it.
   * @returns how far it is; with another source, it is a copy of another store
   */
  async begin(source: string | undefined): Promise<CopyState> {
    const [row] = await this.rows<StateRow>('select * from cairn.begin_copy($1)', [source ?? null]);
    return stateOf(row!);
  }

  /** Whether a log here begins with an event of this id, in the first place. */
  async beginsWith({ tenant, id }: Pick<RecordedEvent, 'tenant' | 'id'>): Promise<boolean> {
    const [row] = await this.rows<{ id: string }>(
      `with own as materialized (select set_config('cairn.tenant', $1, true) as tenant)
       select found.id from own cross join lateral (
         select id from cairn.event where tenant = own.tenant and position >= 1 order by position limit 1) found`,
      [tenant],
    );
    return row?.id === id;
  }

  /** How many of the first events of a log are known to be in the other store too. */
  async copied(tenant: TenantId): Promise<Position> {
    const [row] = await this.rows<{ copied: string }>(
      `with own as materialized (select set_config('cairn.tenant', $1, true) as tenant)
       select found.copied from own cross join lateral (select copied from cairn.log where tenant = own.tenant) found`,
      [tenant],
    );
    return BigInt(row?.copied ?? 0);
  }

  /** Whether anything at all is recorded here. */
  async isEmpty(): Promise<boolean> {
    return (await this.rows('select from cairn.tenants() limit 1', [])).length === 0;
  }

  /** The database's time, in milliseconds since 1970. */
  async now(): Promise<Instant> {
    const [row] = await this.rows<{ now: number }>("select date_part('epoch', clock_timestamp()) * 1000 as now", []);
    return Math.floor(row!.now);
  }

  /**
   * Copies a page and moves on by it, all or nothing.
   * @param events in the other store's order; none moves nothing but `through`
   * @param through whatever the other store recorded by then is here afterwards; undefined: nobody knows
   * @returns undefined when the copy is further than `state`: somebody else copied
   * @throws Uncopyable
   * @throws LeaseLost
   */
  async copy(
    state: CopyState,
    events: readonly RecordedEvent[],
    through: Instant | undefined,
    lease: Lease,
  ): Promise<CopiedPage | undefined> {
    const position = events.at(-1)?.position ?? state.position;
    const values = [state.source ?? null, state.revision, position, through ?? null, ...columnsByTenant(events)];
    try {
      const row = await this.underLease(lease, async (client) => {
        const { rows } = await client.query<{ added: number | null; late: number }>({ ...COPY, values });
        return rows[0]!;
      });
      if (row.added === null) return undefined;
      return {
        added: row.added,
        late: row.late,
        state: {
          ...state,
          position,
          before: position > state.position ? state.position : state.before,
          revision: state.revision + 1n,
        },
      };
    } catch (error) {
      if (isWrongValue(error) || (error as { code?: unknown }).code === NOT_COPYABLE) {
        throw new Uncopyable(messageOf(error), { cause: error });
      }
      throw unavailable(error);
    }
  }

  /** Says for everybody to see that the copy has stopped, and why. */
  async halt({ source }: CopyState, why: string): Promise<void> {
    await this.rows('select cairn.halt_copy($1, $2)', [source ?? null, why]);
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  /** Without anybody to share with, a transaction is one statement and one round trip. */
  private async underLease<Result>(
    lease: Lease,
    work: (client: pg.Pool | pg.PoolClient) => Promise<Result>,
  ): Promise<Result> {
    if (lease.fence === undefined) return work(this.pool);
    return inTransaction(this.pool, async (client) => {
      await lease.guard(client);
      return work(client);
    });
  }

  private async rows<Row extends object>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    try {
      return (await this.pool.query<Row>(text, [...values])).rows;
    } catch (error) {
      throw unavailable(error);
    }
  }
}

/**
 * Makes a copy a store of its own. Whoever calls this has made sure that it is complete and that nobody appends to the other store
 * any more.
 * @param url of a login that may become `cairn_restorer`
 * @throws EventStoreUnavailable
 */
export async function endCopy(url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    options: '-c role=cairn_restorer',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select cairn.end_copy()');
  } catch (error) {
    throw unavailable(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const COPY = {
  name: 'cairn_copy',
  text: `select * from cairn.copy($1, $2, $3, timestamptz 'epoch' + $4::float8 * interval '1 millisecond',
    $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
} as const;

interface StateRow {
  readonly source: string | null;
  readonly position: string;
  readonly before: string;
  readonly revision: string;
}

const stateOf = ({ source, position, before, revision }: StateRow): CopyState => ({
  source: source ?? undefined,
  position: BigInt(position),
  before: BigInt(before),
  revision: BigInt(revision),
});

/** The columns of `cairn.copy`: one entry per tenant in each, the first of which are the tenants. */
function columnsByTenant(events: readonly RecordedEvent[]): readonly (readonly string[])[] {
  const logs = new Map<TenantId, RecordedEvent[]>();
  for (const event of events) {
    const log = logs.get(event.tenant);
    if (log) log.push(event);
    else logs.set(event.tenant, [event]);
  }
  const columns = [...logs.values()].map(recordedColumns);
  return [[...logs.keys()], ...Array.from({ length: COLUMNS }, (_, place) => columns.map((each) => each[place]!))];
}

/** Of `recordedColumns`. */
const COLUMNS = 13;

const unavailable = (error: unknown): unknown =>
  isPassing(error)
    ? new EventStoreUnavailable(`PostgreSQL is not available: ${messageOf(error)}`, { cause: error })
    : error;
