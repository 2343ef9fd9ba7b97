import { type EventOf, eventType } from '@cairn/event-sourcing';
import { z } from 'zod';
import { Severity, SignalRule } from './rule.js';
import { id, timestamp, words, wordsUpTo } from './vocabulary.js';

/*
 * What becomes of signals, rules and subscriptions. These shapes are the storage format: a field is never renamed or given
 * another meaning, a change is a new schema version with an upcaster.
 */

/** Whom or what a signal is about. */
export const SignalSubject = z.object({ kind: z.enum(['participant', 'site', 'worker']), id });
export type SignalSubject = z.infer<typeof SignalSubject>;

/** What a signal says of why it was raised: numbers by name, an instant as RFC 3339 text, nothing that anybody typed. */
export const SignalNumbers = z.record(
  z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/),
  z.union([z.number(), timestamp, z.null()]),
);
export type SignalNumbers = z.infer<typeof SignalNumbers>;

const ofSignal = {
  trial: id,
  signal: z.uuid(),
  /** Whose site it is, whatever the subject. */
  site: id,
  /** Given where the subject is a participant: what is on record about somebody is found by it. */
  participant: id.optional(),
  rule: id,
  subject: SignalSubject,
  /** As it is from this event on. */
  severity: Severity,
  /** Of `audienceOf` the rule, so that whoever delivers needs no rule. */
  audience: z.enum(['open', 'delivery']),
};

/**
 * A rule found something. It occurred when it began to hold, which may be long before it was recorded: entries come late.
 * `until` is given when it was over before it was found.
 */
export const signalRaising = z.object({
  ...ofSignal,
  /** As the rule book counts, see `RuleInForce`. */
  ruleVersion: wordsUpTo(60),
  /** The same for the same cause, however often it is found; see `signalId`. */
  cause: z.string().max(300),
  until: timestamp.optional(),
  numbers: SignalNumbers,
  /** Ids of the events that contributed, the earliest first; 50 at the most. */
  events: z.array(z.uuid()).max(50),
});

/** Why a signal was resolved without anybody. */
export const Clearance = z.enum([
  /** What was missing happened, or a number is no longer beyond its limit. */
  'cause_gone',
  /** What is now on record says that it never held. */
  'corrected',
  /** The rule says something else now, or is off. */
  'rule_changed',
  /** The time is over in which it could be mended. */
  'over',
]);
export type Clearance = z.infer<typeof Clearance>;

/** What a signal turned out to be. */
export const SignalOutcome = z.enum(['true_problem', 'false_alarm', 'data_problem']);
export type SignalOutcome = z.infer<typeof SignalOutcome>;

const note = { note: words.optional() };

/** Stream `<trial>/signal/<signal>`. */
export const signalEventTypes = [
  eventType('SignalRaised', signalRaising),
  /** By itself. */
  eventType('SignalCleared', z.object({ ...ofSignal, why: Clearance })),
  /** The same cause holds again after all. */
  eventType('SignalReturned', z.object(ofSignal)),
  eventType('SignalAcknowledged', z.object({ ...ofSignal, ...note })),
  /** To whoever is to look after it. */
  eventType('SignalAssigned', z.object({ ...ofSignal, person: id })),
  eventType('SignalSnoozed', z.object({ ...ofSignal, until: timestamp, ...note })),
  /** The time of a snooze is over. */
  eventType('SignalWoken', z.object(ofSignal)),
  /** One severity up, by hand or because nobody acknowledged it. */
  eventType('SignalEscalated', z.object({ ...ofSignal, ...note })),
  /** By hand. */
  eventType('SignalResolved', z.object({ ...ofSignal, outcome: SignalOutcome, ...note })),
  /** Recorded of a signal that was cleared, or otherwise than before. */
  eventType('SignalOutcomeRecorded', z.object({ ...ofSignal, outcome: SignalOutcome, ...note })),
] as const;
export type SignalEvent = EventOf<(typeof signalEventTypes)[number]>;

/** Stream `<trial>/signal-rules`: all versions of all rules of a trial that are not the shipped ones. */
export const signalRuleEventTypes = [
  /** Versions of a rule count from 1; the shipped rules have version 0 and are not on record. */
  eventType(
    'SignalRulePublished',
    z.object({ trial: id, version: z.int().min(1), definition: SignalRule, reason: words }),
  ),
] as const;
export type SignalRuleEvent = EventOf<(typeof signalRuleEventTypes)[number]>;

/** What an alert tells of a signal. */
export const AlertKind = z.enum([
  'raised',
  'returned',
  'escalated',
  'cleared',
  'resolved',
  'acknowledged',
  'assigned',
  'snoozed',
  'woken',
  'outcome_recorded',
]);
export type AlertKind = z.infer<typeof AlertKind>;

/** Which alerts a subscriber is sent; what is absent is not asked for. */
export const AlertFilter = z.object({
  sites: z.array(id).min(1).max(1_000).optional(),
  rules: z.array(id).min(1).max(1_000).optional(),
  /** This one and more urgent ones. */
  severity: Severity.optional(),
  kinds: z.array(AlertKind).min(1).optional(),
});
export type AlertFilter = z.infer<typeof AlertFilter>;

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time of day as in 08:30');

/** When alerts are held back: overnight where `from` is later than `to`. */
export const QuietHours = z.object({
  from: clock,
  to: clock,
  timeZone: id.optional(),
  /** This severity and more urgent ones come through; absent: none do. */
  except: Severity.optional(),
});
export type QuietHours = z.infer<typeof QuietHours>;

/** One message a day with everything since the last one. */
export const Digest = z.object({ at: clock, timeZone: id.optional() });
export type Digest = z.infer<typeof Digest>;

/** Where alerts are sent. */
export const AlertSink = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('webhook'), url: z.url({ protocol: /^https?$/ }).max(2_000) }),
  z.object({ kind: z.literal('kafka'), topic: z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/) }),
]);
export type AlertSink = z.infer<typeof AlertSink>;

/** What a subscriber wants. */
export const alertSubscription = z.object({
  trial: id,
  subscription: id,
  name: wordsUpTo(200),
  sink: AlertSink,
  /** `open` for a recipient who is blinded, or who passes on to somebody blinded. */
  audience: z.enum(['open', 'delivery']),
  filter: AlertFilter,
  digest: Digest.optional(),
  quietHours: QuietHours.optional(),
});
export type AlertSubscriptionTerms = z.infer<typeof alertSubscription>;

const ofSubscription = { trial: id, subscription: id };

/** Stream `<trial>/alert-subscription/<subscription>`. */
export const alertSubscriptionEventTypes = [
  /** From here on; what was recorded before is sent by a replay. */
  eventType('AlertSubscriptionOpened', alertSubscription),
  eventType('AlertSubscriptionChanged', alertSubscription),
  eventType('AlertSubscriptionPaused', z.object(ofSubscription)),
  eventType('AlertSubscriptionResumed', z.object(ofSubscription)),
  eventType('AlertSubscriptionClosed', z.object(ofSubscription)),
  /** The recipient said that it is gone (410). */
  eventType('AlertSubscriptionDisabled', z.object({ ...ofSubscription, why: z.enum(['gone']) })),
  /** Everything recorded after a position is sent again, under the ids that it had. */
  eventType('AlertReplayRequested', z.object({ ...ofSubscription, after: z.string().regex(/^\d{1,19}$/) })),
  /** Signatures are made with the next secret, and for a day with the one before too. */
  eventType('AlertSecretRotated', z.object({ ...ofSubscription, generation: z.int().min(2) })),
] as const;
export type AlertSubscriptionEvent = EventOf<(typeof alertSubscriptionEventTypes)[number]>;

export const signalsEventTypes = [
  ...signalEventTypes,
  ...signalRuleEventTypes,
  ...alertSubscriptionEventTypes,
] as const;
export type SignalsEvent = SignalEvent | SignalRuleEvent | AlertSubscriptionEvent;
