import type { Instant } from '@cairn/event-sourcing';
import { factsAt, isKnown, type Moment } from './moment.js';
import type { ParticipantFact, ParticipantFacts } from './participant-facts.js';

/*
 * Where a participant belongs, which decides who may see them, and what is recorded of them in every arm alike, which
 * decides what those may be told who must not know their arm.
 */

type FactOfKind<Kind extends ParticipantFact['kind']> = Extract<ParticipantFact, { kind: Kind }>;

const ofKind =
  <Kind extends ParticipantFact['kind']>(kind: Kind) =>
  (fact: ParticipantFact): fact is FactOfKind<Kind> =>
    fact.kind === kind;

/** The site of the referral that stands, as far as it was recorded by `knownAt`; of the last one where all were voided. */
export function siteOf({ facts }: ParticipantFacts, knownAt: Instant = Infinity): string | undefined {
  const referrals = facts.filter(ofKind('referred')).filter(({ recordedAt }) => recordedAt <= knownAt);
  return (referrals.find((referral) => isKnown(referral, knownAt)) ?? referrals.at(-1))?.site;
}

/** Whether a referral of the participant to the site was ever recorded by `knownAt`, by mistake included. */
export const wasReferredTo = ({ facts }: ParticipantFacts, site: string, knownAt: Instant = Infinity): boolean =>
  facts.some((fact) => fact.kind === 'referred' && fact.site === site && fact.recordedAt <= knownAt);

/** Whether the participant had been allocated to one of the workers by the moment. */
export function isAllocatedTo({ facts }: ParticipantFacts, workers: ReadonlySet<string>, moment: Moment): boolean {
  if (workers.size === 0) return false;
  return factsAt(facts, moment).some((fact) => fact.kind === 'allocated' && workers.has(fact.worker));
}

/** The arm that the participant had been randomised to by the moment; of two, the one of the earlier randomisation. */
export function armAt({ facts }: ParticipantFacts, moment: Moment): string | undefined {
  const randomised = factsAt(facts, moment).filter(ofKind('randomised'));
  // Sorting is stable: of two at the same time, the one recorded first.
  return randomised.toSorted((a, b) => a.occurredAt - b.occurredAt)[0]?.arm;
}

/** Whether a fact like this is recorded of participants of every arm alike. */
export function isNeutralFact(fact: ParticipantFact): boolean {
  switch (fact.kind) {
    case 'referred':
    case 'randomised':
    case 'discharged':
      return true;
    case 'withdrawn':
      return fact.scope !== 'intervention';
    case 'allocated':
    case 'contact':
      return false;
    default:
      return fact satisfies never;
  }
}

/** When the newest neutral fact, or the void of one, was recorded by `knownAt`; -Infinity where there is none. */
export function neutralUntil({ facts }: ParticipantFacts, knownAt: Instant = Infinity): Instant {
  let newest = -Infinity;
  for (const fact of facts) {
    if (!isNeutralFact(fact)) continue;
    for (const at of [fact.recordedAt, fact.voidedAt])
      if (at !== undefined && at <= knownAt && at > newest) newest = at;
  }
  return newest;
}
