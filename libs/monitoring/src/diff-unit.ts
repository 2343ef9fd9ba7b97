import type { DeliveryEvent } from '@cairn/delivery/events';
import type { Fact, Instant, Position } from '@cairn/event-sourcing';
import { Attribution, differences, type DiffSource, isSame } from './diff-causes.js';
import type { Contribution } from './ledger.js';
import { type RecordVersion, standingVersions } from './record-versions.js';
import { contributionOf, turnsOf } from './trial-contributions.js';
import type { TrialSetting } from './trial-setting.js';
import type { UnitEvents } from './trial-units.js';

/** A change of the register or of the protocol in force. */
export interface SettingStep {
  readonly source: DiffSource & { readonly kind: 'register' };
  readonly before: TrialSetting;
  readonly setting: TrialSetting;
}

interface DiffEnd {
  readonly position: Position;
  readonly asOf: Instant;
  readonly setting: TrialSetting;
}

/** What lies between two moments, of which the first has no higher position. */
export interface DiffSpan {
  readonly from: DiffEnd;
  readonly to: DiffEnd;
  /** Recorded in between, as seen at the first moment's time; by position. */
  readonly recorded: readonly SettingStep[];
  /** Come into force in between, of all that is recorded by the second moment; by time, whichever moment is earlier. */
  readonly passed: readonly (SettingStep & { readonly at: Instant })[];
}

interface Step {
  readonly source: DiffSource;
  readonly contribution: Contribution;
}

/** What a unit adds at two moments, and why. */
export interface UnitDiff {
  readonly from: Contribution;
  readonly to: Contribution;
  readonly attribution: Attribution;
}

/**
 * Goes with one unit from the one moment to the other, first through what was recorded, then through time, and attributes
 * each difference to the step at which it came about. What a cause needed to work is one as well: a record without which,
 * alone or with all others that are no causes, the unit would add something else at the end.
 */
export function diffUnit(unit: UnitEvents, span: DiffSpan): UnitDiff {
  const attribution = new Attribution();
  const known = unit.events.filter(({ position }) => position <= span.from.position);
  const start = contributionOf(unit, standingVersions(known), span.from.setting, span.from.asOf);
  let end = start;
  for (const { source, contribution } of [...throughRecording(unit, span), ...throughTime(unit, span)]) {
    attribution.step(source, end, contribution);
    end = contribution;
  }
  addWhatWasNeeded(unit, span, end, attribution);
  return { from: start, to: end, attribution };
}

/** What was recorded, position by position, at the time of the earlier moment. */
function throughRecording(unit: UnitEvents, { from, to, recorded }: DiffSpan): readonly Step[] {
  const facts = unit.events.filter(({ position }) => position > from.position && position <= to.position);
  const steps: Step[] = [];
  let setting = from.setting;
  const at = (upTo: Position): Contribution => {
    const versions = standingVersions(unit.events.filter(({ position }) => position <= upTo));
    return contributionOf(unit, versions, setting, from.asOf);
  };
  const add = (fact: Fact<DeliveryEvent>): void => {
    steps.push({ source: sourceOf(fact), contribution: at(fact.position) });
  };
  let next = 0;
  for (const step of recorded) {
    const { position } = step.source;
    for (; next < facts.length && facts[next]!.position < position; next++) add(facts[next]!);
    setting = step.setting;
    if (concerns(unit, step)) steps.push({ source: step.source, contribution: at(position) });
  }
  for (; next < facts.length; next++) add(facts[next]!);
  return steps;
}

/** Whether another register can change anything of the unit; most steps add a worker, whom nobody else's numbers need. */
function concerns({ kind, id }: UnitEvents, { before, setting }: SettingStep): boolean {
  if (before.protocol !== setting.protocol || before.calendar !== setting.calendar) return true;
  switch (kind) {
    case 'participant':
      return before.sites.size !== setting.sites.size;
    case 'site':
      return before.sites.get(id) !== setting.sites.get(id);
    case 'worker':
      return before.workers.get(id) !== setting.workers.get(id) || before.sites.size !== setting.sites.size;
    default:
      return kind satisfies never;
  }
}

/** Time, instant by instant, with all that is recorded by the second moment. */
function throughTime(unit: UnitEvents, { from, to, recorded, passed }: DiffSpan): readonly Step[] {
  if (from.asOf === to.asOf) return [];
  const versions = standingVersions(unit.events.filter(({ position }) => position <= to.position));
  const isForward = from.asOf < to.asOf;
  const [low, high] = isForward ? [from.asOf, to.asOf] : [to.asOf, from.asOf];
  const atFrom = recorded.at(-1)?.setting ?? from.setting;
  const settings = [isForward ? atFrom : to.setting, ...passed.map(({ setting }) => setting)];
  const turns = new Set<Instant>([
    ...settings.flatMap((setting) => turnsOf(unit, versions, setting, low, high)),
    ...passed.map(({ at }) => at),
    // A gap in supervision grows every day.
    ...(unit.kind === 'site' ? [high] : []),
  ]);
  const states = forward(unit, versions, settings[0]!, { low, high, turns }, passed);
  if (isForward) return states.steps;
  // Backwards, each step leads to the state before it.
  const sequence = [states.start, ...states.steps.map(({ contribution }) => contribution)];
  return states.steps.map(({ source }, index) => ({ source, contribution: sequence[index]! })).reverse();
}

function forward(
  unit: UnitEvents,
  versions: readonly RecordVersion[],
  initial: TrialSetting,
  { low, high, turns }: { readonly low: Instant; readonly high: Instant; readonly turns: ReadonlySet<Instant> },
  passed: DiffSpan['passed'],
): { readonly start: Contribution; readonly steps: readonly Step[] } {
  const occurring = versions.map(({ occurredAt }) => occurredAt).filter((instant) => instant > low && instant <= high);
  const instants = [...new Set([...turns, ...occurring])].sort((a, b) => a - b);
  const steps: Step[] = [];
  let setting = initial;
  let clock = low;
  const start = contributionOf(unit, versions, setting, clock);
  for (const turn of instants) {
    for (const step of passed.filter(({ at }) => at === turn)) {
      setting = step.setting;
      steps.push({ source: step.source, contribution: contributionOf(unit, versions, setting, clock) });
    }
    clock = turn;
    const happening = versions.filter(({ occurredAt }) => occurredAt === turn);
    // Between its turns the passage of time alone changes nothing, but at a site, where gaps grow.
    const first = turns.has(turn) || unit.kind === 'site' ? 0 : 1;
    for (let seen = first; seen <= happening.length; seen++) {
      const hidden = new Set(happening.slice(seen));
      const shown =
        hidden.size === 0
          ? versions
          : versions.map((version) => (hidden.has(version) ? later(version, turn) : version));
      const source: DiffSource =
        seen === 0
          ? { kind: 'time', at: turn, unit: { kind: unit.kind, id: unit.id } }
          : { kind: 'record', event: happening[seen - 1]!.event, position: happening[seen - 1]!.position };
      steps.push({ source, contribution: contributionOf(unit, shown, setting, clock) });
    }
  }
  return { start, steps };
}

/** The version as if it had not happened yet. */
const later = (version: RecordVersion, than: Instant): RecordVersion => ({ ...version, occurredAt: than + 1 });

const sourceOf = ({ id, position }: Fact<DeliveryEvent>): DiffSource => ({ kind: 'record', event: id, position });

/** Adds the records that causes needed: single ones first, then of the others those that cannot all be spared together. */
function addWhatWasNeeded(unit: UnitEvents, { from, to }: DiffSpan, end: Contribution, attribution: Attribution): void {
  const events = unit.events.filter(({ position }) => position <= to.position);
  const versions = standingVersions(events);
  const candidates = new Map<string, DiffSource>();
  for (const event of events) if (event.position > from.position) candidates.set(event.id, sourceOf(event));
  for (const { event, position, occurredAt } of versions) {
    if (occurredAt > from.asOf && occurredAt <= to.asOf) candidates.set(event, { kind: 'record', event, position });
  }
  if (candidates.size === 0) return;
  const without = (spared: ReadonlySet<string>): Contribution => {
    const standing = standingVersions(
      events.filter(({ id, position }) => position <= from.position || !spared.has(id)),
    ).map((version) => (spared.has(version.event) ? later(version, to.asOf) : version));
    return contributionOf(unit, standing, to.setting, to.asOf);
  };
  for (const [event, source] of candidates) {
    for (const [name] of differences(without(new Set([event])), end)) {
      if (!attribution.has(name, source)) attribution.add(name, source, 0);
    }
  }
  // Of two records that do the same, each alone can be spared; so what has no cause yet is asked about too.
  const recorded = [...candidates].filter(([, source]) => 'position' in source && source.position > from.position);
  const withoutAny = without(new Set(recorded.map(([event]) => event)));
  const names = new Set([...attribution.names(), ...[...differences(withoutAny, end)].map(([name]) => name)]);
  const bySpareable = Map.groupBy(names, (name) =>
    recorded.flatMap(([event, source]) => (attribution.has(name, source) ? [] : [event])).join(' '),
  );
  for (const [key, names] of bySpareable) {
    if (key === '') continue;
    const spareable = key.split(' ');
    const rest = without(new Set(spareable));
    for (const name of names) {
      if (isSame(rest.amounts.get(name), end.amounts.get(name))) continue;
      const spared = new Set<string>();
      for (const event of spareable.toReversed()) {
        const isSpared = isSame(without(new Set([...spared, event])).amounts.get(name), end.amounts.get(name));
        if (isSpared) spared.add(event);
        else attribution.add(name, candidates.get(event)!, 0);
      }
    }
  }
}
