import pg from 'pg';

/** Where a service connects, as a login that may become its own role and nothing else. */
export interface ServiceUrls {
  readonly api: string;
  readonly projector: string;
  readonly alerter: string;
  /** Where the api brings exported logs back. */
  readonly restore: string;
}

const LOGINS = {
  api: ['cairn_api', 'cairn_service'],
  projector: ['cairn_projecting', 'cairn_projector'],
  alerter: ['cairn_alerting', 'cairn_alerter'],
  restore: ['cairn_restoring', 'cairn_restorer'],
} as const;
/** Roles belong to the server, where somebody may be making the same ones for another database: then they are there too. */
const MADE_BY_OTHERS = ['42710', '23505'];

/**
 * Makes the services' logins on a server that is Cairn's own, after `migrate`. A role that a connection takes on can be laid
 * down again by whoever runs statements on it; what the login itself may not do stays out of reach.
 * @param url of a superuser; the logins get its password, if there is one
 */
export async function makeServiceLogins(url: string): Promise<ServiceUrls> {
  const client = new pg.Client({ connectionString: url, application_name: 'cairn logins' });
  await client.connect();
  try {
    for (const [login, role] of Object.values(LOGINS)) {
      const found = await client.query('select from pg_roles where rolname = $1', [login]);
      if (found.rowCount !== 0) continue;
      const password = decodeURIComponent(new URL(url).password);
      const secret = password && ` password ${client.escapeLiteral(password)}`;
      try {
        await client.query(`create role ${login} login noinherit${secret} in role ${role}`);
      } catch (error) {
        if (!MADE_BY_OTHERS.includes(String((error as { code?: unknown }).code))) throw error;
      }
    }
  } finally {
    await client.end();
  }
  return {
    api: as(LOGINS.api[0], url),
    projector: as(LOGINS.projector[0], url),
    alerter: as(LOGINS.alerter[0], url),
    restore: as(LOGINS.restore[0], url),
  };
}

function as(login: string, url: string): string {
  const own = new URL(url);
  own.username = login;
  return own.toString();
}
