import { type Fact, type Instant, parseInstant } from '@cairn/event-sourcing';
import { timedUnit, unitName, type WatchedSignal } from '@cairn/monitoring';
import { evolveSignal, isStanding, noSignal, type Signal, type SignalEvent } from '@cairn/signals';

/** A signal's stream, as far as it was read. */
export interface KnownSignal {
  readonly state: Signal;
  /** Of the last event. */
  readonly revision: number;
  readonly watched: WatchedSignal;
}

/** The signals of a trial, folded from their events in the order of each stream. An event that was folded already changes nothing. */
export class WatchedSignals {
  private readonly byId = new Map<string, KnownSignal>();
  /** By the rule that raised them, then by id. */
  private readonly byRule = new Map<string, Map<string, KnownSignal>>();

  get(signal: string): KnownSignal | undefined {
    return this.byId.get(signal);
  }

  /** Those of a rule. */
  *ofRule(rule: string): Iterable<WatchedSignal> {
    for (const { watched } of this.byRule.get(rule)?.values() ?? []) yield watched;
  }

  /** Rules that have ever raised one. */
  rules(): Iterable<string> {
    return this.byRule.keys();
  }

  /** @returns whether it was not known yet */
  add(event: Fact<SignalEvent>): boolean {
    const { signal, rule } = event.data;
    const known = this.byId.get(signal);
    if (event.revision !== (known?.revision ?? -1) + 1) return false;
    const state = evolveSignal(known?.state ?? noSignal, event);
    const watched = watchedSignal(known?.watched, state, event);
    if (watched === undefined) return false;
    const now = { state, revision: event.revision, watched };
    this.byId.set(signal, now);
    const ofRule = this.byRule.get(rule) ?? new Map<string, KnownSignal>();
    ofRule.set(signal, now);
    this.byRule.set(rule, ofRule);
    return true;
  }
}

/** Whose timer runs for a signal, by name. */
export const unitOfSignal = ({ data: { subject, site } }: SignalEvent) => {
  const unit = timedUnit(subject, site);
  return { unit, name: unitName(unit) };
};

/** @returns undefined for an event of a stream that does not begin with `SignalRaised`, which the rules let nobody write */
function watchedSignal(
  before: WatchedSignal | undefined,
  state: Signal,
  event: Fact<SignalEvent>,
): WatchedSignal | undefined {
  const { occurredAt, recordedAt, data } = event;
  const { signal, rule, subject, site, severity } = data;
  const standing = isStanding(state);
  const ended = (): Instant =>
    event.type === 'SignalRaised' && event.data.until !== undefined ? parseInstant(event.data.until)! : occurredAt;
  const of = {
    site,
    severity,
    state: standing ? ('open' as const) : state.kind === 'resolved' ? ('resolved' as const) : ('cleared' as const),
    until: standing ? undefined : (before?.until ?? ended()),
    unattendedSince: state.kind === 'raised' ? (unattendedBefore(event, before) ?? recordedAt) : undefined,
    snoozedUntil: state.kind === 'snoozed' ? state.until : undefined,
  };
  if (event.type === 'SignalRaised') {
    const { cause, ruleVersion } = event.data;
    return { signal, rule, ruleVersion, subject, cause, from: occurredAt, raisedSeverity: severity, ...of };
  }
  return before && { ...before, ...of };
}

/** An escalation is nobody's look at it: the time goes on. */
const unattendedBefore = (event: SignalEvent, before: WatchedSignal | undefined): Instant | undefined =>
  event.type === 'SignalEscalated' ? before?.unattendedSince : undefined;
