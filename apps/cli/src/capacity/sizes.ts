import type { Demand } from './demand.js';
import { MEASURED } from './measured.js';

/** A demand where nothing else is asked for: a trial like ENRICH, of seven sites and some six hundred participants. */
export const ONE_LIKE_ENRICH: Omit<Demand, 'trials' | 'tenants'> = {
  sites: 7,
  participants: 84,
  eventsPerParticipant: MEASURED.eventsOfAParticipant,
  subscribers: 5,
  trialYears: 2,
  years: 5,
  importing: 0.3,
  seed: 1,
};

/** Trials of a tenant that has several: a trial unit's, or those of a programme. */
const TRIALS_OF_A_TENANT = 50;

/** @param trials of so many, in tenants of a usual size */
export const demandOf = (trials: number, given: Partial<Demand> = {}): Demand => ({
  ...ONE_LIKE_ENRICH,
  trials,
  tenants: Math.max(1, Math.round(trials / TRIALS_OF_A_TENANT)),
  ...given,
});

/** The sizes that docs/capacity.md speaks of. */
export const SIZES: readonly Demand[] = [10, 1_000, 100_000].map((trials) => demandOf(trials));
