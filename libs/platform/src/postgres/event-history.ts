import type { Instant, Position, RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { Database } from './database.js';
import { EVENT_COLUMNS, type EventRow, readEvent } from './event-row.js';

/** Which events of a log a history shows. Every condition that is given must hold; the ends of times are inclusive. */
export interface HistorySelection {
  /** In any of these. */
  readonly streams: {
    readonly names?: readonly string[];
    /** Each ends in `/`, as parts of a stream's name do. */
    readonly prefixes?: readonly string[];
    /**
     * Single events beside them. Not a condition on payloads: behind row-level security an operator that is not known to
     * leak nothing keeps all conditions beside it from the indexes.
     */
    readonly positions?: readonly Position[];
  };
  readonly types?: readonly string[];
  readonly actor?: string;
  readonly recordedFrom?: Instant;
  readonly recordedTo?: Instant;
  readonly occurredFrom?: Instant;
  readonly occurredTo?: Instant;
  /** Recorded after this position, exclusive. */
  readonly after?: Position;
  /** Recorded up to this position, inclusive. */
  readonly upTo?: Position;
}

export interface HistoryRange {
  readonly order: 'newest first' | 'oldest first';
  /** Exclusive: events below this position only. */
  readonly below?: Position;
  /** Exclusive: events above this position only. */
  readonly above?: Position;
  /** At the most. */
  readonly limit: number;
  /** A member that is left out of the payloads of one type: one that is long, and that nobody who asks is shown. */
  readonly without?: { readonly type: string; readonly member: string };
}

/** Positions that are looked through for a page before the streams themselves are collected; some milliseconds. */
const NEARBY = 10_000n;

/**
 * Reads a tenant's log as a history: selected events by position. There are two ways to a page, and the planner cannot
 * tell which is short: it knows nothing of how events of a stream lie in the log, nor, as estimates are no secret, how many
 * they are. What happens now is at the end of the log, so that is looked through first; what lies further back is collected
 * from its streams. "offset 0" keeps the planner to the one way or the other.
 */
export class EventHistory {
  constructor(private readonly database: Database) {}

  async read(tenant: TenantId, selection: HistorySelection, range: HistoryRange): Promise<readonly RecordedEvent[]> {
    const nearby = await this.database.inTenant(tenant, async (client) => {
      const { rows } = await client.query<{ head: string }>('select head from cairn.log where tenant = $1', [tenant]);
      return near(range, BigInt(rows[0]?.head ?? 0));
    });
    const found = await this.page(tenant, selection, nearby, 'looked through');
    return found.length === range.limit ? found : this.page(tenant, selection, range, 'collected');
  }

  private async page(
    tenant: TenantId,
    selection: HistorySelection,
    range: HistoryRange,
    way: 'looked through' | 'collected',
  ): Promise<readonly RecordedEvent[]> {
    const { where, values } = condition(tenant, selection);
    const place = ['tenant = $1'];
    if (range.below !== undefined) place.push(`position < $${values.push(range.below)}`);
    if (range.above !== undefined) place.push(`position > $${values.push(range.above)}`);
    const order = `order by position ${range.order === 'newest first' ? 'desc' : 'asc'}`;
    const selected =
      way === 'looked through'
        ? `(select * from cairn.event where ${place.join(' and ')} ${order} offset 0) log where ${where.join(' and ')}`
        : `(select * from cairn.event where ${[...place, ...where].join(' and ')} offset 0) selected`;
    const payload = range.without ? lean(range.without, values) : 'payload';
    const columns = EVENT_COLUMNS.replace(/payload$/, () => payload);
    const rows = await this.query<EventRow>(
      tenant,
      `select ${columns} from ${selected} ${order} limit $${values.push(range.limit)}`,
      values,
    );
    return rows.map((row) => readEvent(tenant, row));
  }

  async count(tenant: TenantId, selection: HistorySelection): Promise<number> {
    const { where, values } = condition(tenant, selection);
    const [row] = await this.query<[string]>(
      tenant,
      `select count(*) from cairn.event where ${['tenant = $1', ...where].join(' and ')}`,
      values,
    );
    return Number(row![0]);
  }

  /** The position of the n-th selected event from the beginning, from 1; undefined where there are fewer. */
  async positionOf(tenant: TenantId, selection: HistorySelection, n: number): Promise<Position | undefined> {
    const { where, values } = condition(tenant, selection);
    const [row] = await this.query<[string]>(
      tenant,
      `select position from cairn.event where ${['tenant = $1', ...where].join(' and ')}
       order by position offset $${values.push(n - 1)} limit 1`,
      values,
    );
    return row && BigInt(row[0]);
  }

  private query<Row extends readonly unknown[]>(tenant: TenantId, text: string, values: unknown[]): Promise<Row[]> {
    return this.database.inTenant(tenant, async (client) => {
      const query = { text, values, rowMode: 'array', types: AS_TEXT } as pg.QueryArrayConfig;
      const { rows } = await client.query(query);
      return rows as unknown as Row[];
    });
  }
}

/** The payload, of one type without a member. */
function lean({ type, member }: NonNullable<HistoryRange['without']>, values: unknown[]): string {
  const [named, removed] = [`$${values.push(type)}::text`, `$${values.push(member)}::text`];
  return `case when type = ${named} then (payload::jsonb - ${removed})::text else payload end`;
}

/** The part of a range next to where its page begins. */
function near(range: HistoryRange, head: Position): HistoryRange {
  if (range.order === 'newest first') {
    const floor = (range.below ?? head + 1n) - NEARBY;
    return { ...range, above: range.above !== undefined && range.above > floor ? range.above : floor };
  }
  const ceiling = (range.above ?? 0n) + NEARBY;
  return { ...range, below: range.below !== undefined && range.below < ceiling ? range.below : ceiling };
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** What holds of each selected event; the tenant is the first value. */
function condition(tenant: TenantId, selection: HistorySelection): { where: string[]; values: unknown[] } {
  const values: unknown[] = [tenant];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const { names = [], prefixes = [], positions = [] } = selection.streams;
  const streams = prefixes.map((prefix) => {
    if (!prefix.endsWith('/')) throw new Error(`the prefix ${prefix} does not end with a whole part of a name`);
    // "0" is the character after "/" and streams compare by their bytes, so this range is the prefix.
    return `(stream >= ${value(prefix)} and stream < ${value(`${prefix.slice(0, -1)}0`)})`;
  });
  if (names.length === 1) streams.push(`stream = ${value(names[0])}`);
  if (names.length > 1) streams.push(`stream = any (${value(names)}::text[])`);
  if (positions.length > 0) streams.push(`position = any (${value(positions)}::bigint[])`);
  const where = [streams.length === 0 ? 'false' : `(${streams.join(' or ')})`];
  const { types, actor, recordedFrom, recordedTo, occurredFrom, occurredTo, after, upTo } = selection;
  if (after !== undefined) where.push(`position > ${value(after)}`);
  if (upTo !== undefined) where.push(`position <= ${value(upTo)}`);
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
