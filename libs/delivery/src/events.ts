import { type EventOf, eventType, isIdentifier, isPlainText, parseInstant } from '@cairn/event-sourcing';
import { z } from 'zod';

/*
 * What sites record. These shapes are the storage format: a field is never renamed or given another meaning, a change is
 * a new schema version with an upcaster. When it happened is the event's `occurredAt`; times in the data are further
 * times, kept as the RFC 3339 text that was given.
 */

const id = z.string().refine(isIdentifier, 'is not an identifier');
/** Longest free text, in UTF-16 code units. */
export const NOTE_MAX_LENGTH = 4_000;
const text = z.string().max(NOTE_MAX_LENGTH).refine(isPlainText, 'holds control characters');
const timestamp = z
  .string()
  .refine((value) => parseInstant(value) !== undefined, 'is not an RFC 3339 timestamp with offset');
/** A working day has 1,440 minutes at the most. */
const minutes = z.int().min(0).max(1_440);

const participant = { trial: id, participant: id };

export const ContactMode = z.enum(['face_to_face', 'telephone', 'video', 'text']);
export type ContactMode = z.infer<typeof ContactMode>;
export const ContactOutcome = z.enum([
  'attended',
  'participant_absent',
  'on_leave',
  'cancelled_by_participant',
  'cancelled_by_provider',
]);
export type ContactOutcome = z.infer<typeof ContactOutcome>;
export const SupervisionKind = z.enum(['group', 'individual', 'action_learning_set']);
export type SupervisionKind = z.infer<typeof SupervisionKind>;
/** Three scopes, three denominators: the intervention, the follow-up, any use of the data. */
export const WithdrawalScope = z.enum(['intervention', 'follow_up', 'data_use']);
export type WithdrawalScope = z.infer<typeof WithdrawalScope>;

/** A planned or held meeting of a peer worker and a participant; only outcome `attended` is a contact that counts. */
const contact = z.object({
  ...participant,
  worker: id,
  /** Unique for the participant. */
  contact: id,
  mode: ContactMode,
  outcome: ContactOutcome,
  minutes: minutes.optional(),
  activities: z.array(text.max(200)).max(50).optional(),
  note: text.optional(),
  /** When the source system says that it was typed in. */
  enteredAt: timestamp.optional(),
});

export const participantEventTypes = [
  eventType('ParticipantReferred', z.object({ ...participant, site: id })),
  eventType('ParticipantRandomised', z.object({ ...participant, arm: id, stratum: id.optional() })),
  eventType('WorkerAllocated', z.object({ ...participant, worker: id })),
  eventType('WardContactRecorded', contact),
  eventType('CommunityMeetingRecorded', contact),
  eventType('ParticipantDischarged', z.object(participant)),
  eventType('ParticipantReadmitted', z.object({ ...participant, dischargedAt: timestamp.optional() })),
  eventType('FollowUpRecorded', z.object(participant)),
  eventType('ParticipantWithdrawn', z.object({ ...participant, scope: WithdrawalScope, reason: text.optional() })),
  /** The record was entered in error. It stays; from now on it counts for nothing. */
  eventType('ParticipantRecordVoided', z.object({ ...participant, event: z.uuid(), reason: text.min(1) })),
] as const;
export type ParticipantEvent = EventOf<(typeof participantEventTypes)[number]>;

const site = { trial: id, site: id };

export const siteRecordEventTypes = [
  eventType(
    'SupervisionHeld',
    z.object({
      ...site,
      supervision: id,
      kind: SupervisionKind,
      facilitator: id.optional(),
      attendees: z.array(id).max(200),
      minutes: minutes.optional(),
    }),
  ),
  eventType(
    'TeamPreparationHeld',
    z.object({ ...site, session: id, ward: id, staffAttending: z.int().min(0).max(10_000).optional() }),
  ),
  eventType(
    'FidelityAssessed',
    z.object({
      ...site,
      instrument: id,
      rater: id,
      /** Within the range of the trial's fidelity instrument; absent when only items were rated. */
      total: z.number().optional(),
      items: z
        .array(z.object({ item: id, value: z.number() }))
        .max(200)
        .optional(),
    }),
  ),
  eventType('SiteRecordVoided', z.object({ ...site, event: z.uuid(), reason: text.min(1) })),
] as const;
export type SiteRecordEvent = EventOf<(typeof siteRecordEventTypes)[number]>;

const worker = { trial: id, worker: id };

export const trainingEventTypes = [
  eventType(
    'TrainingAttended',
    z.object({
      ...worker,
      /** The calendar day in the trial's time zone. */
      attendedOn: z.iso.date(),
      /** Days of training that it counts for; halves occur. */
      days: z.number().gt(0).max(31),
    }),
  ),
  eventType('TrainingVoided', z.object({ ...worker, event: z.uuid(), reason: text.min(1) })),
] as const;
export type TrainingEvent = EventOf<(typeof trainingEventTypes)[number]>;

export const deliveryEventTypes = [...participantEventTypes, ...siteRecordEventTypes, ...trainingEventTypes] as const;
export type DeliveryEvent = ParticipantEvent | SiteRecordEvent | TrainingEvent;
