import type { TenantId } from '@cairn/event-sourcing';
import pg from 'pg';

/** Somebody took a lease. */
export interface Taken {
  readonly service: string;
  readonly tenant: TenantId;
  readonly token: bigint;
  /** The process, by its id. */
  readonly pid: number;
  /** By the server's clock, in milliseconds. */
  readonly at: number;
}

/** Who took which lease when, as the database saw it: written down by triggers that the test adds. */
export class LeaseHistory {
  private constructor(private readonly pool: pg.Pool) {}

  static async of(url: string): Promise<LeaseHistory> {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    pool.on('error', () => undefined);
    await pool.query(`
      create schema test_history;
      create table test_history.instance (id uuid primary key, process text not null);
      create table test_history.taken (service text, tenant text, token bigint, holder uuid, at timestamptz);
      create function test_history.note_instance() returns trigger language plpgsql security definer as
        $$ begin insert into test_history.instance values (new.id, new.process) on conflict do nothing; return null; end $$;
      create function test_history.note_taken() returns trigger language plpgsql security definer as
        $$ begin
          insert into test_history.taken values (new.service, new.tenant, new.token, new.holder, clock_timestamp());
          return null;
        end $$;
      create trigger note after insert on cairn.instance for each row execute function test_history.note_instance();
      create trigger note after update on cairn.lease for each row when (new.token > old.token)
        execute function test_history.note_taken();`);
    return new LeaseHistory(pool);
  }

  async taken(): Promise<readonly Taken[]> {
    const { rows } = await this.pool.query<{
      service: string;
      tenant: string;
      token: string;
      process: string;
      at: number;
    }>(
      `select taken.service, tenant, token, process, extract(epoch from at)::float8 * 1000 as at
       from test_history.taken left join test_history.instance on id = holder order by at, token`,
    );
    return rows.map(({ service, tenant, token, process, at }) => ({
      ...{ service, tenant, at },
      token: BigInt(token),
      pid: Number(process.split(' ')[3]),
    }));
  }

  /** Which tenants a process holds now. */
  async heldBy(pid: number): Promise<readonly TenantId[]> {
    const { rows } = await this.pool.query<{ tenant: string }>(
      `select tenant from cairn.lease join test_history.instance on id = holder
       where expires_at > clock_timestamp() and split_part(process, ' ', 4) = $1`,
      [String(pid)],
    );
    return rows.map(({ tenant }) => tenant);
  }

  /** Processes of a service that live, by the database. */
  async live(service: string): Promise<readonly number[]> {
    const { rows } = await this.pool.query<{ pid: string }>(
      `select split_part(process, ' ', 4) as pid from cairn.instance
       where service = $1 and expires_at > clock_timestamp()`,
      [service],
    );
    return rows.map(({ pid }) => Number(pid));
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

/**
 * Of what processes did, what none of them might do: it did not hold the lease at the time, by the database.
 * @param slackMs how long it may take until somebody notes that something was done
 */
export function doneWithoutLease<Done extends { readonly tenant: TenantId; readonly pid: number; readonly at: number }>(
  done: readonly Done[],
  taken: readonly Taken[],
  slackMs: number,
): readonly Done[] {
  return done.filter(({ tenant, pid, at }) => {
    const own = taken.filter((one) => one.tenant === tenant);
    const before = own.findLastIndex((one) => one.at <= at - slackMs);
    const holders = own.slice(Math.max(before, 0)).filter((one) => one.at <= at);
    return !holders.some((one) => one.pid === pid);
  });
}
