import type { IncomingMessage, ServerResponse } from 'node:http';
import { noteOf } from '../log/request-note.js';
import { answerEdgeError } from '../operations/edge-errors.filter.js';

/** Refusals that are held back at once, over all tenants. */
const MAX_HELD = 2_000;
/** Milliseconds. */
const HELD_FOR = 1_000;
let held = 0;

/**
 * Answers 429. It is held back for a moment: whoever asks again at once, refusal after refusal, would be refused at the
 * price of everybody else. How much is left of a quota is told to nobody: it would tell of what others of the tenant do.
 * @param retryAfter milliseconds
 */
export function refuseOverQuota(request: IncomingMessage, response: ServerResponse, retryAfter: number): void {
  noteOf(request).code = 'QUOTA_EXCEEDED';
  if (response.closed) return;
  const answer = (): void => {
    if (response.destroyed || response.headersSent) return;
    response.setHeader('retry-after', Math.max(1, Math.ceil(retryAfter / 1_000)));
    // A body that was not read must not be taken for the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    answerEdgeError(response, 429);
  };
  if (held >= MAX_HELD) {
    response.setHeader('connection', 'close');
    answer();
    return;
  }
  held++;
  const release = (): void => {
    clearTimeout(timer);
    held--;
  };
  const timer = setTimeout(answer, HELD_FOR);
  response.once('close', release);
}
