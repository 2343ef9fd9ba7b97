import fs from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../migrations');
/** Any number would do; it keeps two migrating processes of one database apart. */
const MIGRATION_LOCK = 8_245_101_310;
const OLDEST_MAJOR_VERSION = 15;
const ATTEMPTS = 10;
/**
 * Longest wait of a migration for a table that services are using, in milliseconds: whoever comes after it waits as long. Then it
 * steps back, lets them pass and tries again.
 */
const LOCK_WITHIN = 1_500;

/**
 * Brings a database up to date: each file of `migrations/`, in the order of its number, once, in a transaction of its own.
 * Several processes may do so at once, while services of the version before are running.
 * @returns the files that were missing, in their order
 * @throws MigrationFailed with a sentence for whoever runs the database
 */
export async function migrate(url: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'cairn migrate' });
  await client.connect();
  try {
    await refuseUnfitServer(client);
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const done = await appliedMigrations(client);
    const files = await migrationFiles();
    const known = new Set(files.map(numberOf));
    const newer = [...done].find((number) => !known.has(number));
    if (newer !== undefined) {
      throw new MigrationFailed(
        `the database has migration ${newer}, which this version does not know; run newer code`,
      );
    }
    const missing = files.filter((file) => !done.has(numberOf(file)));
    for (const name of missing) await apply(client, name);
    return missing;
  } finally {
    await client.end();
  }
}

/** All that this version brings, in their order. */
export async function migrationFiles(): Promise<readonly string[]> {
  return (await fs.readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
}

/** The database cannot be brought up to date; the message says what to do. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';
}

async function refuseUnfitServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: string; version: string; encoding: string }>(
    `select current_setting('server_version_num') as number, current_setting('server_version') as version,
            current_setting('server_encoding') as encoding`,
  );
  const { number, version, encoding } = rows[0]!;
  if (Number(number) < OLDEST_MAJOR_VERSION * 10_000) {
    throw new MigrationFailed(`PostgreSQL ${OLDEST_MAJOR_VERSION} or later is needed; this server is ${version}`);
  }
  if (encoding !== 'UTF8') {
    throw new MigrationFailed(`the database must be encoded in UTF8, not ${encoding}: names are in any script`);
  }
}

async function appliedMigrations(client: pg.Client): Promise<ReadonlySet<number>> {
  try {
    await client.query(
      `create table if not exists public.cairn_migration
         (number int primary key, name text not null, applied_at timestamptz not null default now())`,
    );
    const { rows } = await client.query<{ number: number }>('select number from public.cairn_migration');
    return new Set(rows.map((row) => row.number));
  } catch (error) {
    throw explained(error, 'the table of migrations');
  }
}

async function apply(client: pg.Client, name: string): Promise<void> {
  const sql = await fs.readFile(path.join(MIGRATIONS, name), 'utf8');
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query('begin');
      await client.query(`set local lock_timeout = ${LOCK_WITHIN}`);
      await client.query(sql);
      await client.query('reset role');
      await client.query('insert into public.cairn_migration (number, name) values ($1, $2)', [numberOf(name), name]);
      await client.query('commit');
      return;
    } catch (error) {
      await client.query('rollback');
      if (!isMetBySomeoneElse(error) || attempt === ATTEMPTS) throw explained(error, `migration ${name}`);
      await wait(20 * attempt);
    }
  }
}

/**
 * Roles belong to the server: another database's migration may be changing them, where our lock does not reach. A table may be in
 * use for longer than the migration waits for it.
 */
function isMetBySomeoneElse(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  return ['23505', '40P01', '55P03'].includes(code!) || (code === 'XX000' && /tuple concurrently/.test(message));
}

function explained(error: unknown, what: string): Error {
  const { code, message } = error as { code?: string; message: string };
  if (code !== '42501') return new MigrationFailed(`${what} failed: ${message}`, { cause: error });
  return new MigrationFailed(
    `${what} failed: ${message}. The user of the database URL must own the database and be able to create roles ` +
      '(alter role … createrole), or be a superuser.',
    { cause: error },
  );
}

/** By which a file of `migrations/` is known. */
export const numberOf = (file: string): number => Number.parseInt(file, 10);
