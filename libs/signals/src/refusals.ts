import { type Instant, type Refusal, refuse } from '@cairn/event-sourcing';

/** Every reason for which a command about signals or their rules is refused. The codes are public and stable; the sentences are for people. */
export const signalsRefusals = {
  SIGNAL_UNKNOWN: 'The trial has no such signal.',
  SIGNAL_RESOLVED: 'The signal is resolved; its outcome can still be recorded.',
  SIGNAL_STANDS: 'The signal is not resolved; an outcome is given when it is.',
  SIGNAL_CRITICAL: 'Nothing is more urgent than a critical signal.',
  SNOOZE_IN_PAST: 'A signal is snoozed until a time to come.',
  ASSIGNEE_UNKNOWN: 'Nobody of this name can see the signal.',
  RULE_SUBJECTS_MIXED: 'A condition is about what happens to participants, or about what happens at a site.',
  RULE_NOT_OF_PARTICIPANTS: 'This is said of participants, and the rule is about a site.',
  RULE_NOT_OF_SITES: 'This is said of a site, and the rule is about participants.',
  RULE_LIMIT_OUT_OF_RANGE: 'The measure never comes beyond this limit.',
  RULE_DEFINITION_MISPLACED: 'Only engagement has definitions.',
  RULE_DEFINITION_UNKNOWN: 'The trial has no such definition of engagement.',
} as const;
export type SignalsRefusalCode = keyof typeof signalsRefusals;

export type SignalsRefused = { readonly kind: 'refused'; readonly refusal: Refusal<SignalsRefusalCode> };

/** @param field the input field at fault */
export const refused = (code: SignalsRefusalCode, field?: string): SignalsRefused =>
  refuse(code, signalsRefusals[code], field);

/** What the rules may look at outside of the stream. */
export interface SignalsWorld {
  readonly now: Instant;
}
