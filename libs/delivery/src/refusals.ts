import { type Refusal, refuse } from '@cairn/event-sourcing';

/** Every reason for which delivery refuses a command. The codes are public and stable; the sentences are for people. */
export const deliveryRefusals = {
  TRIAL_UNKNOWN: 'There is no such trial.',
  PARTICIPANT_UNKNOWN: 'The participant has not been referred to the trial, or the referral was voided.',
  SITE_UNKNOWN: 'The trial has no such site.',
  WORKER_UNKNOWN: 'The trial has no such worker.',
  ARM_UNKNOWN: 'The trial has no such arm.',
  STRATUM_UNKNOWN: 'The trial has no such stratum.',
  INSTRUMENT_UNKNOWN: 'The trial does not measure fidelity with this instrument.',
  OCCURRED_IN_FUTURE: 'The time is in the future.',
  DISCHARGED_BEFORE_ADMISSION: 'The discharge from a readmission is before the admission.',
  PARTICIPANT_ALREADY_REFERRED: 'The participant was referred to another site or at another time.',
  ALREADY_RANDOMISED: 'The participant was randomised to another arm, in another stratum or at another time.',
  NOT_ALLOCATED: 'No worker has been allocated to the participant.',
  CONTACT_ID_REUSED: 'The contact id is used by another contact of this participant, or by one that was voided.',
  DATA_USE_WITHDRAWN: 'The participant has withdrawn from any use of data; nothing more is recorded.',
  SUPERVISION_ID_REUSED: 'The supervision id is used by another supervision of this site.',
  SESSION_ID_REUSED: 'The session id is used by another team preparation of this site.',
  ASSESSMENT_EXISTS: 'This rater has assessed the site with this instrument at this time, with another result.',
  FIDELITY_OUT_OF_RANGE: 'The total is outside of the range of the instrument.',
  FIDELITY_EMPTY: 'An assessment has a total, item ratings or both.',
  ITEM_RATED_TWICE: 'An item is rated twice.',
  TRAINING_EXISTS: 'Training of this worker on this day is recorded with another number of days.',
  EVENT_UNKNOWN: 'The trial has no such record.',
  EVENT_ALREADY_VOIDED: 'The record was voided before, and the reason given then stays.',
  EVENT_SUPERSEDED: 'The record was amended; its present version is another event.',
  EVENT_NOT_VOIDABLE:
    'A void stays as it is, and so does the register, but that a trial manager may amend a site or a worker.',
  RECORD_IDENTITY_FIXED: 'This says which record it is and cannot be amended; void the record and make another.',
  RECORD_EXISTS: 'Another record says the same already; void this one.',
} as const;
export type DeliveryRefusalCode = keyof typeof deliveryRefusals;

export type DeliveryRefused = { readonly kind: 'refused'; readonly refusal: Refusal<DeliveryRefusalCode> };

/** @param field the input field at fault */
export const refused = (code: DeliveryRefusalCode, field: string): DeliveryRefused =>
  refuse(code, deliveryRefusals[code], field);
