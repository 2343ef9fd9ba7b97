import type { TrendCondition } from '@cairn/signals/rule';
import type { Episode } from './episode.js';
import type { TrialFacts } from './trial-facts.js';

/**
 * When something happens less, or more, often at a site than it did.
 * @param sites of these only; absent: of all of the register
 */
export function trendEpisodes(
  _condition: TrendCondition,
  _facts: TrialFacts,
  _sites?: ReadonlySet<string>,
): readonly Episode[] {
  return [];
}
