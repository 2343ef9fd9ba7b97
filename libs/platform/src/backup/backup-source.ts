import { EventStoreUnavailable, type Position, type TenantId } from '@cairn/event-sourcing';
import pg from 'pg';
import type { EventRow } from '../postgres/event-row.js';
import { isPassing, messageOf } from '../postgres/failure.js';
import { numberOf } from '../postgres/migrate.js';
import { ALERTING_TABLES, type AlertingTable } from './alerting-tables.js';

/** How far a tenant's log was, and what of it was signed, at one moment of the whole database. */
export interface BackedUpTenant {
  readonly tenant: TenantId;
  readonly head: Position;
  /** Up to which position the notary had signed. */
  readonly signed: Position;
}

/** A row of what is kept beside the log, as JSON text of its columns. */
export interface AlertingRow {
  readonly table: AlertingTable;
  readonly tenant: TenantId;
  readonly row: string;
}

/** A checkpoint as its row is: all texts, so that nothing is lost on the way. `signedAt` is in milliseconds since 1970. */
export type CheckpointRow = readonly [scope: string, size: string, position: string, signedAt: string, note: string];

const EVENTS_PAGE = 2_000;
const PAGE = 500;
const AS_TEXT = { getTypeParser: () => (text: string) => text };
/** Whole milliseconds, without the detour over a double. */
const milliseconds = (column: string): string => `trim_scale(extract(epoch from ${column}) * 1000)`;
const EVENT = `position, revision, id, stream, type, schema_version, ${milliseconds('occurred_at')},
  ${milliseconds('recorded_at')}, actor, command_id, correlation_id, causation_id, metadata, payload`;

/**
 * What a backup reads, while services write. What changes is read in one snapshot of the whole database, which is short;
 * events and checkpoints never change, so they are read afterwards, page by page, up to where the snapshot saw them.
 */
export class BackupSource {
  private constructor(private readonly client: pg.Client) {}

  /**
   * @param url of a login that may become `cairn_backup`
   * @throws EventStoreUnavailable when the server cannot be reached, or the login may not
   */
  static async open(url: string): Promise<BackupSource> {
    const client = new pg.Client({
      connectionString: url,
      options: '-c role=cairn_backup -c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off -c jit=off',
      application_name: 'cairn backup',
      connectionTimeoutMillis: 10_000,
      query_timeout: 120_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      await client.end().catch(() => undefined);
      throw new EventStoreUnavailable(`nothing can be backed up: ${messageOf(error)}`, { cause: error });
    }
    return new BackupSource(client);
  }

  /** Numbers of the migrations that the database has. */
  async migrations(): Promise<readonly number[]> {
    const rows = await this.rows<[string]>('select number from public.cairn_migration order by number', []);
    return rows.map(([number]) => numberOf(number));
  }

  /**
   * All that changes, at one moment. @param keep is given the rows of what is kept beside the log, some at a time
   * @returns where every log was at that moment
   */
  async snapshot(keep: (rows: readonly AlertingRow[]) => Promise<void>): Promise<readonly BackedUpTenant[]> {
    await this.rows('begin isolation level repeatable read read only', []);
    try {
      const tenants: BackedUpTenant[] = [];
      for (const [tenant] of await this.rows<[string]>('select cairn.tenants() as tenant', [])) {
        await this.rows("select set_config('cairn.tenant', $1, true)", [tenant]);
        const [found] = await this.rows<[string, string | null]>(
          'select head, (select position from cairn.notary n where n.tenant = l.tenant) from cairn.log l where tenant = $1',
          [tenant],
        );
        tenants.push({ tenant, head: BigInt(found![0]), signed: BigInt(found![1] ?? 0) });
        for (const table of ALERTING_TABLES) await this.alertingRows(table, tenant, keep);
      }
      return tenants.sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
    } finally {
      await this.rows('commit', []);
    }
  }

  /** The events after a position up to another, in their order. */
  async *events(tenant: TenantId, after: Position, to: Position): AsyncGenerator<readonly EventRow[]> {
    for (let from = after; from < to;) {
      const rows = await this.ofTenant<EventRow>(
        tenant,
        `select ${EVENT} from cairn.event where tenant = own.tenant and position > $2 and position <= $3
         order by position limit ${EVENTS_PAGE}`,
        [from, to],
      );
      if (rows.length === 0) return;
      yield rows;
      from = BigInt(rows.at(-1)![0]);
    }
  }

  /** The checkpoints of all trees that cover positions after one up to another, by position. */
  async *checkpoints(tenant: TenantId, after: Position, to: Position): AsyncGenerator<readonly CheckpointRow[]> {
    const scopes = await this.ofTenant<[string]>(
      tenant,
      `with recursive tree as (
         (select scope from cairn.checkpoint where tenant = own.tenant order by scope limit 1)
         union all
         select next.scope from tree cross join lateral (
           select scope from cairn.checkpoint where tenant = own.tenant and scope > tree.scope order by scope limit 1
         ) next
       ) select scope from tree`,
      [],
    );
    // A window of the log at a time: within it, the few checkpoints of each tree are looked up and put in order.
    for (let from = after; from < to;) {
      const end = from + BigInt(PAGE * 4) < to ? from + BigInt(PAGE * 4) : to;
      const rows = await this.ofTenant<CheckpointRow>(
        tenant,
        `select c.scope, c.size, c.position, ${milliseconds('c.signed_at')}, c.note
         from unnest($4::text[]) as wanted (scope) cross join lateral (
           select * from cairn.checkpoint k
           where k.tenant = own.tenant and k.scope = wanted.scope and k.position > $2 and k.position <= $3
           order by k.position
         ) c`,
        [from, end, scopes.map(([scope]) => scope)],
      );
      const ordered = [...rows].sort((a, b) => Number(a[2]) - Number(b[2]) || (a[0] < b[0] ? -1 : 1));
      if (ordered.length > 0) yield ordered;
      from = end;
    }
  }

  /** The id of the event at a position; undefined when the log does not go so far. */
  async eventAt(tenant: TenantId, position: Position): Promise<string | undefined> {
    const [row] = await this.ofTenant<[string]>(
      tenant,
      'select id from cairn.event where tenant = own.tenant and position = $2',
      [position],
    );
    return row?.[0];
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }

  private async alertingRows(
    table: AlertingTable,
    tenant: TenantId,
    keep: (rows: readonly AlertingRow[]) => Promise<void>,
  ): Promise<void> {
    await this.rows(
      `declare kept no scroll cursor for select to_jsonb(t)::text from alerting.${table} t where t.tenant = $1`,
      [tenant],
    );
    for (;;) {
      const rows = await this.rows<[string]>(`fetch ${PAGE} from kept`, []);
      if (rows.length > 0) await keep(rows.map(([row]) => ({ table, tenant, row })));
      if (rows.length < PAGE) break;
    }
    await this.rows('close kept', []);
  }

  /** A statement in which `own.tenant` is the tenant, which is set by it. */
  private ofTenant<Row extends readonly unknown[]>(tenant: TenantId, select: string, values: unknown[]) {
    return this.rows<Row>(
      `with own as materialized (select set_config('cairn.tenant', $1, true) as tenant)
       select found.* from own cross join lateral (${select}) found`,
      [tenant, ...values],
    );
  }

  private async rows<Row extends readonly unknown[]>(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    try {
      const query = { text, values: [...values], rowMode: 'array', types: AS_TEXT };
      return (await this.client.query(query as pg.QueryArrayConfig)).rows as unknown as readonly Row[];
    } catch (error) {
      if (isPassing(error)) throw new EventStoreUnavailable(messageOf(error), { cause: error });
      throw error;
    }
  }
}
