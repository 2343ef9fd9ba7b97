import { formatInstant } from '@cairn/event-sourcing';
import { Earliest, inOrderOfTime } from './earliest.js';
import type { SimulatedRecord } from './records.js';
import type { SimulatedLife } from './simulated-life.js';
import type { SimulatedTrial } from './simulate-trial.js';

/** Everything that happens in a trial in the order of time. Kept meanwhile are only the participants that it is about. */
export function historyOf(trial: SimulatedTrial): Generator<SimulatedRecord> {
  const { id } = trial.description;
  return inOrderOfTime(
    trial.sites.flatMap((_, site): Iterator<SimulatedRecord>[] => [
      // Worker by worker, so they are put in order first; there are few of them.
      [...trial.trainings(site)].sort((a, b) => a.occurredAt - b.occurredAt).values(),
      recordsOfLives(id, trial.lives(site)),
      trial.supervisions(site),
      trial.preparations(site),
      trial.assessments(site),
    ]),
  );
}

/** The longest day that there is, where clocks go back. */
const LONGEST_DAY = 25 * 3_600_000;

/** @param lives by the day of referral, which is the first thing that happens to anybody */
function* recordsOfLives(trial: string, lives: Iterable<SimulatedLife>): Generator<SimulatedRecord> {
  const begun = new Earliest<SimulatedRecord>();
  for (const life of lives) {
    while (begun.nextAt !== undefined && begun.nextAt < life.referredAt - LONGEST_DAY) yield begun.take()!;
    for (const record of recordsOf(trial, life)) begun.add(record.occurredAt, record);
  }
  for (let record = begun.take(); record !== undefined; record = begun.take()) yield record;
}

/** What is recorded of one participant; of what happens at the same time, in the order in which it can be recorded. */
export function recordsOf(trial: string, life: SimulatedLife): readonly SimulatedRecord[] {
  const { participant, worker, stratum, followedUpAt, withdrawnAt, readmitted } = life;
  const who = { trial, participant };
  const records: SimulatedRecord[] = [
    { type: 'ParticipantReferred', occurredAt: life.referredAt, data: { ...who, site: life.site } },
    {
      type: 'ParticipantRandomised',
      occurredAt: life.randomisedAt,
      data: { ...who, arm: life.arm, ...(stratum !== undefined && { stratum }) },
    },
  ];
  if (worker !== undefined) {
    records.push({ type: 'WorkerAllocated', occurredAt: life.randomisedAt, data: { ...who, worker } });
  }
  records.push({ type: 'ParticipantDischarged', occurredAt: life.dischargedAt, data: who }, ...life.contacts);
  if (followedUpAt !== undefined) records.push({ type: 'FollowUpRecorded', occurredAt: followedUpAt, data: who });
  if (withdrawnAt !== undefined) {
    records.push({ type: 'ParticipantWithdrawn', occurredAt: withdrawnAt, data: { ...who, scope: 'intervention' } });
  }
  if (readmitted) {
    const dischargedAt = formatInstant(readmitted.dischargedAt);
    records.push({ type: 'ParticipantReadmitted', occurredAt: readmitted.at, data: { ...who, dischargedAt } });
  }
  return records.sort((a, b) => a.occurredAt - b.occurredAt);
}
