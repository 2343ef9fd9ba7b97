import { instantOf, ofType } from '../../record-versions.js';
import type { RegisteredWorker } from '../../trial-register.js';
import { participantStanding } from '../participant-standing.js';
import { NEVER, type TrialFacts, versionsOf } from '../trial-facts.js';
import { type Counted, countedAt, countSteps } from './counted.js';
import type { Step } from './step.js';

type Part = 'days' | 'caseload';

/**
 * Days of training that a worker has attended, while there is somebody on their caseload: a participant who was last
 * allocated to them, whose window has not closed, and who has not withdrawn from the intervention or the use of the data.
 * Null while there is nobody.
 * @param participants who were ever allocated to the worker
 */
export function trainingOfCaseload(
  facts: TrialFacts,
  { worker, endedAt }: RegisteredWorker,
  participants: readonly string[],
): readonly Step[] {
  const employedUntil = endedAt === undefined ? NEVER : instantOf(endedAt);
  const trainings = ofType(versionsOf(facts, { kind: 'worker', id: worker }), 'TrainingAttended');
  const counted: readonly Counted<Part>[] = [
    ...trainings.map((record) => ({
      part: 'days' as const,
      from: record.occurredAt,
      until: NEVER,
      amount: record.data.days,
      record,
    })),
    ...participants.flatMap((id) => timesOnCaseload(facts, id, worker, employedUntil)),
  ];
  return countSteps<Part>(['days', 'caseload'], counted).map(({ at, counts: { days, caseload } }) => ({
    at,
    value: caseload === 0 ? null : days,
    denominator: 1,
    numbers: { days, caseload },
    records: () => countedAt(counted, ['days', 'caseload'], at),
  }));
}

/** Who was ever allocated to each worker, of whichever site. */
export function participantsByWorker({ units }: TrialFacts): ReadonlyMap<string, readonly string[]> {
  const allocated = new Map<string, Set<string>>();
  for (const { kind, id, versions } of units.values()) {
    if (kind !== 'participant') continue;
    for (const { data } of ofType(versions, 'WorkerAllocated')) {
      allocated.set(data.worker, (allocated.get(data.worker) ?? new Set()).add(id));
    }
  }
  return new Map([...allocated].map(([worker, ids]) => [worker, [...ids]]));
}

function timesOnCaseload(
  facts: TrialFacts,
  participant: string,
  worker: string,
  employedUntil: number,
): readonly Counted<'caseload'>[] {
  const standing = participantStanding(facts, participant);
  if (!standing?.intervention) return [];
  const { referredAt, randomised, windowClosesAt = NEVER, withdrawnAt } = standing;
  const versions = versionsOf(facts, { kind: 'participant', id: participant });
  const allocations = [...ofType(versions, 'WorkerAllocated')].sort((a, b) => a.occurredAt - b.occurredAt);
  return allocations.flatMap((record, index) => {
    if (record.data.worker !== worker) return [];
    const { intervention = NEVER, data_use = NEVER } = withdrawnAt;
    const next = allocations[index + 1]?.occurredAt ?? NEVER;
    return [
      {
        part: 'caseload' as const,
        from: Math.max(record.occurredAt, referredAt, randomised!.occurredAt),
        until: Math.min(next, windowClosesAt, intervention, data_use, employedUntil),
        record,
      },
    ];
  });
}
