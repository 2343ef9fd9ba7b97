import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { query } from './laboratory.js';
import { startService } from './service.js';
import { TENANT, type TrialDatabase } from './trials.js';

/** Rows of a page of the raw read. */
const PAGE_SIZE = 5_000;

/**
 * Reads the log from end to end as a program without a store would: pages by position, payloads parsed, nothing else.
 * @returns rows per second
 */
export async function readRaw(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows = 0;
    const started = performance.now();
    for (let position = '0'; ;) {
      const page = await client.query<{ position: string; payload: string }>({
        name: 'raw_page',
        text: `select position, id, stream, revision, type, occurred_at, recorded_at, payload from cairn.event
          where tenant = $1 and position > $2 order by position limit ${PAGE_SIZE}`,
        values: [TENANT, position],
      });
      for (const row of page.rows) JSON.parse(row.payload);
      rows += page.rows.length;
      if (page.rows.length < PAGE_SIZE) break;
      position = page.rows.at(-1)!.position;
    }
    return (rows / (performance.now() - started)) * 1_000;
  } finally {
    await client.end();
  }
}

export interface Rebuilt {
  /** Events of the log for each second between the beginning of the building and the last read model's taking over. */
  readonly eventsPerSecond: number;
  /** Of the projector's process, in bytes. */
  readonly peakMemory: number | undefined;
}

/** Has a fresh projector build all read models of the log, beside those that there are. */
export async function rebuildAll({ url, plan }: TrialDatabase): Promise<Rebuilt> {
  const before = await finished(url);
  await query(url, `select read_model.request_rebuild(projection) from read_model.generation where state = 'serving'`);
  const projector = await startService('projector', { DATABASE_URL: url, CAIRN_PROOFS: 'off' }, '/health');
  try {
    for (;;) {
      await wait(100);
      const now = await finished(url);
      if (now.failure !== null) throw new Error(`a read model was not built: ${now.failure}`);
      if (now.unfinished > 0 || now.count <= before.count) continue;
      return { eventsPerSecond: (plan.events / now.milliseconds) * 1_000, peakMemory: await projector.peakMemory() };
    }
  } finally {
    await projector.stop();
  }
}

interface Finished {
  readonly count: number;
  readonly unfinished: number;
  readonly milliseconds: number;
  readonly failure: string | null;
}

async function finished(url: string): Promise<Finished> {
  const { rows } = await query(
    url,
    `select
       coalesce(max(generation), 0) as count,
       count(*) filter (where state in ('requested', 'building'))::int as unfinished,
       coalesce(extract(epoch from max(finished_at) filter (where state = 'serving')
         - min(started_at) filter (where state = 'serving')) * 1000, 0)::float8 as milliseconds,
       max(failure) as failure
     from read_model.generation`,
  );
  return rows[0] as Finished;
}

/** Sees to it that the database has its read models. */
export async function readModelsOf(database: TrialDatabase): Promise<void> {
  const { rows } = await query(database.url, `select from read_model.generation where state = 'serving' limit 1`);
  if (rows.length === 0) await rebuildAll(database);
}
