import type { Identity } from '../identity.js';

/** What every resolver is given. */
export interface RequestContext {
  readonly identity: Identity;
}
