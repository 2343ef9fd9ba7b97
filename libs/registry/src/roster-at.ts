import type { Instant } from '@cairn/event-sourcing';
import type { ProtocolVersion, Site, TrialRoster, Worker } from './trial.js';

/**
 * The register as it stood at `knownAt`, inclusive: with what had been recorded by then and nothing else. When an entry is
 * said to have happened plays no part, as nothing else is judged by it. What does not say when it was recorded always was.
 * @returns undefined when the trial was not on the register yet
 */
export function rosterAt(roster: TrialRoster, knownAt: Instant): TrialRoster | undefined {
  const wasRecorded = ({ recordedAt = -Infinity }: { readonly recordedAt?: Instant }): boolean => recordedAt <= knownAt;
  const [first, ...later] = roster.protocols;
  if (!wasRecorded(first)) return undefined;
  const protocols: readonly [ProtocolVersion, ...ProtocolVersion[]] = [first, ...later.filter(wasRecorded)];
  const asKnown = <Entry extends Site | Worker>(entry: Entry): readonly Entry[] => {
    const known = versionsOf(entry).filter(wasRecorded);
    const before = known.slice(0, -1);
    return known.slice(-1).map((latest) => (before.length === 0 ? latest : { ...latest, before }));
  };
  return { ...roster, protocols, sites: roster.sites.flatMap(asKnown), workers: roster.workers.flatMap(asKnown) };
}

/** What an entry has said, the latest last. */
const versionsOf = <Entry extends Site | Worker>({ before = [], ...now }: Entry): readonly Entry[] =>
  [...before, now] as unknown as readonly Entry[];

/** When the register became another one: each instant once, in their order. */
export const rosterTimes = ({ protocols, sites, workers }: TrialRoster): readonly Instant[] =>
  [
    ...new Set(
      [...protocols, ...sites.flatMap(versionsOf), ...workers.flatMap(versionsOf)].flatMap(
        ({ recordedAt }) => recordedAt ?? [],
      ),
    ),
  ].sort((a, b) => a - b);
