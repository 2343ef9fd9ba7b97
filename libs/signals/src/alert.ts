import { type Fact, formatInstant, type Position } from '@cairn/event-sourcing';
import type { AlertFilter, AlertKind, SignalEvent, SignalSubject } from './events.js';
import { type RuleAudience, Severity } from './rule.js';

/*
 * A signal is what a rule raises; an alert is the message sent about it. Every alert is made of one event of a signal's
 * stream and of nothing else, so it is the same whenever and by whomever it is sent: the log is the outbox.
 */

/** What an alert says: ids and links only, no arm, no outcome, nothing that anybody typed. */
export interface AlertData {
  readonly trial: string;
  readonly site: string;
  readonly signal: string;
  readonly kind: AlertKind;
  readonly rule: string;
  readonly severity: Severity;
  readonly subject: SignalSubject;
  /** It was over before it was found. */
  readonly retrospective: boolean;
  /** Where more is shown to whoever may see it; relative to the service. */
  readonly link: string;
}

/** An alert as it is sent: CloudEvents 1.0 in its JSON form. */
export interface Alert {
  readonly specversion: '1.0';
  /** Of the event that it tells of; the same in every stream and at every attempt, and what a subscriber resumes after. */
  readonly id: string;
  readonly source: string;
  readonly type: `org.cairn.signal.${AlertKind}.v1`;
  readonly subject: string;
  /** RFC 3339 in UTC: when it happened, which for what was entered late is before it was known. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** CloudEvents' partitioning extension: alerts of one key keep their order. It is the site. */
  readonly partitionkey: string;
  readonly data: AlertData;
}

/** An alert with what decides who is sent it, which is not part of it. */
export interface RecordedAlert {
  readonly alert: Alert;
  readonly audience: RuleAudience;
  readonly participant: string | undefined;
  readonly position: Position;
}

const kinds = {
  SignalRaised: 'raised',
  SignalReturned: 'returned',
  SignalEscalated: 'escalated',
  SignalCleared: 'cleared',
  SignalResolved: 'resolved',
  SignalAcknowledged: 'acknowledged',
  SignalAssigned: 'assigned',
  SignalSnoozed: 'snoozed',
  SignalWoken: 'woken',
  SignalOutcomeRecorded: 'outcome_recorded',
} as const satisfies Record<SignalEvent['type'], AlertKind>;

/** What an alert calls what an event of a signal records. */
export const signalKindOf = (type: SignalEvent['type']): AlertKind => kinds[type];

/** The event types of which there are alerts. */
export const alertedTypes: readonly SignalEvent['type'][] = Object.keys(kinds) as SignalEvent['type'][];

/** The alert of an event. */
export function alertOf(event: Fact<SignalEvent>): RecordedAlert {
  const { trial, site, signal, rule, severity, subject, audience, participant } = event.data;
  const kind = kinds[event.type];
  const ofTrial = `/tenants/${encodeURIComponent(event.tenant)}/trials/${encodeURIComponent(trial)}`;
  return {
    alert: {
      specversion: '1.0',
      id: event.id,
      source: ofTrial,
      type: `org.cairn.signal.${kind}.v1`,
      subject: signal,
      time: formatInstant(event.occurredAt),
      datacontenttype: 'application/json',
      partitionkey: site,
      data: {
        trial,
        site,
        signal,
        kind,
        rule,
        severity,
        subject: { kind: subject.kind, id: subject.id },
        retrospective: event.type === 'SignalRaised' && event.data.until !== undefined,
        link: `/trials/${encodeURIComponent(trial)}/signals/${signal}`,
      },
    },
    audience,
    participant,
    position: event.position,
  };
}

/** What subscribers are sent who do not say which kinds: what asks for attention, and that it no longer does. */
export const USUAL_KINDS: ReadonlySet<AlertKind> = new Set([
  'raised',
  'returned',
  'escalated',
  'cleared',
  'resolved',
  'woken',
]);

/** Whether one severity is as urgent as another, or more. */
export const isAtLeast = (severity: Severity, least: Severity): boolean =>
  Severity.options.indexOf(severity) >= Severity.options.indexOf(least);

/** Whether a subscriber asked for an alert. */
export const isAskedFor = ({ data }: Alert, { sites, rules, severity, kinds: wanted }: AlertFilter): boolean =>
  (sites === undefined || sites.includes(data.site)) &&
  (rules === undefined || rules.includes(data.rule)) &&
  (severity === undefined || isAtLeast(data.severity, severity)) &&
  (wanted === undefined ? USUAL_KINDS.has(data.kind) : wanted.includes(data.kind));
