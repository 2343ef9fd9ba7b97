import type { Instant, Position, RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { Database } from './database.js';
import { EVENT_COLUMNS, type EventRow, readEvent } from './event-row.js';

/** Which events of a log a history shows. Every condition that is given must hold; the ends of times are inclusive. */
export interface HistorySelection {
  /** In any of these streams. */
  readonly streams: {
    readonly names?: readonly string[];
    /** Each ends in `/`, as parts of a stream's name do. */
    readonly prefixes?: readonly string[];
    /** In this stream, those whose payload has this value under this name. */
    readonly holding?: { readonly stream: string; readonly member: string; readonly value: string };
  };
  readonly types?: readonly string[];
  readonly actor?: string;
  readonly recordedFrom?: Instant;
  readonly recordedTo?: Instant;
  readonly occurredFrom?: Instant;
  readonly occurredTo?: Instant;
}

export interface HistoryRange {
  readonly order: 'newest first' | 'oldest first';
  /** Exclusive: events below this position only. */
  readonly below?: Position;
  /** Exclusive: events above this position only. */
  readonly above?: Position;
  /** At the most. */
  readonly limit: number;
}

/**
 * Reads a tenant's log as a history: selected events by position. The planner chooses, from the selection, between
 * walking the log from its end and collecting the streams, so the connection must leave all of its ways open to it.
 */
export class EventHistory {
  constructor(private readonly database: Database) {}

  async read(tenant: TenantId, selection: HistorySelection, range: HistoryRange): Promise<readonly RecordedEvent[]> {
    const { where, values } = condition(tenant, selection);
    if (range.below !== undefined) where.push(`position < $${values.push(range.below)}`);
    if (range.above !== undefined) where.push(`position > $${values.push(range.above)}`);
    const direction = range.order === 'newest first' ? 'desc' : 'asc';
    const rows = await this.query<EventRow>(
      tenant,
      `select ${EVENT_COLUMNS} from cairn.event where ${where.join(' and ')}
       order by position ${direction} limit $${values.push(range.limit)}`,
      values,
    );
    return rows.map((row) => readEvent(tenant, row));
  }

  async count(tenant: TenantId, selection: HistorySelection): Promise<number> {
    const { where, values } = condition(tenant, selection);
    const [row] = await this.query<[string]>(
      tenant,
      `select count(*) from cairn.event where ${where.join(' and ')}`,
      values,
    );
    return Number(row![0]);
  }

  private query<Row extends readonly unknown[]>(tenant: TenantId, text: string, values: unknown[]): Promise<Row[]> {
    return this.database.inTenant(tenant, async (client) => {
      const query = { text, values, rowMode: 'array', types: AS_TEXT } as pg.QueryArrayConfig;
      const { rows } = await client.query(query);
      return rows as unknown as Row[];
    });
  }
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };

function condition(tenant: TenantId, selection: HistorySelection): { where: string[]; values: unknown[] } {
  const values: unknown[] = [tenant];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const { names = [], prefixes = [], holding } = selection.streams;
  const streams = prefixes.map((prefix) => {
    if (!prefix.endsWith('/')) throw new Error(`the prefix ${prefix} does not end with a whole part of a name`);
    // "0" is the character after "/" and streams compare by their bytes, so this range is the prefix.
    return `(stream >= ${value(prefix)} and stream < ${value(`${prefix.slice(0, -1)}0`)})`;
  });
  if (names.length === 1) streams.push(`stream = ${value(names[0])}`);
  if (names.length > 1) streams.push(`stream = any (${value(names)}::text[])`);
  if (holding) {
    const { stream, member } = holding;
    streams.push(`(stream = ${value(stream)} and payload::json ->> ${value(member)}::text = ${value(holding.value)})`);
  }
  const where = ['tenant = $1', streams.length === 0 ? 'false' : `(${streams.join(' or ')})`];
  const { types, actor, recordedFrom, recordedTo, occurredFrom, occurredTo } = selection;
  if (types !== undefined) where.push(`type = any (${value(types)}::text[])`);
  if (actor !== undefined) where.push(`actor = ${value(actor)}`);
  const instant = (column: string, comparison: '>=' | '<=', at: Instant | undefined): void => {
    if (at !== undefined)
      where.push(`${column} ${comparison} timestamptz 'epoch' + ${value(at)} * interval '1 millisecond'`);
  };
  instant('recorded_at', '>=', recordedFrom);
  instant('recorded_at', '<=', recordedTo);
  instant('occurred_at', '>=', occurredFrom);
  instant('occurred_at', '<=', occurredTo);
  return { where, values };
}
