import { assessmentsOf } from '../../fidelity-tables.js';
import { siteFidelity } from '../../site-fidelity.js';
import { NEVER, type TrialFacts, versionsOf } from '../trial-facts.js';
import type { Step } from './step.js';

/** A site's fidelity, see `siteFidelity`, from each assessment on; its denominator is the number of raters. */
export function fidelitySteps(facts: TrialFacts, site: string): readonly Step[] {
  const { calendar, protocol } = facts.setting;
  const { assessments } = assessmentsOf(versionsOf(facts, { kind: 'site', id: site }));
  // Only those of the latest day count, so those of a day are looked at by themselves.
  const days = Map.groupBy(assessments, ({ occurredAt }) => calendar.numberOf(occurredAt));
  return [...days.values()]
    .flatMap((ofDay) => [...new Set(ofDay.map(({ occurredAt }) => occurredAt))].flatMap((at) => stepOf(ofDay, at)))
    .sort((a, b) => a.at - b.at);

  function stepOf(ofDay: typeof assessments, at: number): readonly Step[] {
    const moment = { asOf: at, knownAt: NEVER };
    const found = siteFidelity({ assessments: ofDay }, undefined, { protocol, timeZone: calendar.timeZone }, moment);
    if (!found) return [];
    const by = (assessment: (typeof ofDay)[number]): boolean =>
      assessment.occurredAt <= at && assessment.instrument === protocol.fidelity?.instrument;
    return [
      {
        at,
        value: found.value,
        denominator: found.raters.length,
        numbers: { raters: found.raters.length },
        records: () => ofDay.filter(by),
      },
    ];
  }
}
