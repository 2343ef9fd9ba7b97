import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { createEventTable, EVENT_TABLE_COLUMNS } from './event-table.js';
import type { Payload } from './contender.js';

/**
 * COPY of whole batches into an equal of Cairn's event table: no expectation, no outcome, no retry, one transaction for
 * everything. It is the most that these rows and indexes allow on this server.
 */
export class CopyLimit {
  private readonly revisions = new Map<string, number>();

  private constructor(
    private readonly client: pg.Client,
    private readonly table: string,
  ) {}

  static async open(url: string, table: string, options = { indexes: true }): Promise<CopyLimit> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await createEventTable(client, table, options);
    return new CopyLimit(client, table);
  }

  /** Rows are put into text before the clock starts. @returns rows per second */
  async run(tenant: string, rows: number, streams: readonly string[], payloads: readonly Payload[]): Promise<number> {
    const now = new Date().toISOString();
    const chunks: string[] = [];
    for (let row = 0; row < rows; row += CHUNK_ROWS) {
      let chunk = '';
      for (let index = row; index < Math.min(rows, row + CHUNK_ROWS); index++) {
        const stream = streams[Math.floor(Math.random() * streams.length)]!;
        const revision = this.revisions.get(stream) ?? 0;
        this.revisions.set(stream, revision + 1);
        const id = randomUUID();
        const payload = payloads[index % payloads.length]!.text.replaceAll('\\', '\\\\');
        chunk += `${now}\t${now}\t${id}\t${id}\t${revision}\t1\t${tenant}\t${stream}\tCommunityMeetingRecorded\tbench\t${payload}\n`;
      }
      chunks.push(chunk);
    }
    const started = performance.now();
    await pipeline(
      Readable.from(chunks, { objectMode: false }),
      this.client.query(copyFrom(`copy bench.${this.table} (${EVENT_TABLE_COLUMNS.join(', ')}) from stdin`)),
    );
    return (rows / (performance.now() - started)) * 1_000;
  }

  close(): Promise<void> {
    return this.client.end();
  }
}

const CHUNK_ROWS = 200;
