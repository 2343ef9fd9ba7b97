import { scopes } from '@cairn/access';
import { type RefusalOfToken, TokenRefused, type TokenVerifier } from '@cairn/platform/identity';
import type { Identity } from './identity.js';

type Reason =
  | RefusalOfToken
  | 'NO_TOKEN'
  | 'SEVERAL_TOKENS'
  | 'SCOPE_UNKNOWN'
  | 'SIGN_IN_NOT_BEGUN'
  | 'SIGN_IN_OF_ANOTHER'
  | 'FROM_ANOTHER_SITE';

const OUR_SCOPES = 'cairn:';

/** Nobody whom we know asks. Why is for the log, not for whoever asks: it would help only whoever tries. */
export class Unauthenticated extends Error {
  override readonly name = 'Unauthenticated';
  constructor(readonly reason: Reason) {
    super(`nobody whom we know: ${reason}`);
  }
}

/** Who asks, by their token and nothing else. */
export class Authenticator {
  constructor(private readonly verifier: Pick<TokenVerifier, 'verify'>) {}

  /**
   * @param tokens all that came with the request
   * @throws Unauthenticated when there is none, more than one, or one that is not real
   * @throws IssuerUnreachable when it cannot be told now
   */
  async identify(tokens: readonly string[]): Promise<Identity> {
    const [token, ...others] = tokens;
    if (token === undefined) throw new Unauthenticated('NO_TOKEN');
    // Which of two people is meant is not ours to choose.
    if (others.length > 0) throw new Unauthenticated('SEVERAL_TOKENS');
    try {
      const { tenant, person, name, client, session, scopes: given, expiresAt } = await this.verifier.verify(token);
      const known = new Set(scopes.filter((scope) => given.has(scope)));
      // Misspelt, it would be no scope at all, and the token would be good for everything that roles allow.
      const ours = [...given].filter((scope) => scope.toLowerCase().startsWith(OUR_SCOPES));
      if (ours.length > known.size) throw new Unauthenticated('SCOPE_UNKNOWN');
      return { tenant, person, name, client, session, scopes: known, expiresAt };
    } catch (error) {
      if (error instanceof TokenRefused) throw new Unauthenticated(error.reason);
      throw error;
    }
  }
}
