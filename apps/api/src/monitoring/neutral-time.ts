import type { Instant } from '@cairn/event-sourcing';
import { neutralUntil, type ParticipantFacts } from '@cairn/monitoring';
import type { TrialRoster } from '@cairn/registry';

/**
 * When the newest thing in a trial was recorded that is the same in every arm. Who is blinded is told this as their
 * position of the log: the real one counts what peer workers do, and so tells which participants they meet.
 */
export function neutralTime({ protocols }: TrialRoster, participants: Iterable<ParticipantFacts>): Instant {
  let newest = Math.max(0, ...protocols.map(({ recordedAt }) => recordedAt ?? 0));
  for (const facts of participants) newest = Math.max(newest, neutralUntil(facts));
  return newest;
}
