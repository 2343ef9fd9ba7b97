import { participantEventTypes, siteRecordEventTypes, trainingEventTypes } from './events.js';
import type { DeliveryRecordCommand } from './commands.js';

/** The kinds of stream that delivery has, each with a decider of its own. */
export type DeliveryStreamKind = 'participant' | 'siteRecord' | 'training';

/** Whose rules a record is judged by. */
export function streamKindOf(command: DeliveryRecordCommand): DeliveryStreamKind {
  switch (command.type) {
    case 'recordSupervision':
    case 'recordTeamPreparation':
    case 'recordFidelityAssessment':
      return 'siteRecord';
    case 'recordTraining':
      return 'training';
    default:
      return 'participant';
  }
}

/**
 * Whose rules the void of an event of this type is judged by, in that event's own stream.
 * @returns undefined for events of other contexts: EVENT_NOT_VOIDABLE
 */
export const streamKindOfEvent = (eventType: string): DeliveryStreamKind | undefined => kinds.get(eventType);

const kinds = new Map<string, DeliveryStreamKind>([
  ...participantEventTypes.map(({ type }) => [type, 'participant'] as const),
  ...siteRecordEventTypes.map(({ type }) => [type, 'siteRecord'] as const),
  ...trainingEventTypes.map(({ type }) => [type, 'training'] as const),
]);
