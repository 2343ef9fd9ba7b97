import { createHash } from 'node:crypto';
import type { TenantId } from '@cairn/event-sourcing';

/**
 * Which of the instances should have a tenant, by rendezvous hashing: all that know the same instances come to the same
 * answer, each gets about as many, and when one comes or goes only what it gets or had changes hands.
 */
export function shouldHave(service: string, tenant: TenantId, instances: readonly string[]): string | undefined {
  let best: string | undefined;
  let highest = '';
  for (const instance of instances) {
    const score = createHash('sha256')
      .update(JSON.stringify([service, tenant, instance]))
      .digest('hex');
    if (score > highest) [best, highest] = [instance, score];
  }
  return best;
}
