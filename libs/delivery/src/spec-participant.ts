import { type Instant, parseInstant } from '@cairn/event-sourcing';
import { givenEventId } from '@cairn/event-sourcing/spec';
import type { ParticipantEvent } from './events.js';
import { world } from './spec-world.js';

const at = (text: string): Instant => parseInstant(text)!;

/** A participant of the small trial, and what is recorded of them: first the events, then the commands that lead to them. */
export const who = { trial: 'enrich', participant: 'S1-0001' };

type Event<Type extends ParticipantEvent['type']> = Extract<ParticipantEvent, { type: Type }>;

export const referred: Event<'ParticipantReferred'> = {
  type: 'ParticipantReferred',
  occurredAt: at('2017-03-01T09:00:00Z'),
  data: { ...who, site: 'S1' },
};
export const randomised: Event<'ParticipantRandomised'> = {
  type: 'ParticipantRandomised',
  occurredAt: at('2017-03-02T09:00:00Z'),
  data: { ...who, arm: 'peer_support', stratum: 'psychotic' },
};
export const allocated: Event<'WorkerAllocated'> = {
  type: 'WorkerAllocated',
  occurredAt: at('2017-03-03T09:00:00Z'),
  data: { ...who, worker: 'W1' },
};
export const meeting: Event<'CommunityMeetingRecorded'> = {
  type: 'CommunityMeetingRecorded',
  occurredAt: at('2017-04-03T09:00:00Z'),
  data: {
    ...who,
    worker: 'W1',
    contact: 'C1',
    mode: 'face_to_face',
    outcome: 'attended',
    activities: ['walk', 'café'],
    enteredAt: '2017-04-03T11:00:00+01:00',
  },
};
export const discharged: Event<'ParticipantDischarged'> = {
  type: 'ParticipantDischarged',
  occurredAt: at('2017-04-01T09:00:00Z'),
  data: who,
};
export const readmitted: Event<'ParticipantReadmitted'> = {
  type: 'ParticipantReadmitted',
  occurredAt: at('2017-06-01T09:00:00Z'),
  data: { ...who, dischargedAt: '2017-06-09T09:00:00Z' },
};
export const followedUp: Event<'FollowUpRecorded'> = {
  type: 'FollowUpRecorded',
  occurredAt: at('2017-04-05T09:00:00Z'),
  data: who,
};
export const withdrawn = (
  scope: Event<'ParticipantWithdrawn'>['data']['scope'],
  reason?: string,
): Event<'ParticipantWithdrawn'> => ({
  type: 'ParticipantWithdrawn',
  occurredAt: at('2017-05-01T09:00:00Z'),
  data: { ...who, scope, ...(reason !== undefined && { reason }) },
});
export const voided = (index: number, reason = 'typed twice'): Event<'ParticipantRecordVoided'> => ({
  type: 'ParticipantRecordVoided',
  occurredAt: world.now,
  data: { ...who, event: givenEventId(index), reason },
});

export const refer = { type: 'referParticipant', ...who, site: 'S1', occurredAt: referred.occurredAt } as const;
export const randomise = {
  type: 'recordRandomisation',
  ...who,
  arm: 'peer_support',
  stratum: 'psychotic',
  occurredAt: randomised.occurredAt,
} as const;
export const allocate = { type: 'allocateWorker', ...who, worker: 'W1', occurredAt: allocated.occurredAt } as const;
export const meet = {
  type: 'recordCommunityMeeting',
  ...meeting.data,
  occurredAt: meeting.occurredAt,
} as const;
export const visit = { ...meet, type: 'recordWardContact' } as const;
export const discharge = { type: 'recordDischarge', ...who, occurredAt: discharged.occurredAt } as const;
export const readmit = { type: 'recordReadmission', ...readmitted.data, occurredAt: readmitted.occurredAt } as const;
export const followUp = { type: 'recordFollowUp', ...who, occurredAt: followedUp.occurredAt } as const;
export const withdraw = {
  type: 'withdrawParticipant',
  ...who,
  scope: 'intervention',
  occurredAt: at('2017-05-01T09:00:00Z'),
} as const;
export const voiding = (index: number, reason = 'typed twice') =>
  ({ type: 'voidRecord', trial: who.trial, event: givenEventId(index), reason }) as const;

export const known = [referred, randomised, allocated];
export const future = world.now + 1;
