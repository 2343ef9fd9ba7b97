import type { Instant } from '@cairn/event-sourcing';
import { neutralUntil, type ParticipantFacts } from '@cairn/monitoring';
import type { TrialRoster } from '@cairn/registry';

/**
 * When the newest thing in a trial was recorded, by `knownAt`, that is the same in every arm. Who is blinded is told this as
 * their position of the log: the real one counts what peer workers do, and so tells which participants they meet.
 */
export function neutralTime(
  { protocols }: TrialRoster,
  participants: Iterable<ParticipantFacts>,
  knownAt: Instant = Infinity,
): Instant {
  let newest = 0;
  for (const { recordedAt = 0 } of protocols) if (recordedAt <= knownAt) newest = Math.max(newest, recordedAt);
  for (const facts of participants) newest = Math.max(newest, neutralUntil(facts, knownAt));
  return newest;
}
