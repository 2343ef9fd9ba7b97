import type { CommandHandler, TenantId } from '@cairn/event-sourcing';
import { trialDecider, trialStream } from '@cairn/registry';
import { LRUCache } from 'lru-cache';

/** Trials whose zones are kept. */
const MAX_TRIALS = 10_000;

/** The time zone of a trial, which it keeps; of one that is not registered, UTC. */
export function trialZones(handler: CommandHandler): (tenant: TenantId, trial: string) => Promise<string> {
  const zones = new LRUCache<string, string>({ max: MAX_TRIALS });
  return async (tenant, trial) => {
    const key = JSON.stringify([tenant, trial]);
    const kept = zones.get(key);
    if (kept !== undefined) return kept;
    const state = await handler.stateOf(trialDecider, tenant, trialStream(trial));
    if (state.kind !== 'registered') return 'UTC';
    zones.set(key, state.timeZone);
    return state.timeZone;
  };
}
