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
  /** What somebody in this role does, for people. */
  readonly purpose: string;
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
  trial_manager: {
    purpose: 'runs a trial from day to day: its register, its records, its figures',
    reach: 'trial',
    timeBoxed: false,
    blinded: false,
    staysBlind: false,
  },
  dmc_member: {
    purpose: 'sits on a data monitoring committee: watches engagement and fidelity, not who is in which arm',
    reach: 'trial',
    timeBoxed: true,
    blinded: false,
    staysBlind: false,
  },
  unblinded_statistician: {
    purpose: 'analyses with the arms known; each look at them is recorded',
    reach: 'trial',
    timeBoxed: false,
    blinded: false,
    staysBlind: false,
  },
  blinded_outcome_assessor: {
    purpose: 'assesses outcomes without knowing anybody’s arm',
    reach: 'trial',
    timeBoxed: false,
    blinded: true,
    staysBlind: true,
  },
  site_coordinator: {
    purpose: 'leads the peer workers of one site and records what happens there',
    reach: 'site',
    timeBoxed: false,
    blinded: false,
    staysBlind: false,
  },
  peer_worker: {
    purpose: 'meets participants and records these contacts',
    reach: 'worker',
    timeBoxed: false,
    blinded: false,
    staysBlind: false,
  },
  site_viewer: {
    purpose: 'sees how one site does, and how others do beside it; nobody by name or number',
    reach: 'site',
    timeBoxed: false,
    blinded: false,
    staysBlind: false,
  },
  auditor: {
    purpose: 'reads everything, changes nothing; looks at arms are recorded',
    reach: 'trial',
    timeBoxed: false,
    blinded: false,
    staysBlind: false,
  },
  sponsor_administrator: {
    purpose: 'sets up trials and gives people their roles; sees no clinical data',
    reach: 'whole tenant',
    timeBoxed: false,
    blinded: true,
    staysBlind: false,
  },
  machine_subscriber: {
    purpose: 'another system that follows what anybody blinded may know',
    reach: 'trial',
    timeBoxed: false,
    blinded: true,
    staysBlind: false,
  },
} as const satisfies Record<Role, RoleRequirements>;

export const isBlinded = (role: Role): boolean => roles[role].blinded;
