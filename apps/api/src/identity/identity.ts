import type { Scope } from '@cairn/access';
import type { Instant, TenantId } from '@cairn/event-sourcing';

/** Who asks, as a verified token says. What they may do, the tenant's own log says (`access/viewers.ts`). */
export interface Identity {
  readonly tenant: TenantId;
  /** The token's subject. */
  readonly person: string;
  readonly name: string;
  /** The client that the token was made for, where the issuer tells. */
  readonly client: string | undefined;
  /** Tells the tokens of one sign-in from those of another. */
  readonly session: string;
  /** What the token may be used for. */
  readonly scopes: ReadonlySet<Scope>;
  /** From when on the token is none. */
  readonly expiresAt: Instant;
}
