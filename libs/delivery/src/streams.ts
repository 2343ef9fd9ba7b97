import { formatInstant, type Instant, streamName } from '@cairn/event-sourcing';
import type { DeliveryRecordCommand } from './commands.js';

/*
 * One stream for all that is recorded of a participant, because its rules look at all of it; one for each site-level
 * record, because those have no rules in common and must not wait for each other.
 */

export const participantStream = (trial: string, participant: string): string =>
  streamName(trial, 'participant', participant);

export const supervisionStream = (trial: string, site: string, supervision: string): string =>
  streamName(trial, 'site', site, 'supervision', supervision);

export const teamPreparationStream = (trial: string, site: string, session: string): string =>
  streamName(trial, 'site', site, 'team-preparation', session);

export const fidelityStream = (
  trial: string,
  site: string,
  instrument: string,
  rater: string,
  occurredAt: Instant,
): string => streamName(trial, 'site', site, 'fidelity', instrument, rater, formatInstant(occurredAt));

/** @param day the calendar day, as in `2017-01-31` */
export const trainingStream = (trial: string, worker: string, day: string): string =>
  streamName(trial, 'worker', worker, 'training', day);

/** The stream that a record goes to. A void goes to the stream of the event that it voids. */
export function streamOf(command: DeliveryRecordCommand): string {
  switch (command.type) {
    case 'recordSupervision':
      return supervisionStream(command.trial, command.site, command.supervision);
    case 'recordTeamPreparation':
      return teamPreparationStream(command.trial, command.site, command.session);
    case 'recordFidelityAssessment':
      return fidelityStream(command.trial, command.site, command.instrument, command.rater, command.occurredAt);
    case 'recordTraining':
      return trainingStream(command.trial, command.worker, command.attendedOn);
    default:
      return participantStream(command.trial, command.participant);
  }
}
