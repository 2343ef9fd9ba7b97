import type { Viewer } from '@cairn/access';
import type { Identity } from '../identity/identity.js';
import { type ConductRecord, Disclosures } from './disclosures.js';
import { isUnavailable, unavailable } from './errors.js';

/** What every resolver is given. */
export interface RequestContext {
  readonly identity: Identity;
  /** With the roles held now: a subscription is given a new one before each event. */
  viewer: Viewer;
  readonly disclosures: Disclosures;
  /** Where the request came from, where that is known. */
  readonly address?: string | undefined;
  /** Waits for the tenant's next turn of the event loop, to go on after something that was waited for. */
  readonly turn: () => Promise<void>;
}

/**
 * A context for one request or one subscription.
 * @throws a typed error (SERVICE_UNAVAILABLE) when the viewer's roles cannot be read now
 */
export async function contextOf(
  identity: Identity,
  viewers: { of(identity: Identity): Promise<Viewer> },
  conduct: ConductRecord,
  turns: { stretch(identity: Identity): Promise<void> },
): Promise<RequestContext> {
  try {
    return {
      identity,
      viewer: await viewers.of(identity),
      disclosures: new Disclosures(conduct),
      turn: () => turns.stretch(identity),
    };
  } catch (error) {
    throw isUnavailable(error) ? unavailable() : error;
  }
}
