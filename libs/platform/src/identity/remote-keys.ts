import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { IssuerUnreachable } from './token-refused.js';

/** An issuer that does not answer within this is not waited for, in milliseconds. */
const TIMEOUT = 5_000;
/** After a failure nothing is asked for so long, in milliseconds. */
const PAUSE = 5_000;
/** A key that the issuer does not name is looked for once in this time, whoever sends how many such tokens. */
const REFETCH_UNKNOWN = 30_000;
/** A key that the issuer withdrew is forgotten after this. */
const KEEP = 600_000;

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

/**
 * The keys of an OIDC issuer, found by discovery when first needed. A new key is noticed when a token names it.
 * @param issuer as tokens name it; only its own addresses are ever asked, never one from a token
 */
export function remoteKeys(issuer: string): JWTVerifyGetKey {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = -Infinity;

  const ask = async (url: string, init: RequestInit): Promise<Response> => {
    if (Date.now() - failedAt < PAUSE) throw new IssuerUnreachable('the issuer did not answer a moment ago');
    try {
      const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT) });
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return response;
    } catch (error) {
      failedAt = Date.now();
      throw new IssuerUnreachable('the issuer does not answer', { cause: error });
    }
  };

  const discover = async (): Promise<JWTVerifyGetKey> => {
    const at = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await ask(at, { headers: { accept: 'application/json' } });
    const found = Discovery.safeParse(await response.json().catch(() => undefined));
    if (!found.success || found.data.issuer !== issuer || !isSafeIssuer(found.data.jwks_uri)) {
      failedAt = Date.now();
      throw new IssuerUnreachable('the issuer does not describe itself as the one that was configured');
    }
    return createRemoteJWKSet(new URL(found.data.jwks_uri), {
      cooldownDuration: REFETCH_UNKNOWN,
      cacheMaxAge: KEEP,
      [customFetch]: ask,
    });
  };

  return async (header, token) => {
    keys ??= discover();
    try {
      return await (
        await keys
      )(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      if (error instanceof IssuerUnreachable) {
        // What was found stays; a discovery that failed is made again.
        await keys?.catch(() => (keys = undefined));
        throw error;
      }
      throw new IssuerUnreachable('the issuer tells no keys that can be read', { cause: error });
    }
  };
}

/** Keys that come over plain HTTP could be anybody's, unless they never leave the machine. */
export function isSafeIssuer(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && LOCAL.has(url.hostname));
}
const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]']);
