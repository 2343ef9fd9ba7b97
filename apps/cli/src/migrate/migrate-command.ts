import { setTimeout as wait } from 'node:timers/promises';
import { InvalidLogin, isPassing, makeLoginsOf, migrate, MigrationFailed } from '@cairn/platform';
import type { DatabaseSettings } from '../configuration.js';
import { ServerUnreachable, UsageError } from '../exit-code.js';
import type { Terminal } from '../terminal.js';

export interface MigrateOptions {
  /** As whoever may create roles; the setting DATABASE_URL without it. */
  readonly databaseUrl?: string;
  /** Whether the services' logins are made as well. */
  readonly logins: boolean;
  /** Seconds in which the database has to answer. */
  readonly wait: number;
}

const LOOK_EVERY_MS = 500;

/**
 * `cairn migrate`: brings a database up to date, once, before the services of this version are started; those of the version before
 * go on meanwhile. Called again, or twice at the same time, it finds nothing to do.
 * @throws UsageError, ServerUnreachable
 */
export async function migrateCommand(
  settings: DatabaseSettings,
  options: MigrateOptions,
  { out }: Terminal,
): Promise<void> {
  const url = options.databaseUrl ?? settings.migrate;
  if (url === undefined) throw new UsageError('give --database-url, or set DATABASE_URL');
  if (!/^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? '')) throw new UsageError('the database URL is none');
  if (options.logins && Object.keys(settings.services).length === 0) {
    throw new UsageError('--logins makes those of API_DATABASE_URL, PROJECTOR_DATABASE_URL …; none of them is set');
  }
  const done = await within(options.wait, () => migrate(url));
  out.write(done.length === 0 ? 'The database is up to date.\n' : `Migrated: ${done.join(', ')}\n`);
  if (!options.logins) return;
  const logins = await within(options.wait, () => makeLoginsOf(url, settings.services));
  out.write(`Logins: ${logins.join(', ')}\n`);
}

/** Tries again while the database is not there. */
async function within<Result>(seconds: number, work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof MigrationFailed || error instanceof InvalidLogin) throw new UsageError(error.message);
      const { message, code, severity } = error as { message: string; code?: unknown; severity?: unknown };
      if (!isPassing(error)) {
        // The server's own words: a wrong password, a database that is not there.
        if (severity !== undefined) throw new UsageError(`the database refuses: ${message}`);
        throw error;
      }
      if (performance.now() >= deadline) {
        throw new ServerUnreachable(`the database does not answer (${typeof code === 'string' ? code : message})`);
      }
      await wait(LOOK_EVERY_MS);
    }
  }
}
