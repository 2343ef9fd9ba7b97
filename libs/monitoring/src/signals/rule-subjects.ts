import type { SignalSubject } from '@cairn/signals/events';
import { type AbsenceCondition, type Happening, type SequenceCondition, subjectOfHappening } from '@cairn/signals/rule';
import { membership } from './cohort.js';
import { byTime, type Occurrence, occurrences } from './happenings.js';
import { participantsBySite, participantStanding } from './participant-standing.js';
import { Delivery, windowOf } from './period.js';
import { ALWAYS, type Span, within } from './span.js';
import type { TrialFacts } from './trial-facts.js';

/** Somebody or some site that a rule looks at. */
export interface RuleSubject {
  readonly subject: SignalSubject;
  readonly site: string;
  /** While the rule may hold of the subject: cohort and period together. */
  readonly spans: readonly Span[];
  /** When something occurred of the subject, in the order of time. */
  readonly occurrences: (happenings: readonly Happening[]) => readonly Occurrence[];
}

/** Of whom episodes are asked. A rule about sites, or their workers, is worked out for sites as a whole. */
export interface TouchedUnits {
  readonly participants: ReadonlySet<string>;
  readonly sites: ReadonlySet<string>;
}

type Waiting = AbsenceCondition | SequenceCondition;

/** What a condition waits for, or finds missing: it decides whom the rule is about. */
const awaitedOf = (condition: Waiting): Happening =>
  condition.kind === 'absence' ? condition.expected : condition.missing;

const happeningsOf = (condition: Waiting): readonly Happening[] =>
  condition.kind === 'absence' ? [...condition.after, condition.expected] : [condition.before, condition.missing];

/**
 * Those whom a condition may hold of. A rule about participants that names what happens at sites looks at the site of each
 * participant. A rule about sites that names what happens to participants looks at all those of the site while they belong
 * to its cohort.
 */
export function ruleSubjects(
  condition: Waiting,
  facts: TrialFacts,
  only: TouchedUnits | undefined,
): readonly RuleSubject[] {
  return subjectOfHappening(awaitedOf(condition)) === 'participant'
    ? participantSubjects(condition, facts, only)
    : siteSubjects(condition, facts, only);
}

function participantSubjects(
  condition: Waiting,
  facts: TrialFacts,
  only: TouchedUnits | undefined,
): readonly RuleSubject[] {
  const delivery = new Delivery(facts);
  const { of = 'referred', during } = condition;
  const asked = [...facts.units.values()].filter(({ kind }) => kind === 'participant').map(({ id }) => id);
  const atSites = during === 'delivery' || happeningsOf(condition).some(isOfSite);
  const isTouched = (id: string): boolean =>
    only === undefined ||
    only.participants.has(id) ||
    (atSites && only.sites.has(participantStanding(facts, id)?.site ?? ''));
  return asked.filter(isTouched).flatMap((id): readonly RuleSubject[] => {
    const standing = participantStanding(facts, id);
    const member = standing && membership(standing, of, awaitedOf(condition));
    if (standing === undefined || member === undefined) return [];
    const { site } = standing;
    const period = { none: [ALWAYS], window: windowOf(standing), delivery: [] }[during ?? 'none'];
    return [
      {
        subject: { kind: 'participant', id },
        site,
        spans: within(member, during === 'delivery' ? delivery.of(site) : period),
        occurrences: (happenings) =>
          inOrder(
            happenings.flatMap((happening) =>
              occurrences(
                happening,
                isOfSite(happening) ? { kind: 'site', id: site } : { kind: 'participant', id },
                facts,
              ),
            ),
          ),
      },
    ];
  });
}

/** A site has no intervention window, so during one a rule about sites holds never. */
function siteSubjects(condition: Waiting, facts: TrialFacts, only: TouchedUnits | undefined): readonly RuleSubject[] {
  const delivery = new Delivery(facts);
  const { of = 'referred', during } = condition;
  const people = happeningsOf(condition).every(isOfSite) ? undefined : participantsBySite(facts);
  const ofParticipants = (site: string, happening: Happening): readonly Occurrence[] =>
    (people?.get(site) ?? []).flatMap((id) => {
      const standing = participantStanding(facts, id);
      const member = standing && membership(standing, of, happening);
      if (member === undefined) return [];
      return occurrences(happening, { kind: 'participant', id }, facts).filter(
        ({ at }) => at >= member.from && at < member.until,
      );
    });
  const sites = [...facts.setting.sites.keys()].filter((site) => only === undefined || only.sites.has(site));
  return sites.map((site) => ({
    subject: { kind: 'site', id: site },
    site,
    spans: during === undefined ? [ALWAYS] : during === 'delivery' ? delivery.of(site) : [],
    occurrences: (happenings) =>
      inOrder(
        happenings.flatMap((happening) =>
          isOfSite(happening)
            ? occurrences(happening, { kind: 'site', id: site }, facts)
            : ofParticipants(site, happening),
        ),
      ),
  }));
}

const isOfSite = (happening: Happening): boolean => subjectOfHappening(happening) === 'site';

/** Each once, though several of the happenings may be looked for that it is one of. */
const inOrder = (found: readonly Occurrence[]): readonly Occurrence[] =>
  [...new Map(found.map((occurrence) => [occurrence.record, occurrence])).values()].sort(byTime);
