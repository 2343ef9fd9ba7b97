import { participantStanding } from '../participant-standing.js';
import { NEVER, type TrialFacts } from '../trial-facts.js';
import { type Counted, countedAt, countSteps, type Counts } from './counted.js';
import type { Step } from './step.js';

/** Whoever was randomised longer ago than so many local days should have a worker. */
const AFTER_DAYS = 14;

type Part = 'offered' | 'unknown';
const parts: readonly Part[] = ['offered', 'unknown'];

/**
 * How far a site's share of participants without a known worker is from that of all other sites together, in standard
 * errors (two-proportion z, pooled variance); above 0 it is greater. Of those offered the intervention more than 14 local
 * days ago whose data may be used. Null where there is nobody here or elsewhere, or where all shares are 0 or all are 1.
 * @param participantsOfSites of all sites of the register
 */
export function missingContactData(
  facts: TrialFacts,
  participantsOfSites: ReadonlyMap<string, readonly string[]>,
): (site: string) => readonly Step[] {
  const bySite = new Map(
    [...participantsOfSites].map(([site, participants]) => [
      site,
      participants.flatMap((id) => ofParticipant(facts, id)),
    ]),
  );
  const everywhere = countSteps(parts, [...bySite.values()].flat());
  return (site) => {
    const counted = bySite.get(site) ?? [];
    const ofSite = new Map(countSteps(parts, counted).map(({ at, counts }) => [at, counts]));
    let here: Counts<Part> = { offered: 0, unknown: 0 };
    return everywhere.map(({ at, counts }) => {
      here = ofSite.get(at) ?? here;
      const elsewhere = { offered: counts.offered - here.offered, unknown: counts.unknown - here.unknown };
      return {
        at,
        value: pooledZ(here, elsewhere),
        denominator: here.offered,
        numbers: { ...here, offeredElsewhere: elsewhere.offered, unknownElsewhere: elsewhere.unknown },
        records: () => countedAt(counted, ['unknown'], at),
      };
    });
  };
}

function ofParticipant(facts: TrialFacts, id: string): readonly Counted<Part>[] {
  const standing = participantStanding(facts, id);
  const record = standing?.randomised;
  if (!record || !standing.intervention) return [];
  const { referredAt, allocatedAt = NEVER, withdrawnAt } = standing;
  const from = Math.max(facts.setting.calendar.endOfTerm(record.occurredAt, { days: AFTER_DAYS }), referredAt);
  const until = withdrawnAt.data_use ?? NEVER;
  return [
    { part: 'offered', from, until, record },
    { part: 'unknown', from, until: Math.min(until, allocatedAt), record },
  ];
}

function pooledZ(here: Counts<Part>, elsewhere: Counts<Part>): number | null {
  if (here.offered === 0 || elsewhere.offered === 0) return null;
  const pooled = (here.unknown + elsewhere.unknown) / (here.offered + elsewhere.offered);
  if (pooled === 0 || pooled === 1) return null;
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / here.offered + 1 / elsewhere.offered));
  return (here.unknown / here.offered - elsewhere.unknown / elsewhere.offered) / error;
}
