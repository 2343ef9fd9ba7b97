import fs from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../migrations');
/** Any number would do; it keeps two migrating processes of one database apart. */
const MIGRATION_LOCK = 8_245_101_310;

/**
 * Brings a database up to date: each file of `migrations/`, in the order of its number, once, in a transaction of its own.
 * @throws when the database was migrated by newer code, or when the user may not create roles or schemas
 */
export async function migrate(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'cairn migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query('create table if not exists public.cairn_migration (number int primary key, name text not null, applied_at timestamptz not null default now())');
    const applied = await client.query<{ number: number }>('select number from public.cairn_migration');
    const done = new Set(applied.rows.map((row) => row.number));
    const files = (await fs.readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
    const known = new Set(files.map(numberOf));
    const newer = [...done].find((number) => !known.has(number));
    if (newer !== undefined) throw new Error(`the database has migration ${newer}, which this version does not know; run newer code`);
    for (const name of files.filter((file) => !done.has(numberOf(file)))) {
      await client.query('begin');
      await client.query(await fs.readFile(path.join(MIGRATIONS, name), 'utf8'));
      await client.query('insert into public.cairn_migration (number, name) values ($1, $2)', [numberOf(name), name]);
      await client.query('commit');
    }
  } finally {
    await client.end();
  }
}

const numberOf = (file: string): number => Number.parseInt(file, 10);
