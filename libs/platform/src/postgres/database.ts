import type { TenantId } from '@cairn/event-sourcing';
import pg from 'pg';

/** The database roles of Cairn: none of them may log in, each connection takes one on. */
export type DatabaseRole = 'cairn_owner' | 'cairn_projector' | 'cairn_service';

export interface DatabaseOptions {
  readonly url: string;
  readonly role: DatabaseRole;
  /** Connections at the most. */
  readonly max?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
}

/** A pool of connections that act as one role; row-level security lets each transaction see one tenant. */
export class Database {
  readonly pool: pg.Pool;

  constructor(options: DatabaseOptions) {
    this.pool = new pg.Pool({
      connectionString: options.url,
      options: `-c role=${options.role}`,
      max: options.max ?? 8,
      application_name: options.applicationName,
      connectionTimeoutMillis: 10_000,
    });
    // A connection that dies while idle is replaced at its next use; without a listener it would end the process.
    this.pool.on('error', () => undefined);
    // So would one that dies while it is lent out, between two statements; the next statement tells whoever has it.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Runs a piece of work in one transaction that sees this tenant only. */
  async inTenant<Result>(tenant: TenantId, work: (client: pg.ClientBase) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      // Both in one round trip.
      await client.query(`begin; select set_config('cairn.tenant', ${pg.escapeLiteral(tenant)}, true)`);
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((rollbackError: Error) => (broken = rollbackError));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
