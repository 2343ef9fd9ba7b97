import type { Scope } from '@cairn/access';
import type { Configuration } from '../configuration.js';
import { addressOf, type Server } from '../server/server.js';
import { EmbeddedIssuer, type EmbeddedUser, usualUser } from './embedded-issuer.js';

/** What a command line says about who asks. */
export interface Asking {
  readonly url: string;
  readonly token?: string;
  /** A user of the embedded Cairn. */
  readonly as?: string;
  readonly tenant?: string;
}

export interface SignedIn {
  readonly server: Server;
  /** Whom the token was made for here; undefined: it was given. */
  readonly user: EmbeddedUser | undefined;
}

/** As long as the longest import may take, and the wait for the read models after it. */
const LASTS_SECONDS = 2 * 3_600;

/**
 * Who asks: the token that is given, or else somebody of the embedded Cairn whose data folder is on this machine. What the
 * command line says counts for more than the environment.
 * @param scopes what a token is made for; undefined: whatever the roles of its user allow
 * @throws UsageError when there is neither
 */
export async function signIn(
  { url, ...asking }: Asking,
  configuration: Configuration,
  scopes?: readonly Scope[],
): Promise<SignedIn> {
  addressOf({ url }, '/');
  const chooses = asking.as !== undefined || asking.tenant !== undefined;
  const given = asking.token ?? (chooses ? undefined : configuration.token);
  if (given !== undefined) return { server: { url, token: given }, user: undefined };

  const issuer = await EmbeddedIssuer.of(configuration.dataDir);
  issuer.requireOwn(url);
  const user = issuer.find(asking.as ?? usualUser(asking.tenant ?? configuration.tenant), asking.tenant);
  const token = await issuer.token(user, { ...(scopes && { scopes }), expiresInSeconds: LASTS_SECONDS });
  return { server: { url, token }, user };
}
