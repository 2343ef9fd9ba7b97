import type { RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { Database } from './database.js';
import { EVENT_COLUMNS, type EventRow, readEvent } from './event-row.js';

/** An event together with what a reader of events never gets to see: how exactly its row is written. */
export interface StoredEvent {
  readonly event: RecordedEvent;
  /** To the microsecond, as RFC 3339 in UTC: the log itself writes whole milliseconds only. */
  readonly recordedAt: string;
  readonly occurredAt: string;
  readonly metadata: string | null;
  readonly correlationId: string | null;
  readonly causationId: string | null;
}

/** Positions that are looked through at once, which takes some milliseconds, and events that are held at once. */
const WINDOW = 5_000n;
const PAGE = 500;

/** A row of events, and its two times as they are. */
type ExactRow = readonly [...EventRow, recordedAt: string, occurredAt: string];

const exact = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/**
 * Everything below one name in a tenant's log, in the order of the log, as its rows are written: what is handed over as
 * evidence must not be smoothed on the way. Nothing is held between pages, neither in memory nor in the database.
 * @param scope the first part of the names of streams
 * @param through the last position that is looked at
 */
export async function* storedEvents(
  database: Database,
  tenant: TenantId,
  scope: string,
  through: bigint,
): AsyncGenerator<readonly StoredEvent[]> {
  let from = 0n;
  while (from < through) {
    const to = from + WINDOW < through ? from + WINDOW : through;
    const rows = await database.inTenant(tenant, async (client): Promise<readonly ExactRow[]> => {
      const query = {
        // "0" is the character after "/": the range is the prefix.
        text: `select ${EVENT_COLUMNS}, ${exact('recorded_at')}, ${exact('occurred_at')} from cairn.event
          where tenant = $1 and position > $2 and position <= $3 and stream >= $4 and stream < $5
          order by position limit ${PAGE}`,
        values: [tenant, from, to, `${scope}/`, `${scope}0`],
        rowMode: 'array',
        types: AS_TEXT,
      } as pg.QueryArrayConfig;
      const found = await client.query(query);
      return found.rows as unknown as readonly ExactRow[];
    });
    from = rows.length < PAGE ? to : BigInt(rows.at(-1)![0]);
    if (rows.length === 0) continue;
    yield rows.map((row) => ({
      event: readEvent(tenant, row as unknown as EventRow),
      correlationId: row[10],
      causationId: row[11],
      metadata: row[12],
      recordedAt: row[14],
      occurredAt: row[15],
    }));
  }
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };
