import { formatInstant, type Instant, parseInstant } from '@cairn/event-sourcing';
import type { SimulatedRecord, SimulatedTrial } from '@cairn/simulation';
import type { CommandFromRow } from '../bundle/bundle-record.js';

const commands: Readonly<Record<SimulatedRecord['type'], string>> = {
  ParticipantReferred: 'referParticipant',
  ParticipantRandomised: 'recordRandomisation',
  WorkerAllocated: 'allocateWorker',
  WardContactRecorded: 'recordWardContact',
  CommunityMeetingRecorded: 'recordCommunityMeeting',
  ParticipantDischarged: 'recordDischarge',
  ParticipantReadmitted: 'recordReadmission',
  FollowUpRecorded: 'recordFollowUp',
  ParticipantWithdrawn: 'withdrawParticipant',
  SupervisionHeld: 'recordSupervision',
  TeamPreparationHeld: 'recordTeamPreparation',
  FidelityAssessed: 'recordFidelityAssessment',
  TrainingAttended: 'recordTraining',
};

/** The commands by which a trial, its sites and its workers are registered. */
export function* registrations({ description, sites }: SimulatedTrial): Generator<CommandFromRow> {
  const { id: trial, ...rest } = description;
  yield { name: 'registerTrial', input: { trial, ...rest }, columns: {} };
  for (const { site, employer, openedOn } of sites) {
    const hostOrganisation = `Trust of ${site}`;
    const employerName = employer === 'NHS' ? hostOrganisation : `Voluntary organisation of ${site}`;
    const input = { trial, site, name: `Site ${site}`, employerKind: employer, employerName, hostOrganisation };
    yield { name: 'registerSite', input: { ...input, locality: ['urban'], openedOn }, columns: {} };
  }
  for (const { workers } of sites) {
    for (const worker of workers) yield { name: 'registerWorker', input: { trial, ...worker }, columns: {} };
  }
}

/** The command that a record comes from. */
export function commandOf({ type, occurredAt, data }: SimulatedRecord): CommandFromRow {
  // A training has its day and no time of its own.
  const input = type === 'TrainingAttended' ? data : { ...data, occurredAt: formatInstant(occurredAt) };
  return { name: commands[type], input, columns: {} };
}

/** Whether all that a record says is over by an instant, so that it can be recorded. */
export function isPast({ occurredAt, data }: SimulatedRecord, now: Instant): boolean {
  const enteredAt = 'enteredAt' in data ? parseInstant(data.enteredAt)! : occurredAt;
  const dischargedAt = 'dischargedAt' in data ? parseInstant(data.dischargedAt)! : occurredAt;
  return Math.max(occurredAt, enteredAt, dischargedAt) <= now;
}
