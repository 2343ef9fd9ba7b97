import type { Position, RecordedEvent, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import type { Database } from './database.js';
import { EVENT_COLUMNS, type EventRow, readEvent } from './event-row.js';

/** Rows of one answer. */
const PAGE = 5_000;

/**
 * Everything below one name in a tenant's log, in the order of the log. It is collected stream by stream, by one ordered search
 * of their index each page, so that it takes as long as there are events of it, however long the log is.
 * @param scope the first part of the names of streams
 * @param upTo the last position that is looked at
 */
export async function scopeEvents(
  database: Database,
  tenant: TenantId,
  scope: string,
  upTo: Position,
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  let after: readonly [stream: string, revision: number] = [`${scope}/`, -1];
  for (;;) {
    const [stream, revision] = after;
    const rows = await database.inTenant(tenant, async (client): Promise<readonly EventRow[]> => {
      await client.query(
        'set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off',
      );
      const query = {
        // "0" is the character after "/": the range is the prefix.
        text: `select ${EVENT_COLUMNS} from cairn.event
          where tenant = $1 and (stream, revision) > ($2, $3) and stream < $4 order by stream, revision limit ${PAGE}`,
        values: [tenant, stream, revision, `${scope}0`],
        rowMode: 'array',
        types: AS_TEXT,
      } as pg.QueryArrayConfig;
      const found = await client.query(query);
      return found.rows as unknown as readonly EventRow[];
    });
    for (const row of rows) {
      const event = readEvent(tenant, row);
      after = [event.stream, event.revision];
      if (event.position <= upTo) events.push(event);
    }
    if (rows.length < PAGE) break;
  }
  return events.sort((a, b) => Number(a.position - b.position));
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };
