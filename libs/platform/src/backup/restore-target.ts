import { EventStoreUnavailable, type Position, type TenantId } from '@cairn/event-sourcing';
import pg from 'pg';
import type { EventRow } from '../postgres/event-row.js';
import { messageOf } from '../postgres/failure.js';
import { LogNotEmpty, NoLog, Restoration } from '../postgres/restoration.js';
import type { TileGrowth } from '../proofs/proof-store.js';
import type { AlertingRow, CheckpointRow } from './backup-source.js';

const SEPARATOR = '\u001e';
/** Any number would do; it keeps two restorations of one database apart. */
const RESTORE_LOCK = 8_245_101_311;
/** Longest time that one page may take in the server, in milliseconds. */
const PAGE_TIMEOUT = 120_000;

/** Somebody else is restoring into the database. */
export class RestoreUnderWay extends Error {
  override readonly name = 'RestoreUnderWay';
  constructor() {
    super('another restore into this database is under way');
  }
}

/**
 * Brings logs of all tenants into an empty database, as they were, in one transaction: until `commit`, nobody sees anything of
 * them, and whatever interrupts it leaves the database as empty as it was.
 */
export class RestoreTarget extends Restoration {
  private role = '';

  /**
   * @param url of a login that owns the database, as the one that migrates does
   * @throws LogNotEmpty when a tenant has recorded something
   * @throws RestoreUnderWay
   * @throws EventStoreUnavailable
   */
  static async begin(url: string): Promise<RestoreTarget> {
    const client = new pg.Client({
      connectionString: url,
      options: `-c enable_seqscan=off -c jit=off -c statement_timeout=${PAGE_TIMEOUT}`,
      application_name: 'cairn restore',
      connectionTimeoutMillis: 10_000,
      query_timeout: PAGE_TIMEOUT + 5_000,
    });
    client.on('error', () => undefined);
    const target = new RestoreTarget(client);
    try {
      await client.connect();
      await target.call('begin', []);
      const lock = await target.call<{ free: boolean }>('select pg_try_advisory_xact_lock($1) as free', [RESTORE_LOCK]);
      if (lock.rows[0]?.free !== true) throw new RestoreUnderWay();
      await target.actAs('cairn_owner');
      const found = await target.call<{ tenant: string }>('select tenant from cairn.tenants() as tenant limit 1', []);
      if (found.rows.length > 0) throw new LogNotEmpty();
      return target;
    } catch (error) {
      await target.abandon();
      if (error instanceof LogNotEmpty || error instanceof RestoreUnderWay) throw error;
      throw new EventStoreUnavailable(`nothing can be restored: ${messageOf(error)}`, { cause: error });
    }
  }

  /** The next events of a tenant, in their order. @throws NoLog */
  async addEvents(tenant: TenantId, rows: readonly EventRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.actAs('cairn_restorer');
    const numbers = (column: number): string => `{${rows.map((row) => row[column]).join()}}`;
    const texts = (column: number): string => rows.map((row) => row[column] ?? '').join(SEPARATOR);
    const answer = await this.call<{ head: string | null }>(
      'select cairn.restore($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as head',
      [tenant, BigInt(rows[0]![0]) - 1n, ...[1, 2, 9, 5, 6, 7].map(numbers), ...[3, 4, 8, 10, 11, 12, 13].map(texts)],
    );
    if (answer.rows[0]!.head === null) throw new NoLog(`the log of ${tenant} does not follow itself`);
  }

  /** What was signed of the positions after `before` up to `last`. @throws NoLog */
  async addCheckpoints(
    tenant: TenantId,
    { before, last }: { readonly before: Position; readonly last: Position },
    tiles: readonly TileGrowth[],
    checkpoints: readonly CheckpointRow[],
  ): Promise<void> {
    await this.actAs('cairn_restorer');
    const answer = await this.call<{ kept: boolean }>(
      'select cairn.restore_checkpoints($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as kept',
      [
        tenant,
        before,
        last,
        tiles.map(({ scope }) => scope),
        tiles.map(({ level }) => level),
        tiles.map(({ index }) => index),
        tiles.map(({ hashes }) => Buffer.from(hashes)),
        ...[0, 1, 2, 3, 4].map((column) => checkpoints.map((row) => row[column])),
      ],
    );
    if (answer.rows[0]?.kept !== true)
      throw new NoLog(`what was signed of the log of ${tenant} does not follow itself`);
  }

  /** Rows of one table of one tenant. Columns that newer code added get their defaults. */
  async addAlerting(rows: readonly AlertingRow[]): Promise<void> {
    await this.actAs('cairn_alerter');
    for (const [place, of] of Map.groupBy(rows, ({ table, tenant }) => JSON.stringify([table, tenant]))) {
      const [table, tenant] = JSON.parse(place) as [string, string];
      const columns = Object.keys(JSON.parse(of[0]!.row) as object).map((name) => pg.escapeIdentifier(name));
      await this.call("select set_config('cairn.tenant', $1, true)", [tenant]);
      await this.call(
        `insert into alerting.${pg.escapeIdentifier(table)} (${columns.join()})
         select ${columns.join()} from jsonb_populate_recordset(null::alerting.${pg.escapeIdentifier(table)}, $1)`,
        [`[${of.map(({ row }) => row).join()}]`],
      );
    }
  }

  private async actAs(role: string): Promise<void> {
    if (this.role === role) return;
    await this.call(`set local role ${role}`, []);
    this.role = role;
  }
}
