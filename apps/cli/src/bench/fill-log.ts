import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { eventId, type TenantId } from '@cairn/event-sourcing';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { EVENT_TABLE_COLUMNS } from './contenders/event-table.js';
import { trialLog, type TrialLogPlan } from './trial-log.js';

/** Rows of one COPY, which is a transaction. */
const ROWS = 250_000;
/** Rows that are handed over at a time. */
const CHUNK_ROWS = 500;

/**
 * Fills an empty log with a plan's events as the very rows that `cairn.append` would have stored, as nobody but the owner
 * of the database can: for logs that would take the better part of an hour otherwise. The tables are then looked at as
 * autovacuum would have while they grew.
 * @param url of the owner
 */
export async function fillLog(url: string, plan: TrialLogPlan, tenant: TenantId): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // A millisecond each, up to now.
    const rows = eventRows(plan, tenant, Date.now() - plan.events);
    for (let filled = 0; filled < plan.events; filled += ROWS) {
      const copy = copyFrom(`copy cairn.event (position, ${EVENT_TABLE_COLUMNS.join(', ')}) from stdin`);
      await pipeline(Readable.from(chunks(rows, ROWS), { objectMode: false }), client.query(copy));
    }
    await client.query(
      `insert into cairn.log (tenant, head, last_recorded_at)
       select $1, max(position), max(recorded_at) from cairn.event where tenant = $1`,
      [tenant],
    );
    await client.query('vacuum (analyze) cairn.event');
  } finally {
    await client.end();
  }
}

function* eventRows(plan: TrialLogPlan, tenant: TenantId, start: number): Generator<string> {
  /** Of streams that are appended to more than once, which are those of participants. */
  const lengths = new Map<string, number>();
  let position = 0;
  for (const { stream, commandId, actor, events } of trialLog(plan)) {
    const first = lengths.get(stream) ?? 0;
    if (stream.includes('/participant/')) lengths.set(stream, first + events.length);
    for (const [ordinal, { type, schemaVersion, occurredAt, payload }] of events.entries()) {
      position++;
      const times = `${instant(occurredAt)}\t${instant(start + position)}`;
      const ids = `${eventId(commandId, ordinal)}\t${commandId}`;
      const text = payload.replaceAll('\\', '\\\\');
      yield `${position}\t${times}\t${ids}\t${first + ordinal}\t${schemaVersion}\t${tenant}\t${stream}\t${type}\t${actor}\t${text}\n`;
    }
  }
}

const instant = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** The next rows of a generator, of which more may be wanted later. */
function* chunks(rows: Generator<string>, count: number): Generator<string> {
  for (let left = count; left > 0;) {
    let chunk = '';
    for (let row = Math.min(CHUNK_ROWS, left); row > 0; row--, left--) {
      const next = rows.next();
      if (next.done) {
        if (chunk !== '') yield chunk;
        return;
      }
      chunk += next.value;
    }
    yield chunk;
  }
}
