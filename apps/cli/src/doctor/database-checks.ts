import fs from 'node:fs/promises';
import { Database, type DatabaseRole, migrationFiles, numberOf } from '@cairn/platform';
import type pg from 'pg';
import { type Finding, found, nameOf } from './finding.js';

const OLDEST_MAJOR = 15;
/** Seconds. Tokens and leases bear a few. */
const SKEW_WARNING = 1;
const SKEW_PROBLEM = 5;
/** Shares of what there is. */
const CONNECTIONS_WARNING = 0.8;
const FREE_WARNING = 0.15;
const FREE_PROBLEM = 0.05;
const UNSAFE = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

export type Look = (client: pg.ClientBase) => Promise<readonly Finding[]>;

const version: Look = async (client) => {
  const { rows } = await client.query<{ number: string; version: string; encoding: string }>(
    `select current_setting('server_version_num') as number, current_setting('server_version') as version,
       current_setting('server_encoding') as encoding`,
  );
  const { number, version: name, encoding } = rows[0]!;
  const isFit = Number(number) >= OLDEST_MAJOR * 10_000 && encoding === 'UTF8';
  return [
    found('DATABASE_VERSION', isFit ? 'ok' : 'problem', `The server is PostgreSQL ${name}, encoded in ${encoding}.`),
  ];
};

const migrations: Look = async (client) => {
  const { rows } = await client
    .query<{ number: number }>('select number from public.cairn_migration')
    .catch((error: { code?: unknown }) => {
      if (error.code === '42P01') return { rows: [] };
      throw error;
    });
  const done = new Set(rows.map(({ number }) => number));
  const known = await migrationFiles();
  const missing = known.filter((file) => !done.has(numberOf(file)));
  const newer = [...done].filter((number) => !known.some((file) => numberOf(file) === number));
  if (missing.length > 0) return [found('MIGRATIONS', 'problem', `Migrations have not run: ${missing.join(', ')}.`)];
  if (newer.length > 0) {
    return [found('MIGRATIONS', 'warning', `The database has migrations of newer code: ${newer.sort().join(', ')}.`)];
  }
  return [found('MIGRATIONS', 'ok', `All ${known.length} migrations of this version have run.`)];
};

const writable: Look = async (client) => {
  const { rows } = await client.query<{ standby: boolean; readonly: string }>(
    `select pg_is_in_recovery() as standby, current_setting('default_transaction_read_only') as readonly`,
  );
  const { standby, readonly } = rows[0]!;
  if (standby)
    return [found('DATABASE_WRITABLE', 'problem', 'The server is a standby: nothing can be recorded there.')];
  if (readonly === 'on') return [found('DATABASE_WRITABLE', 'problem', 'Transactions are read-only by default.')];
  return [found('DATABASE_WRITABLE', 'ok', 'The server takes what is recorded.')];
};

const safeSettings: Look = async (client) => {
  // As the server has it for everybody: this session's own setting says nothing.
  const { rows } = await client.query<{ name: string; reset: string }>(
    'select name, reset_val as reset from pg_settings where name = any ($1)',
    [UNSAFE],
  );
  const off = rows.filter(({ reset }) => reset === 'off').map(({ name }) => name);
  if (off.length === 0) return [found('SAFE_SETTINGS', 'ok', 'What is acknowledged is on disk.')];
  return [found('SAFE_SETTINGS', 'problem', `A power cut would lose what was acknowledged: ${off.join(', ')} off.`)];
};

const diskSpace: Look = async (client) => {
  try {
    const { rows } = await client.query<{ dir: string }>(`select current_setting('data_directory') as dir`);
    const { bavail, blocks, bsize } = await fs.statfs(rows[0]!.dir);
    const free = bavail / blocks;
    const state = free < FREE_PROBLEM ? 'problem' : free < FREE_WARNING ? 'warning' : 'ok';
    const gigabytes = ((bavail * bsize) / 1e9).toFixed(1);
    return [found('DISK_SPACE', state, `The volume of the database has ${gigabytes} GB left, ${percent(free)}.`)];
  } catch (error) {
    return [found('DISK_SPACE', 'unknown', `The volume of the database cannot be seen from here (${nameOf(error)}).`)];
  }
};

const connections: Look = async (client) => {
  const { rows } = await client.query<{ used: number; most: number }>(
    `select (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used,
       current_setting('max_connections')::int as most`,
  );
  const { used, most } = rows[0]!;
  const state = used > most * CONNECTIONS_WARNING ? 'warning' : 'ok';
  return [found('CONNECTIONS', state, `${used} of ${most} connections of the server are used.`)];
};

const clock: Look = async (client) => {
  const before = Date.now();
  const { rows } = await client.query<{ at: number }>(
    'select extract(epoch from clock_timestamp())::float8 * 1000 as at',
  );
  // The answer was made somewhere in between.
  const skew = Math.abs((before + Date.now()) / 2 - rows[0]!.at) / 1_000;
  const state = skew > SKEW_PROBLEM ? 'problem' : skew > SKEW_WARNING ? 'warning' : 'ok';
  return [found('CLOCK', state, `The clocks of this machine and of the database differ by ${skew.toFixed(1)} s.`)];
};

/** What is looked at in the database, before anything of Cairn. */
export const serverLooks: readonly Look[] = [
  version,
  migrations,
  writable,
  safeSettings,
  diskSpace,
  connections,
  clock,
];

const ROLES = { api: 'cairn_service', projector: 'cairn_projector', alerter: 'cairn_alerter' } as const;

/** What the logins of the services could do beside their work. */
export async function excessRights(
  services: Readonly<Partial<Record<'api' | 'projector' | 'alerter' | 'restore', string>>>,
  isEmbedded: boolean,
): Promise<readonly Finding[]> {
  if (isEmbedded) return [found('EXCESS_RIGHTS', 'ok', 'The embedded database has a login for each service.')];
  const known = (Object.keys(ROLES) as (keyof typeof ROLES)[]).filter((service) => services[service] !== undefined);
  if (known.length === 0) {
    const what = 'No service has a login of its own among these settings (API_DATABASE_URL and its like).';
    return [found('EXCESS_RIGHTS', 'warning', what)];
  }
  const findings: Finding[] = [];
  for (const service of known) {
    const role: DatabaseRole = ROLES[service];
    const database = new Database({ url: services[service]!, role, applicationName: 'cairn doctor', max: 1 });
    try {
      const excess = await database.excessRights();
      const what =
        excess.length === 0
          ? `The login of the ${service} can become its role only.`
          : `The login of the ${service} could do more than it needs: ${excess.join(', ')}.`;
      findings.push(found('EXCESS_RIGHTS', excess.length === 0 ? 'ok' : 'problem', what));
    } catch (error) {
      findings.push(found('EXCESS_RIGHTS', 'problem', `The ${service} cannot log in (${nameOf(error)}).`));
    } finally {
      await database.close();
    }
  }
  return findings;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
