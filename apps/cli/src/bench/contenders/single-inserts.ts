import { setTimeout as wait } from 'node:timers/promises';
import { type Contender, PAGE_SIZE, POLL_EVERY_MS } from './contender.js';
import { openPool } from './pool.js';
import { createEventTable, EVENT_TABLE_COLUMNS } from './event-table.js';

/**
 * What most home-made event stores are: one INSERT per transaction, positions from a sequence, a reader that asks for
 * what is above the highest position it has seen.
 * @param prepared whether statements are prepared once per connection; node-postgres does so only for named ones
 */
export async function singleInserts(
  url: string,
  tenant: string,
  { prepared }: { prepared: boolean },
): Promise<Contender> {
  const pool = openPool(url);
  const table = prepared ? 'inserted_prepared' : 'inserted';
  await createEventTable(pool, table);
  const columns = EVENT_TABLE_COLUMNS.join(', ');
  const known = {
    ...(prepared && { name: 'insert_known' }),
    text: `insert into bench.${table} (${columns}) values (now(), now(), $1, $1, $2, 1, $3, $4, $5, 'bench', $6)`,
  };
  const any = {
    ...(prepared && { name: 'insert_any' }),
    text: `insert into bench.${table} (${columns})
      select now(), now(), $1, $1, coalesce(max(revision) + 1, 0), 1, $2, $3, $4, 'bench', $5
      from bench.${table} where tenant = $2 and stream = $3`,
  };
  const page = {
    name: 'insert_page',
    text: `select position, id, stream, revision, payload from bench.${table}
      where tenant = $1 and position > $2 order by position limit ${PAGE_SIZE}`,
  };
  let position = '0';
  return {
    name: prepared ? 'one prepared insert per transaction' : 'one insert per transaction',
    append: async ({ id, stream, expected, payload }) => {
      try {
        await (expected === 'any'
          ? pool.query({ ...any, values: [id, tenant, stream, 'CommunityMeetingRecorded', payload.text] })
          : pool.query({ ...known, values: [id, expected, tenant, stream, 'CommunityMeetingRecorded', payload.text] }));
        return 'appended';
      } catch (error) {
        if ((error as { code?: string }).code === UNIQUE_VIOLATION) return 'refused';
        throw error;
      }
    },
    follow: async (deliver, signal) => {
      while (!signal.aborted) {
        const { rows } = await pool.query<{ position: string; id: string; stream: string; revision: number }>({
          ...page,
          values: [tenant, position],
        });
        for (const row of rows) deliver(row.id, row.stream, row.revision);
        if (rows.length === 0) await wait(POLL_EVERY_MS);
        else position = rows.at(-1)!.position;
      }
    },
    close: () => pool.end(),
  };
}

const UNIQUE_VIOLATION = '23505';
