import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerEdgeError } from '../operations/edge-errors.filter.js';
import { Budget } from './budget.js';
import { addressOf } from './client-address.js';
import { refuseOverQuota } from './refuse.js';

/** From one address in a minute. */
const FAILURES = 600;

/**
 * Counts tokens that are none by the address that they come from. Beyond a number they are answered late, and with 429. Who
 * has a real token is not concerned: a whole hospital may share an address with somebody who tries.
 */
export class FailedAuthentications {
  private readonly failures = new Budget(60);

  constructor(private readonly allowed = FAILURES) {}

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wait = await this.failures.spend(addressOf(request), 1, this.allowed);
    if (wait > 0) refuseOverQuota(request, response, wait);
    else answerEdgeError(response, 401);
  }
}
