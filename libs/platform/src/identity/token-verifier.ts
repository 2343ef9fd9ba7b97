import { createHash } from 'node:crypto';
import { compactVerify, createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { type ExpectedClaims, readClaims, type TokenClaims } from './claims.js';
import { readCompactToken } from './compact-token.js';
import type { IssuerFile } from './issuer-file.js';
import { remoteKeys } from './remote-keys.js';
import { IssuerUnreachable, TokenRefused } from './token-refused.js';

/** What a token says whose signature, purpose and time are right. */
export interface VerifiedToken extends TokenClaims {
  readonly session: string;
}

const MAX_KEPT = 10_000;
/** A token is looked at anew after so long, so that a withdrawn key ends. In milliseconds. */
const KEPT_FOR = 60_000;

/**
 * Tells whether access tokens are real. The form and the claims are judged before the signature is, so that no token makes us
 * ask the issuer for a key unless it is at least addressed to us.
 */
export class TokenVerifier {
  private readonly kept = new LRUCache<string, VerifiedToken>({ max: MAX_KEPT, ttl: KEPT_FOR });

  private constructor(
    private readonly expected: ExpectedClaims,
    private readonly keys: JWTVerifyGetKey,
    private readonly clock: () => number,
  ) {}

  /** For tokens of the embedded issuer: asks nobody. */
  static local(file: Pick<IssuerFile, 'url' | 'audience' | 'keys'>, clock: () => number = Date.now): TokenVerifier {
    const keys = file.keys.map(({ d: _private, ...key }) => key);
    const expected = { issuer: file.url, audience: file.audience, tenantClaim: 'tenant' };
    return new TokenVerifier(expected, createLocalJWKSet({ keys }), clock);
  }

  /** For tokens of any OIDC issuer, whose keys are fetched and followed. */
  static remote(expected: ExpectedClaims, clock: () => number = Date.now): TokenVerifier {
    return new TokenVerifier(expected, remoteKeys(expected.issuer), clock);
  }

  /**
   * @throws TokenRefused when it is not a token for us
   * @throws IssuerUnreachable when that cannot be known now
   */
  async verify(token: string): Promise<VerifiedToken> {
    const digest = createHash('sha256').update(token).digest('base64url');
    const kept = this.kept.get(digest);
    if (kept && this.clock() < kept.expiresAt) return kept;
    const { algorithm, claims: given } = readCompactToken(token);
    const claims = readClaims(given, this.expected, this.clock());
    await this.checkSignature(token, algorithm);
    const verified = { ...claims, session: claims.session ?? digest };
    this.kept.set(digest, verified);
    return verified;
  }

  private async checkSignature(token: string, algorithm: string): Promise<void> {
    try {
      await compactVerify(token, this.keys, { algorithms: [algorithm] });
    } catch (error) {
      if (error instanceof IssuerUnreachable) throw error;
      const noKey = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
      throw new TokenRefused(noKey ? 'KEY_UNKNOWN' : 'SIGNATURE');
    }
  }
}
