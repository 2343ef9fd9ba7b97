import type { SignalSubject } from '@cairn/signals/events';
import { type AbsenceCondition, type Happening, type SequenceCondition, subjectOfHappening } from '@cairn/signals/rule';
import { membership } from './cohort.js';
import { byTime, type Occurrence, occurrences } from './happenings.js';
import { participantStanding } from './participant-standing.js';
import { Delivery, windowOf } from './period.js';
import { ALWAYS, type Span, within } from './span.js';
import type { TrialFacts } from './trial-facts.js';

/** Somebody or some site that a rule looks at. */
export interface RuleSubject {
  readonly subject: SignalSubject;
  readonly site: string;
  /** While the rule may hold of the subject: cohort and period together. Not empty. */
  readonly spans: readonly Span[];
}

/** Of whom episodes are asked. Rules about sites, or their workers, are worked out for sites as a whole. */
export interface TouchedUnits {
  readonly participants: ReadonlySet<string>;
  readonly sites: ReadonlySet<string>;
}

type Waiting = AbsenceCondition | SequenceCondition;

/** Those whom a condition may hold of. */
export const ruleSubjects = (
  condition: Waiting,
  facts: TrialFacts,
  only: TouchedUnits | undefined,
): readonly RuleSubject[] => {
  const awaited = condition.kind === 'absence' ? condition.expected : condition.missing;
  const found =
    subjectOfHappening(awaited) === 'participant'
      ? participantSubjects(condition, awaited, facts, only?.participants)
      : siteSubjects(condition, facts, only?.sites);
  return found.filter(({ spans }) => spans.length > 0);
};

function participantSubjects(
  { of = 'referred', during }: Waiting,
  awaited: Happening,
  facts: TrialFacts,
  only: ReadonlySet<string> | undefined,
): readonly RuleSubject[] {
  const asked = only ?? [...facts.units.values()].filter(({ kind }) => kind === 'participant').map(({ id }) => id);
  return [...asked].flatMap((id): readonly RuleSubject[] => {
    const standing = participantStanding(facts, id);
    const member = standing && membership(standing, of, awaited);
    if (standing === undefined || member === undefined) return [];
    const period = during === undefined ? [ALWAYS] : during === 'window' ? windowOf(standing) : NEVER_IN;
    return [{ subject: { kind: 'participant', id }, site: standing.site, spans: within(member, period) }];
  });
}

function siteSubjects(
  { during }: Waiting,
  facts: TrialFacts,
  only: ReadonlySet<string> | undefined,
): readonly RuleSubject[] {
  const delivery = new Delivery(facts);
  return [...facts.setting.sites.keys()]
    .filter((site) => only === undefined || only.has(site))
    .map((site) => ({
      subject: { kind: 'site', id: site },
      site,
      spans: during === undefined ? [ALWAYS] : during === 'delivery' ? delivery.of(site) : NEVER_IN,
    }));
}

/** The rule book takes no rule of sites in somebody's window, nor one of participants in the delivery of a site. */
const NEVER_IN: readonly Span[] = [];

/** When any of the happenings occurred of a subject, in the order of time, each once. */
export const occurrencesOf = (
  happenings: readonly Happening[],
  { subject }: RuleSubject,
  facts: TrialFacts,
): readonly Occurrence[] => {
  const found = happenings.flatMap((happening) => occurrences(happening, subject, facts));
  return [...new Map(found.map((occurrence) => [occurrence.record, occurrence])).values()].sort(byTime);
};
