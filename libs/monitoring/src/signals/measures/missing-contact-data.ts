import { participantStanding } from '../participant-standing.js';
import { NEVER, type TrialFacts } from '../trial-facts.js';
import { type Counted, countedAt, countSteps, type Counts } from './counted.js';
import type { Step } from './step.js';

/** Whoever was randomised longer ago than so many local days should have a worker. */
const AFTER_DAYS = 14;

const parts = ['offered', 'unknown', 'offeredElsewhere', 'unknownElsewhere'] as const;
type Part = (typeof parts)[number];

/**
 * How far a site's share of participants without a known worker is from that of all other sites together, in standard
 * errors (two-proportion z, pooled variance); above 0 it is greater. Of those offered the intervention more than 14 local
 * days ago whose data may be used. Null where there is nobody here or elsewhere, or where all shares are 0 or all are 1.
 */
export function missingContactData(
  facts: TrialFacts,
  site: string,
  participantsOfSites: ReadonlyMap<string, readonly string[]>,
): readonly Step[] {
  const counted = [...participantsOfSites].flatMap(([of, participants]) =>
    participants.flatMap((id) => ofParticipant(facts, id, of === site ? '' : 'Elsewhere')),
  );
  return countSteps<Part>(parts, counted).map(({ at, counts }) => ({
    at,
    value: pooledZ(counts),
    denominator: counts.offered,
    numbers: { ...counts },
    records: () => countedAt(counted, ['unknown'], at),
  }));
}

function ofParticipant(facts: TrialFacts, id: string, where: '' | 'Elsewhere'): readonly Counted<Part>[] {
  const standing = participantStanding(facts, id);
  const record = standing?.randomised;
  if (!record || !standing.intervention) return [];
  const { referredAt, allocatedAt = NEVER, withdrawnAt } = standing;
  const from = Math.max(facts.setting.calendar.endOfTerm(record.occurredAt, { days: AFTER_DAYS }), referredAt);
  const until = withdrawnAt.data_use ?? NEVER;
  return [
    { part: `offered${where}`, from, until, record },
    { part: `unknown${where}`, from, until: Math.min(until, allocatedAt), record },
  ];
}

function pooledZ({ offered, unknown, offeredElsewhere, unknownElsewhere }: Counts<Part>): number | null {
  if (offered === 0 || offeredElsewhere === 0) return null;
  const pooled = (unknown + unknownElsewhere) / (offered + offeredElsewhere);
  if (pooled === 0 || pooled === 1) return null;
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / offered + 1 / offeredElsewhere));
  return (unknown / offered - unknownElsewhere / offeredElsewhere) / error;
}
