import type { ParticipantEvent } from './events.js';
import { amendedVersion } from './versions.js';

type NeutralType = Exclude<
  ParticipantEvent['type'],
  | 'WorkerAllocated'
  | 'WardContactRecorded'
  | 'CommunityMeetingRecorded'
  | 'ParticipantWithdrawn'
  | 'ParticipantRecordVoided'
  | 'ParticipantRecordAmended'
>;

/** What is recorded of everybody, whichever arm they are in. */
const neutral = {
  ParticipantReferred: true,
  ParticipantRandomised: true,
  ParticipantDischarged: true,
  ParticipantReadmitted: true,
  FollowUpRecorded: true,
} as const satisfies Record<NeutralType, true>;

/**
 * Whether a record of a participant is there in every arm alike, so that being told of it tells nobody the arm.
 * @param voided what a void strikes; a void is as neutral as that. So is an amendment as what it amends, of which it has the
 * type and the scope
 */
export function isNeutral(event: ParticipantEvent, voided: (event: string) => ParticipantEvent | undefined): boolean {
  switch (event.type) {
    case 'ParticipantWithdrawn':
      // From the intervention only those can withdraw who were offered it.
      return event.data.scope !== 'intervention';
    case 'ParticipantRecordVoided': {
      const struck = voided(event.data.event);
      return struck !== undefined && isNeutral(struck, voided);
    }
    case 'ParticipantRecordAmended':
      return isNeutral(amendedVersion(event.data), voided);
    default:
      return event.type in neutral;
  }
}
