import { canonicalJson } from '@cairn/event-sourcing';
import { z } from 'zod';
import {
  allocation,
  contact,
  discharge,
  fidelityAssessment,
  followUp,
  randomisation,
  readmission,
  referral,
  supervision,
  teamPreparation,
  training,
  withdrawal,
} from './events.js';
import { id, instant, words } from './vocabulary.js';

/*
 * What sites ask to have recorded: the content of the event that follows, under the name of the contract's mutation,
 * with the time at which it happened.
 */

const record = <const Type extends string, Shape extends z.ZodRawShape>(type: Type, content: z.ZodObject<Shape>) =>
  content.extend({ type: z.literal(type), occurredAt: instant });

/** A record was entered in error. It happens when the command is given, so no time comes with it. */
export const VoidRecord = z.object({
  type: z.literal('voidRecord'),
  trial: id,
  /** Id of the event that holds the record. */
  event: z.uuid().toLowerCase(),
  reason: words,
});
export type VoidRecord = z.infer<typeof VoidRecord>;

const isJson = (value: unknown): boolean => {
  try {
    return canonicalJson(value) !== '';
  } catch {
    return false;
  }
};

/**
 * A record was entered wrongly: the version that `event` holds is void, and one with the changes stands in its place. Like
 * a void it happens when the command is given; `occurredAt` is when that happened which is recorded.
 */
export const AmendRecord = z.object({
  type: z.literal('amendRecord'),
  trial: id,
  /** Id of the event that holds the version which stands. */
  event: z.uuid().toLowerCase(),
  reason: words,
  occurredAt: instant.optional(),
  /** Members of the record's data with their new values; null removes one. They are read as their record's type demands. */
  changes: z.record(z.string(), z.unknown()).refine(isJson, 'is not JSON that can be stored').optional(),
});
export type AmendRecord = z.infer<typeof AmendRecord>;

/** A change of what is on record. */
export type Correction = VoidRecord | AmendRecord;

/** Commands for a participant's stream that record a fact. */
export const ParticipantRecordCommand = z.discriminatedUnion('type', [
  record('referParticipant', referral),
  record('recordRandomisation', randomisation),
  record('allocateWorker', allocation),
  record('recordWardContact', contact),
  record('recordCommunityMeeting', contact),
  record('recordDischarge', discharge),
  record('recordReadmission', readmission),
  record('recordFollowUp', followUp),
  record('withdrawParticipant', withdrawal),
]);
export type ParticipantRecordCommand = z.infer<typeof ParticipantRecordCommand>;
/** Everything that can be asked of a participant's stream. */
export type ParticipantCommand = ParticipantRecordCommand | Correction;

/** Commands for the stream of one site-level record. */
export const SiteRecordCommand = z.discriminatedUnion('type', [
  record('recordSupervision', supervision),
  record('recordTeamPreparation', teamPreparation),
  record('recordFidelityAssessment', fidelityAssessment),
]);
export type SiteRecordCommand = z.infer<typeof SiteRecordCommand>;

/** `occurredAt` is the start of the day `attendedOn` in the trial's time zone; the application reckons it. */
export const RecordTraining = record('recordTraining', training);
export type RecordTraining = z.infer<typeof RecordTraining>;

/** Every command that records a fact; its stream is `streamOf(command)`. */
export const DeliveryRecordCommand = z.discriminatedUnion('type', [
  ParticipantRecordCommand,
  SiteRecordCommand,
  RecordTraining,
]);
export type DeliveryRecordCommand = z.infer<typeof DeliveryRecordCommand>;
/** Every command of this context. */
export type DeliveryCommand = DeliveryRecordCommand | Correction;
