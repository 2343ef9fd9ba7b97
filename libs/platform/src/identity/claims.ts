import { isIdentifier } from '@cairn/event-sourcing';
import { z } from 'zod';
import { TokenRefused } from './token-refused.js';

/** Difference of clocks that is tolerated, in seconds. */
const TOLERANCE = 5;

const id = z.string().refine(isIdentifier);
const seconds = z.number().positive();

/**
 * Issuers write them as one text or as a list, and some call them `scp`. To overlook them would give a token meant for a little
 * all that its roles allow.
 */
const scopes = z.union([z.string().transform((text) => text.split(' ')), z.array(z.string())]);

const Claims = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  sub: id,
  exp: seconds,
  nbf: seconds.optional(),
  iat: seconds.optional(),
  auth_time: seconds.optional(),
  scope: scopes.optional(),
  scp: scopes.optional(),
});
/** What only an ID token or a logout token has: neither is for showing to an API. */
const FOREIGN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];

/** What an access token must fit. */
export interface ExpectedClaims {
  readonly issuer: string;
  readonly audience: string;
  /** The claim with the tenant's id. */
  readonly tenantClaim: string;
}

export interface TokenClaims {
  readonly person: string;
  readonly tenant: string;
  readonly name: string;
  readonly client: string | undefined;
  /** Of the sign-in, or of the token; undefined where the issuer names neither. */
  readonly session: string | undefined;
  readonly scopes: ReadonlySet<string>;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
  /** When the person last proved to the issuer who they are; undefined where it does not tell. */
  readonly authenticatedAt: number | undefined;
}

/**
 * @param now in milliseconds since 1970
 * @throws TokenRefused
 */
export function readClaims(given: unknown, expected: ExpectedClaims, now: number): TokenClaims {
  const read = Claims.safeParse(given);
  if (!read.success) throw new TokenRefused('CLAIMS');
  const { iss, aud, sub, exp, nbf, iat, auth_time: signedInAt, scope = [], scp = [] } = read.data;
  const claims = given as Readonly<Record<string, unknown>>;
  if (iss !== expected.issuer) throw new TokenRefused('ISSUER');
  if (![aud].flat().includes(expected.audience)) throw new TokenRefused('AUDIENCE');
  if (FOREIGN_CLAIMS.some((name) => Object.hasOwn(claims, name))) throw new TokenRefused('ID_TOKEN');
  if (now >= (exp + TOLERANCE) * 1_000) throw new TokenRefused('EXPIRED');
  if (now < (Math.max(nbf ?? 0, iat ?? 0) - TOLERANCE) * 1_000) throw new TokenRefused('NOT_YET_VALID');
  const tenant = idIn(claims, expected.tenantClaim);
  if (tenant === undefined) throw new TokenRefused('CLAIMS');
  return {
    person: sub,
    tenant,
    name: idIn(claims, 'name') ?? idIn(claims, 'email') ?? sub,
    client: idIn(claims, 'client_id') ?? idIn(claims, 'azp'),
    session: idIn(claims, 'sid') ?? idIn(claims, 'jti'),
    scopes: new Set([...scope, ...scp].filter((each) => each !== '')),
    expiresAt: exp * 1_000,
    authenticatedAt: signedInAt === undefined ? undefined : signedInAt * 1_000,
  };
}

/** A claim that is no fit text is as good as absent, where it need not be there. */
function idIn(claims: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && isIdentifier(value) ? value : undefined;
}
