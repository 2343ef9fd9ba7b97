import { formatInstant } from '@cairn/event-sourcing';
import type { SequenceCondition } from '@cairn/signals/rule';
import type { Episode } from './episode.js';
import { occurrencesOf, ruleSubjects, type TouchedUnits } from './rule-subjects.js';
import type { TrialFacts } from './trial-facts.js';

/**
 * Of everybody of whom nothing of `missing` had occurred when the first of `before` did; at the same instant is in time.
 *
 * `from` is the later of `before` and the beginnings of cohort and period, `until` their end (`over`): what comes after does
 * not put the order right, only a correction does. The cause is the record of `before`. Numbers: `before`, and `missing`,
 * the first that came afterwards, if any.
 */
export const sequenceEpisodes = (
  condition: SequenceCondition,
  facts: TrialFacts,
  only?: TouchedUnits,
): readonly Episode[] =>
  ruleSubjects(condition, facts, only).flatMap((about) => {
    const { subject, site, spans } = about;
    const [before] = occurrencesOf([condition.before], about, facts);
    const [missing] = occurrencesOf([condition.missing], about, facts);
    if (before === undefined || (missing !== undefined && missing.at <= before.at)) return [];
    const span = spans.find(({ until }) => until > before.at);
    if (span === undefined) return [];
    return [
      {
        subject,
        site,
        cause: before.record,
        from: Math.max(before.at, span.from),
        until: span.until === Infinity ? undefined : span.until,
        end: span.until === Infinity ? undefined : ('over' as const),
        numbers: { before: formatInstant(before.at), missing: missing ? formatInstant(missing.at) : null },
        events: [before.event, missing?.event].filter((event) => event !== undefined),
      },
    ];
  });
