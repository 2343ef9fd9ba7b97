import {
  type Condition,
  type Happening,
  type SignalRule,
  subjectKindOf,
  subjectOfHappening,
} from '@cairn/signals/rule';
import type { TouchedUnits } from './rule-subjects.js';
import type { WatchedSignal } from './signal-changes.js';
import { reachesOtherSites } from './threshold.js';
import type { TrialFacts } from './trial-facts.js';

/**
 * Of whom the episodes of a rule may be others, when something was recorded about some units: `undefined` is everybody. So
 * that what is worked out again can be compared with the signals of the same.
 */
export function ruleScope({ condition }: SignalRule, touched: TouchedUnits): TouchedUnits | undefined {
  if (reachesOtherSites(condition)) return undefined;
  const aboutParticipants = subjectKindOf(condition) === 'participant';
  return aboutParticipants && dependsOnSites(condition) && touched.sites.size > 0 ? undefined : touched;
}

/** Whether a signal is about somebody in a scope. */
export function isInScope(
  { subject: { kind, id }, site }: WatchedSignal,
  scope: TouchedUnits | undefined,
  { setting }: Pick<TrialFacts, 'setting'>,
): boolean {
  if (scope === undefined) return true;
  if (kind === 'participant') return scope.participants.has(id);
  // Where a worker is by now, not where they were when it was raised.
  return scope.sites.has(kind === 'worker' ? (setting.workers.get(id)?.site ?? site) : id);
}

function dependsOnSites(condition: Condition): boolean {
  const isOfSite = (happening: Happening): boolean => subjectOfHappening(happening) === 'site';
  switch (condition.kind) {
    case 'absence':
      return condition.during === 'delivery' || [...condition.after, condition.expected].some(isOfSite);
    case 'sequence':
      return condition.during === 'delivery' || [condition.before, condition.missing].some(isOfSite);
    case 'threshold':
    case 'trend':
      return true;
    default:
      return condition satisfies never;
  }
}
