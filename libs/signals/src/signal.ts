import { type Identified, type Instant, parseInstant } from '@cairn/event-sourcing';
import type { Clearance, SignalEvent, SignalOutcome } from './events.js';
import type { Severity } from './rule.js';

/** What every event of a signal says of it. */
export type SignalAbout = Pick<
  SignalEvent['data'],
  'trial' | 'signal' | 'site' | 'participant' | 'rule' | 'subject' | 'audience'
>;

interface Known {
  readonly about: SignalAbout;
  /** As it is by now. */
  readonly severity: Severity;
}

/** How far somebody has come with a signal that stands. */
export type Attention =
  | { readonly kind: 'raised' }
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'assigned'; readonly person: string };

/**
 * A signal by what has become of it:
 * - `raised`: nobody has looked at it;
 * - `acknowledged`: somebody has; `assigned`: somebody is to look after it;
 * - `snoozed`: nobody wants to hear of it until a time; it then stands as it did `before`;
 * - `cleared`: resolved by itself, and it may return; `outcome` as far as somebody said;
 * - `resolved`: by hand, for good.
 */
export type Signal =
  | { readonly kind: 'none' }
  | (Known & Attention)
  | (Known & { readonly kind: 'snoozed'; readonly until: Instant; readonly before: Attention })
  | (Known & { readonly kind: 'cleared'; readonly why: Clearance; readonly outcome: SignalOutcome | undefined })
  | (Known & { readonly kind: 'resolved'; readonly outcome: SignalOutcome });

export type SignalState = Signal['kind'];
/** A signal that asks for something. */
export type StandingSignal = Extract<Signal, { kind: Attention['kind'] | 'snoozed' }>;

export const noSignal: Signal = { kind: 'none' };

export const isStanding = (signal: Signal): signal is StandingSignal =>
  signal.kind !== 'none' && signal.kind !== 'cleared' && signal.kind !== 'resolved';

/** How far somebody has come with it, snoozed or not. */
export const attentionTo = (signal: StandingSignal): Attention =>
  signal.kind === 'snoozed'
    ? signal.before
    : signal.kind === 'assigned'
      ? { kind: 'assigned', person: signal.person }
      : { kind: signal.kind };

export function evolveSignal(signal: Signal, event: SignalEvent | Identified<SignalEvent>): Signal {
  const { trial, signal: id, site, participant, rule, subject, audience, severity } = event.data;
  const about = { trial, signal: id, site, ...(participant !== undefined && { participant }), rule, subject, audience };
  const known = { about, severity };
  if (event.type === 'SignalRaised') {
    // What was over before it was found asks for nothing.
    return event.data.until === undefined
      ? { ...known, kind: 'raised' }
      : { ...known, kind: 'cleared', why: 'cause_gone', outcome: undefined };
  }
  // The rules let nothing into the stream of a signal before it is raised.
  if (signal.kind === 'none') return signal;
  switch (event.type) {
    case 'SignalReturned':
      return { ...known, kind: 'raised' };
    case 'SignalCleared':
      return { ...known, kind: 'cleared', why: event.data.why, outcome: undefined };
    case 'SignalAcknowledged':
      return { ...known, kind: 'acknowledged' };
    case 'SignalAssigned':
      return { ...known, kind: 'assigned', person: event.data.person };
    case 'SignalSnoozed': {
      const before: Attention = isStanding(signal) ? attentionTo(signal) : { kind: 'raised' };
      return { ...known, kind: 'snoozed', until: parseInstant(event.data.until)!, before };
    }
    case 'SignalWoken':
      return signal.kind === 'snoozed' ? { ...known, ...signal.before } : signal;
    case 'SignalEscalated':
      return { ...signal, severity };
    case 'SignalResolved':
      return { ...known, kind: 'resolved', outcome: event.data.outcome };
    case 'SignalOutcomeRecorded':
      return signal.kind === 'cleared' || signal.kind === 'resolved'
        ? { ...signal, outcome: event.data.outcome }
        : signal;
    default:
      return event satisfies never;
  }
}
