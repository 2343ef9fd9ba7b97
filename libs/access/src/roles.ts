import { z } from 'zod';

/**
 * What somebody is in a trial. Stored in events for ever, so a name is never given another meaning.
 * Which of them may see what is in `policy.ts`.
 */
export const Role = z.enum([
  'trial_manager',
  'dmc_member',
  'unblinded_statistician',
  'blinded_outcome_assessor',
  'site_coordinator',
  'peer_worker',
  'site_viewer',
  'auditor',
  'sponsor_administrator',
  'machine_subscriber',
]);
export type Role = z.infer<typeof Role>;

/** What an assignment of the role must name beside the person. */
export interface RoleRequirements {
  /** `whole tenant`: never a trial; `trial`: one, or none for all trials of the tenant. */
  readonly reach: 'whole tenant' | 'trial' | 'site' | 'worker';
  /** The assignment has an end. */
  readonly timeBoxed: boolean;
  /**
   * Whoever holds it must not be able to infer anybody's arm: with the arms of a trial swapped, everything that is
   * answered, streamed or logged for them is the same, byte by byte.
   */
  readonly blinded: boolean;
  /** Nobody holds it beside a role of the same trial that is not blinded, or after one. */
  readonly staysBlind: boolean;
}

export const roles = {
  trial_manager: { reach: 'trial', timeBoxed: false, blinded: false, staysBlind: false },
  dmc_member: { reach: 'trial', timeBoxed: true, blinded: false, staysBlind: false },
  unblinded_statistician: { reach: 'trial', timeBoxed: false, blinded: false, staysBlind: false },
  blinded_outcome_assessor: { reach: 'trial', timeBoxed: false, blinded: true, staysBlind: true },
  site_coordinator: { reach: 'site', timeBoxed: false, blinded: false, staysBlind: false },
  peer_worker: { reach: 'worker', timeBoxed: false, blinded: false, staysBlind: false },
  site_viewer: { reach: 'site', timeBoxed: false, blinded: false, staysBlind: false },
  auditor: { reach: 'trial', timeBoxed: false, blinded: false, staysBlind: false },
  sponsor_administrator: { reach: 'whole tenant', timeBoxed: false, blinded: true, staysBlind: false },
  machine_subscriber: { reach: 'trial', timeBoxed: false, blinded: true, staysBlind: false },
} as const satisfies Record<Role, RoleRequirements>;

export const isBlinded = (role: Role): boolean => roles[role].blinded;
