import { type EventOf, eventType } from '@cairn/event-sourcing';
import { z } from 'zod';
import {
  ContactMode,
  ContactOutcome,
  id,
  minutes,
  SupervisionKind,
  text,
  textUpTo,
  timestamp,
  WithdrawalScope,
} from './vocabulary.js';

export { amendedVersion } from './versions.js';
export { ContactMode, ContactOutcome, NOTE_MAX_LENGTH, SupervisionKind, WithdrawalScope } from './vocabulary.js';

/*
 * What sites record. These shapes are the storage format: a field is never renamed or given another meaning, a change is
 * a new schema version with an upcaster. When it happened is the event's `occurredAt`; times in the data are further
 * times, kept as the RFC 3339 text that was given. Commands are derived from the shapes, see commands.ts.
 */

const participant = { trial: id, participant: id };

/** A site refers somebody to the trial. */
export const referral = z.object({ ...participant, site: id });
/** To an arm of the protocol, within the stratum that it was balanced by. */
export const randomisation = z.object({ ...participant, arm: id, stratum: id.optional() });
/** A peer worker is to meet the participant. */
export const allocation = z.object({ ...participant, worker: id });

/** A planned or held meeting of a peer worker and a participant; only outcome `attended` is a contact that counts. */
export const contact = z.object({
  ...participant,
  worker: id,
  /** Unique for the participant. */
  contact: id,
  mode: ContactMode,
  outcome: ContactOutcome,
  minutes: minutes.optional(),
  activities: z.array(textUpTo(200)).max(50).optional(),
  note: text.optional(),
  /** When the source system says that it was typed in. */
  enteredAt: timestamp.optional(),
});

/** From the ward to the community; the earliest that stands is the index discharge. */
export const discharge = z.object(participant);
/** A return to the ward. Its own end is no index discharge. */
export const readmission = z.object({ ...participant, dischargedAt: timestamp.optional() });
/** The clinical follow-up after discharge, due in all arms. */
export const followUp = z.object(participant);
/** From one of three things, see `WithdrawalScope`. */
export const withdrawal = z.object({ ...participant, scope: WithdrawalScope, reason: text.optional() });

/**
 * One version of a record, as an amendment holds it: all of it, not what differs. What the version says happened then is
 * `occurredAt`, because the amendment itself happens when it is given.
 */
const version = <const Type extends string, Shape extends z.ZodRawShape>(type: Type, data: z.ZodObject<Shape>) =>
  z.object({ type: z.literal(type), occurredAt: timestamp, data });

/** Strikes the version that `event` holds. */
const strike = { event: z.uuid(), reason: text.min(1) };

const participantRecord = z.discriminatedUnion('type', [
  version('ParticipantReferred', referral),
  version('ParticipantRandomised', randomisation),
  version('WorkerAllocated', allocation),
  version('WardContactRecorded', contact),
  version('CommunityMeetingRecorded', contact),
  version('ParticipantDischarged', discharge),
  version('ParticipantReadmitted', readmission),
  version('FollowUpRecorded', followUp),
  version('ParticipantWithdrawn', withdrawal),
]);

export const participantEventTypes = [
  eventType('ParticipantReferred', referral),
  eventType('ParticipantRandomised', randomisation),
  eventType('WorkerAllocated', allocation),
  eventType('WardContactRecorded', contact),
  eventType('CommunityMeetingRecorded', contact),
  eventType('ParticipantDischarged', discharge),
  eventType('ParticipantReadmitted', readmission),
  eventType('FollowUpRecorded', followUp),
  eventType('ParticipantWithdrawn', withdrawal),
  /** The record was entered in error. It stays; from now on it counts for nothing. */
  eventType('ParticipantRecordVoided', z.object({ ...participant, ...strike })),
  /** The version that `event` holds was wrong: it is void, and `record` is the version that stands in its place. */
  eventType('ParticipantRecordAmended', z.object({ ...participant, ...strike, record: participantRecord })),
] as const;
/** Everything that happens to a participant. */
export type ParticipantEvent = EventOf<(typeof participantEventTypes)[number]>;

const site = { trial: id, site: id };

/** Of peer workers by their coordinator, or of coordinators among themselves. Attendees are workers. */
export const supervision = z.object({
  ...site,
  supervision: id,
  kind: SupervisionKind,
  facilitator: id.optional(),
  attendees: z.array(id).max(200),
  minutes: minutes.optional(),
});

/** A session that prepares the staff of a ward for peer workers; due again after staff turnover. */
export const teamPreparation = z.object({
  ...site,
  session: id,
  ward: id,
  staffAttending: z.int().min(0).max(10_000).optional(),
});

/** How faithfully one rater found the intervention delivered at a site (index of Gillard et al. 2021). */
export const fidelityAssessment = z.object({
  ...site,
  instrument: id,
  rater: id,
  /** Within the range of the trial's fidelity instrument; absent when only items were rated. */
  total: z.number().optional(),
  items: z
    .array(z.object({ item: id, value: z.number() }))
    .max(200)
    .optional(),
});

const siteRecord = z.discriminatedUnion('type', [
  version('SupervisionHeld', supervision),
  version('TeamPreparationHeld', teamPreparation),
  version('FidelityAssessed', fidelityAssessment),
]);

export const siteRecordEventTypes = [
  eventType('SupervisionHeld', supervision),
  eventType('TeamPreparationHeld', teamPreparation),
  eventType('FidelityAssessed', fidelityAssessment),
  eventType('SiteRecordVoided', z.object({ ...site, ...strike })),
  eventType('SiteRecordAmended', z.object({ ...site, ...strike, record: siteRecord })),
] as const;
/** Everything that is done at a site around its participants. */
export type SiteRecordEvent = EventOf<(typeof siteRecordEventTypes)[number]>;

const worker = { trial: id, worker: id };

/** A worker was trained. */
export const training = z.object({
  ...worker,
  /** The calendar day in the trial's time zone. */
  attendedOn: z.iso.date(),
  /** Days of training that it counts for; halves occur. */
  days: z.number().gt(0).max(31),
});

export const trainingEventTypes = [
  eventType('TrainingAttended', training),
  eventType('TrainingVoided', z.object({ ...worker, ...strike })),
  eventType('TrainingAmended', z.object({ ...worker, ...strike, record: version('TrainingAttended', training) })),
] as const;
export type TrainingEvent = EventOf<(typeof trainingEventTypes)[number]>;

export const deliveryEventTypes = [...participantEventTypes, ...siteRecordEventTypes, ...trainingEventTypes] as const;
export type DeliveryEvent = ParticipantEvent | SiteRecordEvent | TrainingEvent;
