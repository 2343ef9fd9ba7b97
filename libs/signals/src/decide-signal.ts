import { accept, type Decider, type Decision, type Instant, parseInstant } from '@cairn/event-sourcing';
import { isAtLeast } from './alert.js';
import type { SignalCommand, WatchCommand } from './commands.js';
import type { SignalEvent } from './events.js';
import { refused, type SignalsWorld } from './refusals.js';
import { Severity } from './rule.js';
import { evolveSignal, isStanding, noSignal, type Signal } from './signal.js';

/** What was looked up for a command about a signal. */
export interface SignalWorld extends SignalsWorld {
  /** Whether the person that a signal is to be assigned to is one who can see it. */
  readonly assigneeIsKnown?: boolean;
}

type Existing = Exclude<Signal, { kind: 'none' }>;

function decide(command: SignalCommand | WatchCommand, signal: Signal, world: SignalWorld): Decision<SignalEvent> {
  switch (command.type) {
    case 'raiseSignal':
      // Nothing is raised twice for one cause.
      if (signal.kind !== 'none') return accept();
      return raised(command);
    case 'clearSignal':
    case 'returnSignal':
    case 'wakeSignal':
    case 'escalateUnattended':
      return signal.kind === 'none' ? accept() : watched(command, signal, world);
    case 'acknowledgeSignal':
    case 'assignSignal':
    case 'snoozeSignal':
    case 'escalateSignal':
    case 'resolveSignal':
    case 'recordSignalOutcome':
      return signal.kind === 'none' ? refused('SIGNAL_UNKNOWN', 'signal') : asked(command, signal, world);
    default:
      return command satisfies never;
  }
}

/** Whoever keeps a list of what stands takes it off by the second event, however late it was found. */
function raised({ raising, from, over }: Extract<WatchCommand, { type: 'raiseSignal' }>): Decision<SignalEvent> {
  const event: SignalEvent = { type: 'SignalRaised', occurredAt: from, data: raising };
  const { ruleVersion: _v, cause: _c, numbers: _n, events: _e, until, ...of } = raising;
  return over === undefined || until === undefined
    ? accept<SignalEvent>(event)
    : accept<SignalEvent>(event, {
        type: 'SignalCleared',
        occurredAt: parseInstant(until)!,
        data: { ...of, why: over },
      });
}

/** What the watch finds is refused nothing: what does not apply any more changes nothing. */
function watched(
  command: Exclude<WatchCommand, { type: 'raiseSignal' }>,
  signal: Existing,
  { now }: SignalWorld,
): Decision<SignalEvent> {
  const of = { ...signal.about, severity: signal.severity };
  switch (command.type) {
    case 'clearSignal':
      if (!isStanding(signal)) return accept();
      return accept({ type: 'SignalCleared', occurredAt: command.at, data: { ...of, why: command.why } });
    case 'returnSignal':
      // What somebody resolved stays resolved while its cause lasts.
      if (signal.kind !== 'cleared') return accept();
      return accept({ type: 'SignalReturned', occurredAt: command.at, data: of });
    case 'wakeSignal':
      if (signal.kind !== 'snoozed' || signal.until > now) return accept();
      return accept({ type: 'SignalWoken', occurredAt: signal.until, data: of });
    case 'escalateUnattended':
      if (signal.kind !== 'raised' || isAtLeast(signal.severity, command.to)) return accept();
      return escalated(signal, command.at);
    default:
      return command satisfies never;
  }
}

function asked(command: SignalCommand, signal: Existing, world: SignalWorld): Decision<SignalEvent> {
  const { now } = world;
  const of = { ...signal.about, severity: signal.severity };
  if (command.type === 'recordSignalOutcome') {
    if (isStanding(signal)) return refused('SIGNAL_STANDS', 'signal');
    const { outcome } = command;
    if (signal.outcome === outcome) return accept();
    return accept({ type: 'SignalOutcomeRecorded', occurredAt: now, data: { ...of, outcome, ...noteOf(command) } });
  }
  if (!isStanding(signal)) {
    const isSo = command.type === 'resolveSignal' && signal.kind === 'resolved' && signal.outcome === command.outcome;
    return isSo ? accept() : refused('SIGNAL_RESOLVED', 'signal');
  }
  switch (command.type) {
    case 'acknowledgeSignal':
      // Whoever it is assigned to looks after it.
      if (signal.kind === 'acknowledged' || signal.kind === 'assigned') return accept();
      return accept({ type: 'SignalAcknowledged', occurredAt: now, data: { ...of, ...noteOf(command) } });
    case 'assignSignal': {
      const { person } = command;
      if (signal.kind === 'assigned' && signal.person === person) return accept();
      if (!world.assigneeIsKnown) return refused('ASSIGNEE_UNKNOWN', 'person');
      return accept({ type: 'SignalAssigned', occurredAt: now, data: { ...of, person } });
    }
    case 'snoozeSignal': {
      const until = parseInstant(command.until)!;
      if (signal.kind === 'snoozed' && signal.until === until) return accept();
      if (until <= now) return refused('SNOOZE_IN_PAST', 'until');
      const data = { ...of, until: command.until, ...noteOf(command) };
      return accept({ type: 'SignalSnoozed', occurredAt: now, data });
    }
    case 'escalateSignal':
      if (signal.severity === 'critical') return refused('SIGNAL_CRITICAL', 'signal');
      return escalated(signal, now, noteOf(command));
    case 'resolveSignal': {
      const data = { ...of, outcome: command.outcome, ...noteOf(command) };
      return accept({ type: 'SignalResolved', occurredAt: now, data });
    }
    default:
      return command satisfies never;
  }
}

/** One severity up. */
function escalated(
  signal: Existing,
  occurredAt: Instant,
  note: { readonly note?: string } = {},
): Decision<SignalEvent> {
  const severity = Severity.options[Severity.options.indexOf(signal.severity) + 1];
  if (severity === undefined) return accept();
  return accept({ type: 'SignalEscalated', occurredAt, data: { ...signal.about, severity, ...note } });
}

const noteOf = ({ note }: { readonly note?: string | undefined }): { note?: string } =>
  note === undefined ? {} : { note };

/** What becomes of a signal. */
export const signalDecider: Decider<SignalCommand | WatchCommand, SignalEvent, Signal, SignalWorld> = {
  initial: noSignal,
  decide,
  evolve: evolveSignal,
};
