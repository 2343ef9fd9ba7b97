import type { ThresholdCondition } from '@cairn/signals/rule';
import type { Episode } from './episode.js';
import type { TrialFacts } from './trial-facts.js';

/**
 * When a measure is beyond its limit.
 * @param sites of these only; absent: of all of the register
 */
export function thresholdEpisodes(
  _condition: ThresholdCondition,
  _facts: TrialFacts,
  _sites?: ReadonlySet<string>,
): readonly Episode[] {
  return [];
}
