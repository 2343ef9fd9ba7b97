import type { Proof } from '@cairn/audit';
import { type Refusal, refuse } from '@cairn/event-sourcing';
import type { TokenVerifier } from '@cairn/platform/identity';
import { TokenRefused } from '@cairn/platform/identity';
import type { Identity } from '../identity/identity.js';
import type { PasswordCheck } from '../identity/password-check.js';

/** What somebody gives to prove anew who they are: one of the two. */
export interface GivenProof {
  readonly password?: string | null | undefined;
  readonly token?: string | null | undefined;
}

/** A sign-in is as good as a new one for so many milliseconds. */
const FRESH_FOR = 5 * 60 * 1_000;
/** Difference of clocks that is tolerated. */
const TOLERANCE = 5_000;

type Outcome =
  { readonly kind: 'proven'; readonly proof: Proof } | { readonly kind: 'refused'; readonly refusal: Refusal };

/** One code for whatever is wrong: which it was would help only whoever tries. */
const failed = refuse(
  'REAUTHENTICATION_FAILED',
  'This does not prove who you are: give your password, or a token of a sign-in within the last five minutes.',
  'reauthentication',
);
const tooMany = refuse(
  'TOO_MANY_TRIES',
  'There were too many tries. Wait five minutes, then try again.',
  'reauthentication',
);

/** By what people prove anew who they are, at the moment of signing (21 CFR 11.200). */
export class Reauthentication {
  /** @param passwords where people sign in with Cairn itself */
  constructor(
    private readonly verifier: Pick<TokenVerifier, 'verify'>,
    private readonly passwords: PasswordCheck | undefined,
    private readonly clock: () => number = Date.now,
  ) {}

  /**
   * @param address that they ask from
   * @throws IssuerUnreachable when it cannot be told now
   */
  async prove(identity: Identity, { password, token }: GivenProof, address: string): Promise<Outcome> {
    if ((password == null) === (token == null)) return failed;
    return password == null ? this.byToken(identity, token!) : this.byPassword(identity, password, address);
  }

  private async byPassword(
    { tenant, person, name, client }: Identity,
    password: string,
    address: string,
  ): Promise<Outcome> {
    // A machine has no password; a person of the same name is somebody else.
    if (!this.passwords || client === person) return failed;
    const found = await this.passwords.check(address, person, password);
    if (found === 'too many') return tooMany;
    // People of several tenants sign in at one place.
    return found === 'wrong' || found.tenant !== tenant
      ? failed
      : { kind: 'proven', proof: { name, authenticatedAt: this.clock() } };
  }

  private async byToken({ tenant, person, name }: Identity, token: string): Promise<Outcome> {
    try {
      const claims = await this.verifier.verify(token);
      const { authenticatedAt } = claims;
      const age = authenticatedAt === undefined ? Infinity : this.clock() - authenticatedAt;
      const same = claims.tenant === tenant && claims.person === person;
      if (!same || age > FRESH_FOR || age < -TOLERANCE) return failed;
      return { kind: 'proven', proof: { name, authenticatedAt: authenticatedAt! } };
    } catch (error) {
      if (error instanceof TokenRefused) return failed;
      throw error;
    }
  }
}
