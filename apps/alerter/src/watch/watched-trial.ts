import type { Fact, Instant } from '@cairn/event-sourcing';
import { deliveryEventTypes, type DeliveryEvent } from '@cairn/delivery';
import {
  type Episode,
  GrowingFacts,
  isInScope,
  ruleEpisodes,
  type RuleInForce,
  rulesInForce,
  ruleScope,
  type SignalChange,
  signalChanges,
  type TouchedUnits,
  type TrialUnit,
  type WatchedSignal,
} from '@cairn/monitoring';
import { type Trial, type TrialEvent, type TrialRoster, trialsProjection } from '@cairn/registry';
import { type SignalEvent, signalEventTypes, type SignalRuleEvent } from '@cairn/signals';
import { unitOfSignal, WatchedSignals } from './watched-signals.js';

/** What the watch knows a trial by; other events say nothing to it. */
export type WatchedEvent = TrialEvent | DeliveryEvent | SignalEvent | SignalRuleEvent;

const registry: ReadonlySet<string> = new Set(trialsProjection.eventTypes);
const delivery: ReadonlySet<string> = new Set(deliveryEventTypes.map(({ type }) => type));
const signals: ReadonlySet<string> = new Set(signalEventTypes.map(({ type }) => type));

/** Whether the watch needs an event of this type. */
export const isWatched = (type: string): boolean =>
  registry.has(type) || delivery.has(type) || signals.has(type) || type === 'SignalRulePublished';

/** When something will be due of a unit. */
export interface UnitDue {
  readonly unit: TrialUnit;
  readonly at: Instant;
}

/** What was found of some units, or of all of them. */
export interface Findings {
  readonly changes: readonly SignalChange[];
  /** Of every unit that was looked at: those that are not among them have nothing due. */
  readonly due: ReadonlyMap<string, UnitDue>;
  readonly lookedAt: readonly TrialUnit[] | 'everything';
}

/**
 * A trial as its log tells it so far: register, records, rules and signals. What was recorded touches some units, and only
 * of these is worked out again what holds.
 */
export class WatchedTrial {
  readonly signals = new WatchedSignals();
  /** How many events made it, which is about how much room it takes. */
  events = 0;
  private trial: Trial = { kind: 'unregistered' };
  private facts: GrowingFacts | undefined;
  private readonly published: Fact<SignalRuleEvent>[] = [];
  private rules: readonly RuleInForce[] | undefined;
  /** Everything has to be worked out again. */
  private all = false;
  /** Since the last look, the last event about each participant, of all, and of those by which everything is looked at. */
  private readonly recorded = new Map<string, string>();
  private lastRecorded: string | undefined;
  private lastOfAll: string | undefined;
  private readonly participants = new Set<string>();
  private readonly sites = new Set<string>();

  constructor(readonly id: string) {}

  get calendar() {
    return this.facts?.setting.calendar;
  }

  /** The next event of the trial's log. @param touching false: what it touches was looked at before */
  add(event: Fact<WatchedEvent>, touching = true): void {
    this.events++;
    if (touching) this.note(event);
    if (signals.has(event.type)) {
      const fact = event as Fact<SignalEvent>;
      if (this.signals.add(fact) && touching) this.touch(unitOfSignal(fact).unit);
      return;
    }
    if (event.type === 'SignalRulePublished') {
      this.published.push(event);
      this.rules = undefined;
      this.all ||= touching;
    } else if (registry.has(event.type)) {
      this.trial = trialsProjection.evolve(this.trial, event as Fact<TrialEvent>);
      if (this.trial.kind === 'unregistered') return;
      if (this.facts) this.facts.register(this.trial, this.trial.recruitmentTo);
      else this.facts = new GrowingFacts(this.trial, this.trial.recruitmentTo);
      this.rules = undefined;
      this.all ||= touching;
    } else this.facts?.add(event as Fact<DeliveryEvent>);
  }

  /** What was added before was looked at. */
  forgetTouched(): void {
    this.facts?.takeTouched();
    this.recorded.clear();
    this.lastRecorded = this.lastOfAll = undefined;
    this.all = false;
    this.participants.clear();
    this.sites.clear();
  }

  /** Looks at a unit though nothing was recorded of it. */
  touch({ kind, id }: TrialUnit): void {
    if (kind === 'participant') this.participants.add(id);
    else this.sites.add(id);
  }

  /** The event that a change follows from; undefined where it is none, but the time. */
  ledTo(change: SignalChange): string | undefined {
    const { subject } = change.kind === 'raise' ? change.episode : this.signals.get(change.signal)!.watched;
    const led = subject.kind === 'participant' ? (this.recorded.get(subject.id) ?? this.lastOfAll) : this.lastRecorded;
    return led ?? (change.kind === 'raise' ? change.episode.events.at(-1) : undefined);
  }

  /** Of whom something was recorded since this was last asked, or a timer ran out; undefined is everybody. */
  takeTouched(): TouchedUnits | undefined {
    const { participants, sites } = this.facts?.takeTouched() ?? { participants: [], sites: [] };
    for (const id of participants) this.participants.add(id);
    for (const id of sites) this.sites.add(id);
    const touched = this.all ? undefined : { participants: new Set(this.participants), sites: new Set(this.sites) };
    this.all = false;
    this.participants.clear();
    this.sites.clear();
    return touched;
  }

  /** What holds of some units by the rules in force; of everybody where none are named. */
  episodes(touched: TouchedUnits | undefined): EpisodesOf {
    const rules = this.rulesNow();
    const scopes = new Map(
      rules.map(({ definition }) => [definition.rule, touched && ruleScope(definition, touched)] as const),
    );
    const episodes = new Map<string, readonly Episode[]>();
    for (const { definition } of rules) {
      episodes.set(definition.rule, ruleEpisodes(definition, this.facts!, scopes.get(definition.rule)));
    }
    return { rules, scopes, episodes, touched };
  }

  /** Compares what holds with the signals as they are by now. */
  find({ rules, scopes, episodes, touched }: EpisodesOf, now: Instant): Findings {
    const watched: WatchedSignal[] = [];
    for (const rule of this.signals.rules()) {
      // Of a rule that is not there any more, signals are looked at when everything is.
      if (touched !== undefined && !scopes.has(rule)) continue;
      for (const signal of this.signals.ofRule(rule)) {
        if (isInScope(signal, scopes.get(rule), this.facts!)) watched.push(signal);
      }
    }
    const { changes, due } = signalChanges({ rules, episodes, signals: watched, now, calendar: this.calendar! });
    return { changes, due, lookedAt: touched === undefined ? 'everything' : unitsOf(touched) };
  }

  get isRegistered(): boolean {
    return this.facts !== undefined;
  }

  private note({ id, type, data }: Fact<WatchedEvent>): void {
    this.lastRecorded = id;
    if ('participant' in data && data.participant !== undefined) this.recorded.set(data.participant, id);
    else if (registry.has(type) || type === 'SignalRulePublished') this.lastOfAll = id;
  }

  private rulesNow(): readonly RuleInForce[] {
    const { protocols } = this.trial as TrialRoster;
    return (this.rules ??= rulesInForce(protocols.at(-1)!, this.published));
  }
}

/** What holds, with of whom it was asked. */
export interface EpisodesOf {
  readonly rules: readonly RuleInForce[];
  /** By rule: undefined is everybody. */
  readonly scopes: ReadonlyMap<string, TouchedUnits | undefined>;
  readonly episodes: ReadonlyMap<string, readonly Episode[]>;
  readonly touched: TouchedUnits | undefined;
}

const unitsOf = ({ participants, sites }: TouchedUnits): readonly TrialUnit[] => [
  ...[...participants].map((id) => ({ kind: 'participant', id }) as const),
  ...[...sites].map((id) => ({ kind: 'site', id }) as const),
];
