import type { SignalRule } from '@cairn/signals/rule';
import { absenceEpisodes } from './absence.js';
import type { Episode } from './episode.js';
import type { TouchedUnits } from './rule-subjects.js';
import { sequenceEpisodes } from './sequence.js';
import { thresholdEpisodes } from './threshold.js';
import { trendEpisodes } from './trend.js';
import type { TrialFacts } from './trial-facts.js';

export type { TouchedUnits } from './rule-subjects.js';

/**
 * Every episode of a rule, past and to come, by their beginning, then by subject and cause. A rule that is off has none.
 * @param only for what concerns these alone: participants of rules about participants; sites, with their workers, of all
 *   others. Episodes of anybody else are left out.
 */
export function ruleEpisodes(rule: SignalRule, facts: TrialFacts, only?: TouchedUnits): readonly Episode[] {
  return rule.enabled ? episodesOf(rule, facts, only).toSorted(byBeginning) : [];
}

function episodesOf({ condition }: SignalRule, facts: TrialFacts, only?: TouchedUnits): readonly Episode[] {
  switch (condition.kind) {
    case 'absence':
      return absenceEpisodes(condition, facts, only);
    case 'sequence':
      return sequenceEpisodes(condition, facts, only);
    case 'threshold':
      return thresholdEpisodes(condition, facts, only?.sites);
    case 'trend':
      return trendEpisodes(condition, facts, only?.sites);
    default:
      return condition satisfies never;
  }
}

const byBeginning = (a: Episode, b: Episode): number =>
  a.from - b.from ||
  inOrder(a.subject.kind, b.subject.kind) ||
  inOrder(a.subject.id, b.subject.id) ||
  inOrder(a.cause, b.cause);

const inOrder = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
