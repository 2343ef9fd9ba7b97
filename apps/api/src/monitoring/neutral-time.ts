import type { Instant } from '@cairn/event-sourcing';
import type { ParticipantFact, ParticipantFacts } from '@cairn/monitoring';
import type { TrialRoster } from '@cairn/registry';

/** Whether a fact like this is recorded of participants of every arm alike. */
function isNeutral(fact: ParticipantFact): boolean {
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

/**
 * When the newest thing in a trial was recorded that is the same in every arm. Who is blinded is told this as their
 * position of the log: the real one counts what peer workers do, and so tells which participants they meet. That a neutral
 * fact was voided is neutral too.
 */
export function neutralTime({ protocols }: TrialRoster, participants: Iterable<ParticipantFacts>): Instant {
  let newest = Math.max(0, ...protocols.map(({ recordedAt }) => recordedAt ?? 0));
  for (const { facts } of participants) {
    for (const fact of facts) {
      if (isNeutral(fact)) newest = Math.max(newest, fact.recordedAt, fact.voidedAt ?? 0);
    }
  }
  return newest;
}
