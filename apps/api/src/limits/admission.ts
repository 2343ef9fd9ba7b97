import type { IncomingMessage, ServerResponse } from 'node:http';
import { identityOf } from '../identity/request-identity.js';
import { noteOf } from '../log/request-note.js';
import { isFollowing, isStreamed } from './edge.js';
import type { Quotas } from './quotas.js';
import { refuseOverQuota } from './refuse.js';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Public, and asked by whatever watches the service: it must be answered when nothing else is. */
const HEALTH = '/health';

/** Lets a request in when its tenant's turn has come, before a byte of its body is read. */
export function admission(quotas: Quotas): Middleware {
  return (request, response, next) => {
    if (request.url!.split('?', 1)[0] === HEALTH) {
      next();
      return;
    }
    // Who went away while their token was looked at would never give back what is taken for them.
    if (response.closed) return;
    const identity = identityOf(request);
    noteOf(request).identity = identity;
    // Let in where it is opened: it must not keep a place among the requests.
    if (isFollowing(request)) {
      next();
      return;
    }
    if (isStreamed(request)) {
      const release = quotas.openImport(identity);
      if (!release) {
        refuseOverQuota(request, response, 1_000);
        return;
      }
      response.once('close', release);
      next();
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    void quotas.enter(identity, gone.signal).then((entry) => {
      if (entry.kind === 'full') {
        if (!gone.signal.aborted) refuseOverQuota(request, response, quotas.retryAfter(identity.tenant));
      } else if (gone.signal.aborted) {
        entry.leave();
      } else {
        response.once('close', entry.leave);
        next();
      }
    });
  };
}
