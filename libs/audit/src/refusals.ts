import { type Instant, type Refusal, refuse } from '@cairn/event-sourcing';

/** Every reason for which audit refuses a command. The codes are public and stable; the sentences are for people. */
export const auditRefusals = {
  OCCURRED_IN_FUTURE: 'The time is in the future.',
  DATA_CUT_EXISTS: 'A data cut with this id was taken for another time or with another note.',
  DATA_CUT_EMPTY: 'Nothing that is recorded of the trial had happened before this time.',
  DATA_CUT_UNAVAILABLE: 'A data cut is taken of the log itself, which what a dry run makes is not.',
  DATA_CUT_TOO_LARGE: 'The tables of this cut are more than can be kept together, which is 16 MB.',
  QUERY_EXISTS: 'This id was given to another query.',
  QUERY_UNKNOWN: 'The trial has no such query.',
  QUERY_CLOSED: 'The query is closed; raise another one.',
  QUERY_NOT_ANSWERED: 'A query that has no answer is open already.',
  QUERY_ABOUT_NOTHING: 'A query is about an event, a participant or a site.',
  SUBJECT_UNKNOWN: 'The trial has no such record and no such cut, or not as it stands.',
  SIGNATURE_EXISTS: 'This id was given to another signature.',
  REAUTHENTICATION_REQUIRED: 'Whoever signs proves anew who they are.',
  CUT_UNKNOWN: 'The trial has no such cut.',
  RECOMMENDATION_EXISTS: 'This id was given to another recommendation.',
  RECOMMENDATION_UNKNOWN: 'The trial has no such recommendation.',
  ALREADY_ANSWERED: 'The recommendation was answered otherwise, or by somebody else.',
  ERASURE_EXISTS: 'This id was given to another request.',
  ERASURE_UNKNOWN: 'There is no such request for this participant.',
  ERASURE_BY_ONE_PERSON: 'Who asked cannot decide: it takes a second person.',
  ERASURE_DECIDED: 'The request was decided otherwise, or by somebody else.',
  ALREADY_ERASED: 'The free text about this participant was erased before.',
  CHECKPOINT_UNKNOWN: 'The trial has no checkpoint of this size.',
  WITNESS_UNKNOWN: 'This is no witness that is known here.',
  COSIGNATURE_WRONG: 'This is no cosignature of the checkpoint by its witness.',
} as const;
export type AuditRefusalCode = keyof typeof auditRefusals;

export type AuditRefused = { readonly kind: 'refused'; readonly refusal: Refusal<AuditRefusalCode> };

/** @param field the input field at fault */
export const refused = (code: AuditRefusalCode, field?: string): AuditRefused =>
  refuse(code, auditRefusals[code], field);

/** What the rules may look at outside of the stream: when it is, and who is asking. */
export interface AuditWorld {
  readonly now: Instant;
  /** The person, as the token's subject names them. */
  readonly actor: string;
}
