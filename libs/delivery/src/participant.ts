import type { Identified } from '@cairn/event-sourcing';
import type { ParticipantEvent } from './events.js';
import { RecordBook } from './record-book.js';
import { amendedVersion } from './versions.js';

/** What can be recorded of a participant: every event but those that strike another. */
export type ParticipantFact = Exclude<
  ParticipantEvent,
  { readonly type: 'ParticipantRecordVoided' | 'ParticipantRecordAmended' }
>;

/** A participant is what has been recorded of them; the questions below say what it amounts to. */
export type Participant = RecordBook<ParticipantFact>;

/** Of whom nothing is recorded. */
export const nobody: Participant = RecordBook.empty((fact) => {
  switch (fact.type) {
    case 'WardContactRecorded':
    case 'CommunityMeetingRecorded':
      return [fact.type, contactNamed(fact.data.contact)];
    case 'ParticipantWithdrawn':
      return [fact.type, withdrawalFrom(fact.data.scope)];
    case 'ParticipantReferred':
      return [fact.type, referralTo(fact.data.site)];
    case 'WorkerAllocated':
      return [fact.type, allocationTo(fact.data.worker)];
    default:
      return [fact.type];
  }
});

export function evolve(participant: Participant, event: Identified<ParticipantEvent>): Participant {
  switch (event.type) {
    case 'ParticipantRecordVoided':
      return participant.strike(event.id, event.data);
    case 'ParticipantRecordAmended':
      return participant.amend(event.id, event.data, amendedVersion(event.data));
    default:
      return participant.enter(event.id, event);
  }
}

/** Known from a standing referral on; a participant whose referral was voided is unknown until referred anew. */
export const isReferred = (participant: Participant): boolean => has(participant, 'ParticipantReferred');

/** Whether the referral that stands is this site's. */
export const isReferredTo = (participant: Participant, site: string): boolean => participant.stands(referralTo(site));

/** Whether this worker has been allocated at any time. */
export const isAllocatedTo = (participant: Participant, worker: string): boolean =>
  participant.stands(allocationTo(worker));

/** Whether a randomisation stands, to whichever arm. */
export const isRandomised = (participant: Participant): boolean => has(participant, 'ParticipantRandomised');

/** Whether a worker has been allocated at any time; contacts with another worker are odd, not impossible. */
export const isAllocated = (participant: Participant): boolean => has(participant, 'WorkerAllocated');

/** Whether a withdrawal from any use of the data stands, from the moment it was recorded on. */
export const hasWithdrawnDataUse = (participant: Participant): boolean =>
  participant.stands(withdrawalFrom('data_use'));

/** Whether a contact has had this id, voided since or not. */
export const hasUsedContactId = (participant: Participant, contact: string): boolean =>
  participant.everHeld(contactNamed(contact));

const has = (participant: Participant, type: ParticipantFact['type']): boolean => participant.stands(type);

const contactNamed = (contact: string): string => `contact ${contact}`;
const withdrawalFrom = (scope: string): string => `withdrawal from ${scope}`;
const referralTo = (site: string): string => `referral to ${site}`;
const allocationTo = (worker: string): string => `allocation to ${worker}`;
