import type { IncomingMessage } from 'node:http';
import type { Identity } from './identity.js';

const identities = new WeakMap<IncomingMessage, Identity>();

/** For the front door: notes who a request is from. */
export function admit(request: IncomingMessage, identity: Identity): void {
  identities.set(request, identity);
}

/** Whom the front door let in with this request. @throws Error when it never came through there */
export function identityOf(request: IncomingMessage): Identity {
  const identity = identities.get(request);
  if (!identity) throw new Error('a request was answered that nobody authenticated');
  return identity;
}
