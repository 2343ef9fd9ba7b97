import pg from 'pg';
import { scramVerifier } from './scram-verifier.js';

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

/** A login that cannot be made as its URL asks; the message says which and why, without the password. */
export class InvalidLogin extends Error {
  override readonly name = 'InvalidLogin';
}

/**
 * Makes the logins that the services' own URLs name, each a member of its service's role only, and gives them the URLs' passwords:
 * called again after a password was changed, it is the new one that holds. After `migrate`, on a server of whichever kind.
 * @param url of whoever may create roles
 * @param services those that have a URL of their own
 * @returns the names of the logins
 * @throws InvalidLogin before anything is changed, when a URL names no login, the login of `url` or one of another service
 */
export async function makeLoginsOf(url: string, services: Partial<ServiceUrls>): Promise<readonly string[]> {
  const wanted = Object.entries(services).map(([service, own]) => ({
    service: service as keyof ServiceUrls,
    ...loginOf(own, service),
  }));
  const { login: administrator } = loginOf(url, 'whoever migrates');
  for (const { service, login, password } of wanted) {
    if (login === '') throw new InvalidLogin(`the URL of ${service} names no login`);
    if (login === administrator)
      throw new InvalidLogin(`${login} of ${service} is who migrates; give it one of its own`);
    if (wanted.some((other) => other.service !== service && other.login === login)) {
      throw new InvalidLogin(`${login} is the login of two services; give each one of its own`);
    }
    if (!/^[\x20-\x7e]*$/.test(password)) throw new InvalidLogin(`the password of ${login} is not of printable ASCII`);
  }
  const client = new pg.Client({ connectionString: url, application_name: 'cairn logins' });
  await client.connect();
  try {
    for (const { service, login, password } of wanted) {
      const name = client.escapeIdentifier(login);
      const secret = password === '' ? '' : ` password ${client.escapeLiteral(scramVerifier(password))}`;
      const found = await client.query('select from pg_roles where rolname = $1', [login]);
      await client.query(`${found.rowCount === 0 ? 'create' : 'alter'} role ${name} login noinherit${secret}`);
      await client.query(`grant ${LOGINS[service][1]} to ${name}`);
    }
    return wanted.map(({ login }) => login);
  } finally {
    await client.end();
  }
}

/** @throws InvalidLogin */
function loginOf(url: string, whose: string): { readonly login: string; readonly password: string } {
  try {
    const { username, password } = new URL(url);
    return { login: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw new InvalidLogin(`the URL of ${whose} is none; what is special in a password is written as in %25`);
  }
}

function as(login: string, url: string): string {
  const own = new URL(url);
  own.username = login;
  return own.toString();
}
