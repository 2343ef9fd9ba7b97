import { type Instant, type Refusal, refuse } from '@cairn/event-sourcing';

/** Every reason for which access refuses a command. The codes are public and stable; the sentences are for people. */
export const accessRefusals = {
  PERSON_UNKNOWN: 'The tenant has no such person.',
  ASSIGNMENT_EXISTS: 'This id was given to another assignment, or to one that was revoked.',
  ASSIGNMENT_UNKNOWN: 'There is no such assignment.',
  ROLE_NEEDS_TRIAL: 'This role is held in one trial, so the assignment names it.',
  ROLE_NEEDS_SITE: 'This role is held at a site, so the assignment names it.',
  ROLE_NEEDS_WORKER: 'This role is held by a peer worker, so the assignment names who of the workers it is.',
  ROLE_NEEDS_END: 'This role is held for a time, so the assignment says until when.',
  ROLE_TAKES_NO_TRIAL: 'This role is held in the tenant as a whole.',
  ROLE_TAKES_NO_SITE: 'This role is not held at a site.',
  ROLE_TAKES_NO_WORKER: 'This role is not held by a worker.',
  ROLE_CONFLICT: 'Who assesses outcomes of a trial blind has, and has had, no role in it that knows the arms.',
  END_IN_PAST: 'The role would have ended already.',
  LAST_ADMINISTRATOR: 'A tenant keeps at least one sponsor administrator whose role has no end.',
  UNBLINDING_EXISTS: 'This id was given to another request.',
  UNBLINDING_UNKNOWN: 'There is no such request for this participant.',
  SAME_PERSON: 'Who asked cannot decide: it takes a second person.',
  ALREADY_DECIDED: 'The request was decided otherwise, or by somebody else.',
} as const;
export type AccessRefusalCode = keyof typeof accessRefusals;

export type AccessRefused = { readonly kind: 'refused'; readonly refusal: Refusal<AccessRefusalCode> };

/** @param field the input field at fault */
export const refused = (code: AccessRefusalCode, field: string): AccessRefused =>
  refuse(code, accessRefusals[code], field);

/** What the rules may look at outside of the stream: when it is, and who is asking. */
export interface AccessWorld {
  readonly now: Instant;
  /** The person, as the token's subject names them. */
  readonly actor: string;
}
