import { setTimeout as wait } from 'node:timers/promises';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import { Database, type DatabaseOptions } from './database.js';
import { isPassing } from './failure.js';
import { migrationFiles, numberOf } from './migrate.js';

/** No such table, function, schema or role, and no right to look: there are no migrations, or only old ones. */
const NOT_MIGRATED = new Set(['42P01', '42883', '3F000', '22023', '42501']);
const LOOK_EVERY_MS = 100;
/** Between two words of why nothing happens. */
const SAY_EVERY_MS = 10_000;

/**
 * Waits until the database answers and has every migration of this version: whoever upgrades may start services before or while
 * migrations run. One that newer code has migrated is fine, because migrations never take away what the version before uses.
 * @param say is told why it waits, now and then
 * @throws EventStoreUnavailable with a sentence when it is not so within the time
 */
export async function waitForSchema(
  options: Omit<DatabaseOptions, 'max'>,
  seconds: number,
  say?: (why: string) => void,
): Promise<void> {
  const database = new Database({ ...options, max: 1 });
  try {
    await wellMigrated(database, seconds, say);
  } finally {
    await database.close();
  }
}

async function wellMigrated(database: Database, seconds: number, say?: (why: string) => void): Promise<void> {
  const deadline = performance.now() + seconds * 1_000;
  let sayAt = performance.now() + 1_000;
  for (;;) {
    const why = await whyNotReady(database);
    if (why === undefined) return;
    const now = performance.now();
    if (now >= deadline) throw new EventStoreUnavailable(`The database was not ready within ${seconds} s: ${why}`);
    if (now >= sayAt) {
      say?.(`waiting for the database: ${why}`);
      sayAt = now + SAY_EVERY_MS;
    }
    await wait(LOOK_EVERY_MS);
  }
}

/** @throws what waiting does not mend, such as a password that is wrong */
async function whyNotReady({ pool }: Database): Promise<string | undefined> {
  try {
    const { rows } = await pool.query<{ number: number }>('select number from public.cairn_migration');
    const done = new Set(rows.map(({ number }) => number));
    const missing = (await migrationFiles()).filter((file) => !done.has(numberOf(file)));
    if (missing.length === 0) return undefined;
    return `it is of an older version; migrations that have not run: ${missing.join(', ')} (cairn migrate)`;
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (NOT_MIGRATED.has(String(code)))
      return 'it has no tables of Cairn, or those of an older version (cairn migrate)';
    if (isPassing(error)) return message;
    throw error;
  }
}
