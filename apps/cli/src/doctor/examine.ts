import pg from 'pg';
import { excessRights, type Look, serverLooks } from './database-checks.js';
import { backup, keyRing, keysFolder } from './file-checks.js';
import { type Finding, found, nameOf } from './finding.js';
import { issuer, kafka, kurrentdb, service } from './network-checks.js';
import type { DoctorSettings } from './settings.js';
import { workLooks } from './work-checks.js';

/** Longest time of a statement, in milliseconds. */
const WITHIN = 15_000;

/** Looks at everything. What cannot be looked at is told as that, and stops nothing else. */
export async function examine(settings: DoctorSettings): Promise<readonly Finding[]> {
  const { urls } = settings;
  const all = await Promise.all([
    database(settings),
    kurrentdb(settings.kurrentdb),
    kafka(settings.kafka),
    service('API', urls.API),
    service('PROJECTOR', urls.PROJECTOR),
    service('ALERTER', urls.ALERTER),
    keyRing(settings.keyRing),
    keysFolder(settings.keysDir),
    backup(settings.backup, Date.now()),
    issuer(settings.issuer),
  ]);
  return all.flat();
}

async function database({ databaseUrl, services, isEmbedded }: DoctorSettings): Promise<readonly Finding[]> {
  if (databaseUrl === undefined) {
    return [found('DATABASE_REACHABLE', 'problem', 'The embedded database does not run, and DATABASE_URL is not set.')];
  }
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'cairn doctor',
    connectionTimeoutMillis: 5_000,
    query_timeout: WITHIN,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    return [
      found('DATABASE_REACHABLE', 'problem', `The database does not let us in, or is not there (${nameOf(error)}).`),
    ];
  }
  try {
    const findings = [found('DATABASE_REACHABLE', 'ok', 'The database answers.')];
    for (const look of serverLooks) findings.push(...(await looked(client, look)));
    findings.push(...(await excessRights(services, isEmbedded)));
    if (findings.some(({ code, state }) => code === 'MIGRATIONS' && state === 'problem')) return findings;
    for (const look of workLooks) findings.push(...(await looked(client, look)));
    return findings;
  } finally {
    await client.end();
  }
}

async function looked(client: pg.Client, look: Look): Promise<readonly Finding[]> {
  try {
    return await look(client);
  } catch (error) {
    return [
      found('DATABASE_REACHABLE', 'unknown', `Something of the database cannot be looked at (${nameOf(error)}).`),
    ];
  } finally {
    await client.query('reset role').catch(() => undefined);
  }
}
