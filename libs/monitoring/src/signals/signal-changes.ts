import type { Instant } from '@cairn/event-sourcing';
import type { Clearance, SignalSubject } from '@cairn/signals/events';
import { type Condition, Severity } from '@cairn/signals/rule';
import type { TrialCalendar } from '../trial-setting.js';
import { type TrialUnit, unitName } from '../trial-units.js';
import type { Episode } from './episode.js';
import { raises, type RuleInForce } from './rules-in-force.js';

/** A signal as it is on record. */
export interface WatchedSignal {
  readonly signal: string;
  readonly rule: string;
  readonly ruleVersion: string;
  readonly subject: SignalSubject;
  readonly site: string;
  readonly cause: string;
  /** When it began to hold, as it was raised. */
  readonly from: Instant;
  /** `cleared` is by itself, so that it may return; `resolved` by hand, for good. */
  readonly state: 'open' | 'cleared' | 'resolved';
  /** When it was no longer open; undefined while it is. */
  readonly until: Instant | undefined;
  readonly raisedSeverity: Severity;
  readonly severity: Severity;
  /** Since when it stands without anybody having looked at it; undefined when somebody has. */
  readonly unattendedSince: Instant | undefined;
  readonly snoozedUntil: Instant | undefined;
}

/** What is due of a signal. */
export type SignalChange =
  /** `over`: it was found when it was over already, at the episode's `until`, and stands no more from then on. */
  | {
      readonly kind: 'raise';
      readonly rule: RuleInForce;
      readonly episode: Episode;
      readonly over: Clearance | undefined;
      readonly at: Instant;
    }
  | { readonly kind: 'clear'; readonly signal: string; readonly why: Clearance; readonly at: Instant }
  | { readonly kind: 'return'; readonly signal: string; readonly at: Instant }
  | { readonly kind: 'wake'; readonly signal: string; readonly at: Instant }
  | { readonly kind: 'escalate'; readonly signal: string; readonly to: Severity; readonly at: Instant };

/** What is compared. */
export interface SignalsWatched {
  readonly rules: readonly RuleInForce[];
  /** Of the rules that are on, by rule. */
  readonly episodes: ReadonlyMap<string, readonly Episode[]>;
  /** On record, of those whose episodes were asked for. */
  readonly signals: readonly WatchedSignal[];
  readonly now: Instant;
  readonly calendar: Pick<TrialCalendar, 'endOfTerm'>;
}

export interface SignalsFound {
  /** In the order of the times at which they happened; one of a signal at the most. */
  readonly changes: readonly SignalChange[];
  /**
   * By `unitName` of the participant, or of the site that a site or a worker belongs to: when something will next be due if
   * nothing is recorded until then. It counts once there are no changes.
   */
  readonly due: ReadonlyMap<string, { readonly unit: TrialUnit; readonly at: Instant }>;
}

/** Whose timer runs for a subject. */
export const timedUnit = ({ kind, id }: SignalSubject, site: string): TrialUnit =>
  kind === 'participant' ? { kind, id } : { kind: 'site', id: site };

/**
 * Compares what holds with the signals on record. Changes that were made are found no more, so that it may be asked
 * again and again: nothing fires twice for one cause.
 */
export function signalChanges({ rules, episodes, signals, now, calendar }: SignalsWatched): SignalsFound {
  const found: SignalChange[] = [];
  const due = new Map<string, { readonly unit: TrialUnit; readonly at: Instant }>();
  const expect = (subject: SignalSubject, site: string, at: Instant | undefined): void => {
    if (at === undefined || at <= now || at === Infinity) return;
    const unit = timedUnit(subject, site);
    const name = unitName(unit);
    if (at < (due.get(name)?.at ?? Infinity)) due.set(name, { unit, at });
  };
  const inForce = new Map(rules.map((rule) => [rule.definition.rule, rule]));
  const ofRules = Map.groupBy(signals, ({ rule }) => rule);

  for (const rule of new Set([...inForce.keys(), ...ofRules.keys()])) {
    const known = inForce.get(rule);
    const [held, onRecord] = [bySubject(episodes.get(rule) ?? []), bySubject(ofRules.get(rule) ?? [])];
    for (const subject of new Set([...held.keys(), ...onRecord.keys()])) {
      const pairs = paired(known?.definition.condition, held.get(subject) ?? [], onRecord.get(subject) ?? [], now);
      for (const [signal, ofCause] of pairs) {
        const { subject: about, site } = ofCause[0] ?? signal!;
        const change = signal ? changeOf(signal, ofCause, known, now, calendar) : raising(ofCause, known!, now);
        if (change) found.push(change);
        for (const at of signal ? expected(signal, ofCause, known, calendar) : beginnings(ofCause, known!)) {
          expect(about, site, at);
        }
      }
    }
  }
  return { changes: found.sort((a, b) => a.at - b.at), due };
}

type Pair = readonly [signal: WatchedSignal | undefined, episodes: readonly Episode[]];

const bySubject = <Of extends { readonly subject: SignalSubject }>(all: readonly Of[]): ReadonlyMap<string, Of[]> =>
  Map.groupBy(all, ({ subject }) => unitName(subject));

/**
 * Which signal is whose. One cause is one signal. Where numbers began to be beyond a limit can move as more becomes known, so
 * what is left over of thresholds and trends is the signal whose time it overlaps, the earlier ones first.
 */
function paired(
  condition: Condition | undefined,
  episodes: readonly Episode[],
  signals: readonly WatchedSignal[],
  now: Instant,
): readonly Pair[] {
  const causes = Map.groupBy(episodes, ({ cause }) => cause);
  const pairs: Pair[] = [];
  const left: WatchedSignal[] = [];
  for (const signal of signals) {
    const own = causes.get(signal.cause);
    if (own) pairs.push([signal, own]);
    else left.push(signal);
    causes.delete(signal.cause);
  }
  const byTime = condition?.kind === 'threshold' || condition?.kind === 'trend';
  for (const signal of left.sort((a, b) => a.from - b.from)) {
    const moved = byTime ? [...causes].find(([, [first]]) => overlaps(first!, signal, now)) : undefined;
    pairs.push([signal, moved?.[1] ?? []]);
    if (moved) causes.delete(moved[0]);
  }
  return [...pairs, ...[...causes.values()].map((own): Pair => [undefined, own])];
}

const overlaps = (episode: Episode, { from, until }: WatchedSignal, now: Instant): boolean =>
  from < (episode.until ?? Infinity) && (until === undefined ? episode.from <= now : episode.from < until);

const holds = ({ from, until = Infinity }: Episode, now: Instant): boolean => from <= now && now < until;

/** Of a cause there is one episode as a rule; of several, what holds counts before what is over. */
const latest = (episodes: readonly Episode[], now: Instant): Episode | undefined =>
  episodes.find((episode) => holds(episode, now)) ?? episodes.findLast(({ from }) => from <= now);

function raising(episodes: readonly Episode[], rule: RuleInForce, now: Instant): SignalChange | undefined {
  const eligible = episodes.filter((each) => raises(rule, each));
  const episode = latest(eligible, now);
  if (episode === undefined) return undefined;
  return { kind: 'raise', rule, episode, over: holds(episode, now) ? undefined : episode.end, at: episode.from };
}

const beginnings = (episodes: readonly Episode[], rule: RuleInForce): readonly (Instant | undefined)[] =>
  episodes.filter((each) => raises(rule, each)).flatMap(({ from, until }) => [from, until]);

function changeOf(
  { signal, state, ruleVersion, from, snoozedUntil, ...of }: WatchedSignal,
  episodes: readonly Episode[],
  rule: RuleInForce | undefined,
  now: Instant,
  calendar: SignalsWatched['calendar'],
): SignalChange | undefined {
  const episode = latest(episodes, now);
  const isHeld = episode !== undefined && holds(episode, now);
  switch (state) {
    case 'resolved':
      return undefined;
    case 'cleared':
      return isHeld ? { kind: 'return', signal, at: now } : undefined;
    case 'open': {
      if (episode === undefined) {
        const isOther = !rule?.definition.enabled || rule.version !== ruleVersion;
        return { kind: 'clear', signal, why: isOther ? 'rule_changed' : 'corrected', at: now };
      }
      if (!isHeld) return { kind: 'clear', signal, why: episode.end!, at: Math.max(episode.until!, from) };
      if (snoozedUntil !== undefined && snoozedUntil <= now) return { kind: 'wake', signal, at: snoozedUntil };
      const escalation = escalationOf(of, rule, calendar);
      if (escalation === undefined || escalation.at > now) return undefined;
      return { kind: 'escalate', signal, ...escalation };
    }
    default:
      return state satisfies never;
  }
}

/** When something will happen to a signal, as far as is known. */
const expected = (
  signal: WatchedSignal,
  episodes: readonly Episode[],
  rule: RuleInForce | undefined,
  calendar: SignalsWatched['calendar'],
): readonly (Instant | undefined)[] =>
  signal.state === 'resolved'
    ? []
    : [
        ...episodes.flatMap(({ from, until }) => [from, until]),
        signal.snoozedUntil,
        escalationOf(signal, rule, calendar)?.at,
      ];

/** By itself a signal escalates once, by one severity, when nobody has looked at it for so many local days. */
function escalationOf(
  { unattendedSince, raisedSeverity, severity }: Pick<WatchedSignal, 'unattendedSince' | 'raisedSeverity' | 'severity'>,
  rule: RuleInForce | undefined,
  calendar: SignalsWatched['calendar'],
): { readonly to: Severity; readonly at: Instant } | undefined {
  const days = rule?.definition.escalateAfterDays;
  const to = Severity.options[Severity.options.indexOf(raisedSeverity) + 1];
  if (unattendedSince === undefined || days === undefined || to === undefined || severity !== raisedSeverity) {
    return undefined;
  }
  return { to, at: calendar.endOfTerm(unattendedSince, { days }) };
}
