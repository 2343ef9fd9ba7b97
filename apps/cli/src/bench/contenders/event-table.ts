import type pg from 'pg';

/** Columns of `cairn.event` that a writer gives beside the position, in the order of `eventRow`. */
export const EVENT_TABLE_COLUMNS = [
  'occurred_at',
  'recorded_at',
  'id',
  'command_id',
  'revision',
  'schema_version',
  'tenant',
  'stream',
  'type',
  'actor',
  'payload',
] as const;

/**
 * Makes an equal of Cairn's event table: the same columns and the same three indexes, without its checks, triggers and
 * row-level security, so that whoever writes to it has less to do. Positions come from a sequence.
 */
export async function createEventTable(
  client: pg.Client | pg.Pool,
  name: string,
  options = { indexes: true },
): Promise<void> {
  await client.query(`
    create schema if not exists bench;
    create table bench.${name} (like cairn.event including defaults ${options.indexes ? 'including indexes' : ''});
    create sequence bench.${name}_position owned by bench.${name}.position;
    alter table bench.${name} alter position set default nextval('bench.${name}_position');
    alter table bench.${name} set (autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
  `);
}
