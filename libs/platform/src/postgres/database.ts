import type { TenantId } from '@cairn/event-sourcing';
import pg from 'pg';
import { inTransaction } from './in-transaction.js';
import type { Lease } from '../leases/lease.js';
import { endWhenSilent } from './end-when-silent.js';
import { notePool } from './open-pools.js';

/** The database roles of Cairn: none of them may log in, each connection takes one on. */
export type DatabaseRole = 'cairn_alerter' | 'cairn_backup' | 'cairn_owner' | 'cairn_projector' | 'cairn_service';

export interface DatabaseOptions {
  readonly url: string;
  readonly role: DatabaseRole;
  /** Connections at the most. */
  readonly max?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /**
   * For a service of which there may be several instances: what this process leaves lying within a transaction, because it was
   * stopped or cut off, is ended by the server after five seconds, so that its locks hold up nobody else.
   */
  readonly isShared?: boolean;
}

const SHARED = ['idle_in_transaction_session_timeout=5s', 'tcp_user_timeout=5s', 'tcp_keepalives_idle=5']
  .concat('tcp_keepalives_interval=2', 'tcp_keepalives_count=3')
  .map((setting) => ` -c ${setting}`)
  .join('');

const SET_TENANT = { name: 'cairn_set_tenant', text: "select set_config('cairn.tenant', $1, true)" } as const;

/** No statement of these connections is under way for so long without a word, not even the making of an index, in milliseconds. */
const SILENT_MS = 60_000;

/** A pool of connections that act as one role; row-level security lets each transaction see one tenant. */
export class Database {
  readonly pool: pg.Pool;
  private readonly role: DatabaseRole;

  constructor(options: DatabaseOptions) {
    this.role = options.role;
    this.pool = new pg.Pool({
      connectionString: options.url,
      options: `-c role=${options.role}${options.isShared ? SHARED : ''}`,
      max: options.max ?? 8,
      application_name: options.applicationName,
      connectionTimeoutMillis: 10_000,
    });
    notePool(this.pool);
    // A connection that dies while idle is replaced at its next use; without a listener it would end the process.
    this.pool.on('error', () => undefined);
    // So would one that dies while it is lent out, between two statements; the next statement tells whoever has it.
    this.pool.on('connect', (client) => {
      client.on('error', () => undefined);
      endWhenSilent(client, SILENT_MS);
    });
  }

  /**
   * Runs a piece of work in one transaction that sees this tenant only.
   * @param lease kept from changing hands until the transaction has ended
   * @throws LeaseLost when it has changed hands already
   */
  async inTenant<Result>(
    tenant: TenantId,
    work: (client: pg.ClientBase) => Promise<Result>,
    lease?: Pick<Lease, 'guard'>,
  ): Promise<Result> {
    return inTransaction(this.pool, async (client) => {
      // A value of its own: the text of a statement is shown to every session of the same login.
      await client.query({ ...SET_TENANT, values: [tenant] });
      await lease?.guard(client);
      return work(client);
    });
  }

  /**
   * What the login of the URL could become besides the pool's role, or do without one: empty when somebody who can run any
   * statement on these connections is held by row-level security all the same.
   */
  async excessRights(): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ excess: string }>(
      `select case when own.rolsuper then 'superuser' else 'the role ' || r.rolname end as excess
       from pg_roles own join pg_roles r on
         case when own.rolsuper then r.oid = own.oid
           else pg_has_role(own.oid, r.oid, 'member') and r.rolname not in (own.rolname, $1) end
       where own.rolname = session_user
       union all
       select 'the right to ' || given from pg_roles own
       cross join lateral (values (own.rolbypassrls, 'pass row-level security'), (own.rolcreaterole, 'make roles'))
         as of (holds, given)
       where own.rolname = session_user and holds and not own.rolsuper
       order by 1`,
      [this.role],
    );
    return rows.map(({ excess }) => excess);
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
