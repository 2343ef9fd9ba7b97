import { type Refusal, refuse } from '@cairn/event-sourcing';

/** Every reason for which the registry refuses a command. The codes are public and stable; the sentences are for people. */
export const registryRefusals = {
  TENANT_EXISTS: 'The tenant is registered under another name.',
  TENANT_UNKNOWN: 'The tenant is not registered.',
  TRIAL_EXISTS: 'A trial with this id is registered with other content.',
  TRIAL_UNKNOWN: 'There is no such trial.',
  OCCURRED_IN_FUTURE: 'The time is in the future.',
  RECRUITMENT_ENDS_BEFORE_START: 'Recruitment ends before it starts.',
  INTERVENTION_ARM_MISSING: 'At least one arm has the intervention.',
  ARM_NAMED_TWICE: 'Two arms have the same id.',
  STRATUM_NAMED_TWICE: 'A stratum is named twice.',
  DEFINITION_NAMED_TWICE: 'Two engagement definitions have the same id.',
  DEFINITION_RESERVED: 'Every trial has the engagement definitions "table" and "text"; another needs another id.',
  CUT_POINTS_OVERLAP: 'The cut-points would let one site be both high-high and low-low.',
  PROTOCOL_VERSION_EXISTS: 'This version of the protocol was published with other content.',
  PROTOCOL_VERSION_SKIPPED: 'Versions of the protocol follow one another without gaps.',
  SITE_EXISTS: 'A site with this id is registered with other content.',
  SITE_UNKNOWN: 'The trial has no such site.',
  WORKER_EXISTS: 'A worker with this id is registered with other content.',
  ENDED_BEFORE_STARTED: 'The worker ended before they started.',
  EVENT_UNKNOWN: 'The trial has no such record.',
  EVENT_SUPERSEDED: 'The record was amended; its present version is another event.',
  RECORD_IDENTITY_FIXED: 'This says which record it is and cannot be amended.',
} as const;
export type RegistryRefusalCode = keyof typeof registryRefusals;

export type RegistryRefused = { readonly kind: 'refused'; readonly refusal: Refusal<RegistryRefusalCode> };

/** @param field the input field at fault */
export const refused = (code: RegistryRefusalCode, field: string): RegistryRefused =>
  refuse(code, registryRefusals[code], field);
