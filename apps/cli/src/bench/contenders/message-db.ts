import fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Contender, PAGE_SIZE, POLL_EVERY_MS } from './contender.js';
import { openPool } from './pool.js';

/** The order of message-db's own install script, whose shell and psql are not needed. */
const INSTALL = [
  'roles/message-store',
  'schema/message-store',
  'tables/messages',
  'types/message',
  'functions/message-store-version',
  'functions/hash-64',
  'functions/acquire-lock',
  'functions/category',
  'functions/is-category',
  'functions/id',
  'functions/cardinal-id',
  'functions/stream-version',
  'functions/write-message',
  'functions/get-stream-messages',
  'functions/get-category-messages',
  'functions/get-last-stream-message',
  'indexes/messages-id',
  'indexes/messages-stream',
  'indexes/messages-category',
];

/** message-db (https://github.com/message-db/message-db): its functions, called by prepared statements. */
export async function messageDb(url: string): Promise<Contender> {
  const pool = openPool(url, '-c search_path=message_store,public -c client_min_messages=warning');
  const require = createRequire(import.meta.url);
  const folder = path.join(path.dirname(require.resolve('@eventide/message-db/package.json')), 'database');
  const installer = await pool.connect();
  for (const file of INSTALL) await installer.query(await fs.readFile(path.join(folder, `${file}.sql`), 'utf8'));
  installer.release();

  const write = { name: 'write_message', text: 'select write_message($1, $2, $3, $4::jsonb, null, $5::bigint)' };
  const page = {
    name: 'get_category_messages',
    text: `select * from get_category_messages($1, $2::bigint, ${PAGE_SIZE})`,
  };
  // A stream's category is its name up to the first dash.
  const category = 'participant';
  let next = 1n;
  return {
    name: 'message-db',
    append: async ({ id, stream, expected, payload }) => {
      try {
        const version = expected === 'any' ? null : expected - 1;
        const values = [id, `${category}-${stream}`, 'CommunityMeetingRecorded', payload.text, version];
        await pool.query({ ...write, values });
        return 'appended';
      } catch (error) {
        if ((error as Error).message.startsWith('Wrong expected version')) return 'refused';
        throw error;
      }
    },
    follow: async (deliver, signal) => {
      while (!signal.aborted) {
        const { rows } = await pool.query<{
          id: string;
          stream_name: string;
          position: string;
          global_position: string;
        }>({
          ...page,
          values: [category, String(next)],
        });
        for (const row of rows) deliver(row.id, row.stream_name, Number(row.position));
        if (rows.length === 0) await wait(POLL_EVERY_MS);
        else next = BigInt(rows.at(-1)!.global_position) + 1n;
      }
    },
    close: () => pool.end(),
  };
}
