import { Database, type DatabaseRole } from '../postgres/database.js';
import { migrationFiles, numberOf } from '../postgres/migrate.js';
import type { ReadModelName } from '../projections/read-models.js';
import type { Need } from './readiness.js';

/** No such table or schema, or no right to look: no migration of this version has run. */
const NOT_MIGRATED = new Set(['42P01', '3F000', '42501', '22023']);

/**
 * What every service needs of the database. It is looked at over a connection of its own: whoever waits behind much work is not
 * without a database.
 */
export class DatabaseNeeds {
  private readonly database: Database;

  constructor(options: { readonly url: string; readonly role: DatabaseRole; readonly applicationName: string }) {
    this.database = new Database({ ...options, applicationName: `${options.applicationName} readiness`, max: 1 });
  }

  /** It answers, and every migration of this code has run there. Newer ones do no harm. */
  readonly migrated: Need = {
    otherwise: 'DATABASE_UNREACHABLE',
    look: async () => {
      try {
        const { rows } = await this.database.pool.query<{ number: number }>(
          'select number from public.cairn_migration',
        );
        const done = new Set(rows.map(({ number }) => number));
        return (await migrationFiles()).every((file) => done.has(numberOf(file))) ? undefined : 'MIGRATIONS_PENDING';
      } catch (error) {
        if (NOT_MIGRATED.has(String((error as { code?: unknown }).code))) return 'MIGRATIONS_PENDING';
        throw error;
      }
    },
  };

  /** Each of these read models is shown in its version. */
  showing(models: readonly ReadModelName[]): Need {
    return {
      otherwise: 'READ_MODELS_MISSING',
      look: async () => {
        const { rows } = await this.database.pool.query<{ shown: number }>(
          `select count(*)::int as shown from unnest($1::text[], $2::int[]) as m (name, version)
           join read_model.generation g on g.projection = m.name and g.version = m.version and g.shown`,
          [models.map(({ name }) => name), models.map(({ version }) => version)],
        );
        return rows[0]!.shown === models.length ? undefined : 'READ_MODELS_MISSING';
      },
    };
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

/** What keeps the log, where that is not the database. */
export const answering = (store: { ping(): Promise<void> }): Need => ({
  otherwise: 'STORE_UNREACHABLE',
  look: () => store.ping().then(() => undefined),
});
