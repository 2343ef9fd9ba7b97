import type { Fence, TenantId } from '@cairn/event-sourcing';
import fs from 'node:fs';
import pg from 'pg';
import type { DatabaseRole } from '../postgres/database.js';
import type { DatabaseClock } from './database-clock.js';
import { isGone, thisProcess } from './this-process.js';

/** Longest time that a call may take, in milliseconds: well within the life of a lease. */
const CALL_TIMEOUT = 2_000;

const { version: VERSION } = JSON.parse(fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** A call of `cairn.renew_leases` or `cairn.beat` comes with when it was begun, by `performance.now()`. */
interface Asked {
  readonly asked: number;
}

interface LiveInstance {
  readonly id: string;
  /** @see thisProcess */
  readonly process: string;
}

/** What a renewal found. */
export interface Renewal extends Asked {
  /** Of the service, this one among them. */
  readonly live: readonly LiveInstance[];
  readonly kept: ReadonlySet<TenantId>;
  readonly free: readonly TenantId[];
  /** After so many milliseconds something may be free that another instance has now. */
  readonly nextFree: number | undefined;
}

export interface LeaseConnectionOptions {
  readonly url: string;
  readonly role: Exclude<DatabaseRole, 'cairn_owner'>;
  readonly applicationName: string;
  readonly instance: string;
  readonly service: string;
  readonly clock: DatabaseClock;
}

/** One connection of its own: what anything else waits for, a renewal does not. Each call is a transaction. */
export class LeaseConnection {
  private readonly pool: pg.Pool;
  private readonly process = thisProcess();

  constructor(private readonly options: LeaseConnectionOptions) {
    const settings = ['statement_timeout=2s', 'idle_in_transaction_session_timeout=2s', 'tcp_user_timeout=5s'];
    this.pool = new pg.Pool({
      connectionString: options.url,
      options: [`-c role=${options.role}`, ...settings.map((setting) => `-c ${setting}`)].join(' '),
      application_name: options.applicationName,
      max: 1,
      connectionTimeoutMillis: CALL_TIMEOUT,
      query_timeout: CALL_TIMEOUT,
      keepAlive: true,
      idleTimeoutMillis: 0,
    });
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Says that this instance lives, for so long. @returns who does */
  async beat(ttlMs: number): Promise<readonly LiveInstance[]> {
    const { instance, service } = this.options;
    const { row } = await this.timed<{ clock: number; live: readonly LiveInstance[] }>(
      'select * from cairn.beat($1, $2, $3, $4, $5)',
      [instance, service, VERSION, this.process, ttlMs],
    );
    return row.live;
  }

  async renew(ofInstallation: boolean, ttlMs: number, held: ReadonlyMap<TenantId, Fence>): Promise<Renewal> {
    const { instance, service } = this.options;
    const tokens = [...held.values()].map(({ token }) => token);
    const { row, asked } = await this.timed<{
      clock: number;
      live: readonly LiveInstance[];
      kept: readonly TenantId[];
      free: readonly TenantId[];
      next_free: number | null;
    }>('select * from cairn.renew_leases($1, $2, $3, $4, $5, $6, $7, $8)', [
      ...[instance, service, VERSION, this.process, ttlMs, ofInstallation],
      ...[[...held.keys()], tokens],
    ]);
    const { live, kept, free, next_free: nextFree } = row;
    return { asked, live, kept: new Set(kept), free, nextFree: nextFree ?? undefined };
  }

  /** @returns the tokens of those that were taken */
  async take(
    wanted: readonly TenantId[],
    ttlMs: number,
  ): Promise<Asked & { readonly taken: ReadonlyMap<TenantId, bigint> }> {
    const { instance, service } = this.options;
    const asked = performance.now();
    const { rows } = await this.pool.query<{ tenant: TenantId; token: string }>(
      'select tenant, token from cairn.take_leases($1, $2, $3, $4)',
      [instance, service, wanted, ttlMs],
    );
    return { asked, taken: new Map(rows.map(({ tenant, token }) => [tenant, BigInt(token)])) };
  }

  async release(tenant: TenantId, { token }: Fence): Promise<void> {
    const { instance, service } = this.options;
    await this.pool.query('select cairn.release_leases($1, $2, $3, $4)', [instance, service, [tenant], [token]]);
  }

  /** This instance ends, and what it holds is free at once. */
  async end(): Promise<void> {
    await this.pool.query('select cairn.end_instance($1)', [this.options.instance]);
  }

  /** Frees what processes of this machine held that are gone. @returns whether there were any */
  async endGone(live: readonly LiveInstance[]): Promise<boolean> {
    const gone = live.filter(({ process }) => isGone(process));
    for (const { id } of gone) await this.pool.query('select cairn.end_instance($1)', [id]);
    return gone.length > 0;
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async timed<Row extends { readonly clock: number }>(text: string, values: unknown[]) {
    const asked = performance.now();
    const { rows } = await this.pool.query<Row>(text, values);
    const row = rows[0]!;
    this.options.clock.measured(row.clock, asked, performance.now());
    return { row, asked };
  }
}
