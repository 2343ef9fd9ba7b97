import { type Decider, type Decision, parseInstant } from '@cairn/event-sourcing';
import type { z } from 'zod';
import type { ParticipantCommand, ParticipantRecordCommand } from './commands.js';
import { type Amendable, decideAmendment } from './decide-amendment.js';
import {
  allocation,
  contact,
  discharge,
  followUp,
  type ParticipantEvent,
  randomisation,
  readmission,
  referral,
  withdrawal,
} from './events.js';
import {
  evolve,
  hasUsedContactId,
  hasWithdrawnDataUse,
  isAllocated,
  isRandomised,
  isReferred,
  nobody,
  type Participant,
  type ParticipantFact,
} from './participant.js';
import { decideRecord, decideVoid, type Rule as RecordRule } from './record-book.js';
import { refused } from './refusals.js';
import type { DeliveryWorld } from './roster.js';
import { hasHappened, isPast, siteIsKnown, workerIsKnown } from './rules.js';

type Rule<Command = unknown> = RecordRule<Command, ParticipantFact, DeliveryWorld>;
type CommandOf<Type extends ParticipantRecordCommand['type']> = Extract<ParticipantRecordCommand, { type: Type }>;
type Contact = CommandOf<'recordWardContact'> | CommandOf<'recordCommunityMeeting'>;

const participantIsKnown: Rule = (_, participant) =>
  isReferred(participant) ? undefined : refused('PARTICIPANT_UNKNOWN', 'participant');

const participantIsNew: Rule = (_, participant) =>
  isReferred(participant) ? refused('PARTICIPANT_ALREADY_REFERRED', 'participant') : undefined;

const dataMayBeUsed: Rule = (_, participant) =>
  hasWithdrawnDataUse(participant) ? refused('DATA_USE_WITHDRAWN', 'participant') : undefined;

const isNotYetRandomised: Rule = (_, participant) =>
  isRandomised(participant) ? refused('ALREADY_RANDOMISED', 'participant') : undefined;

const armIsKnown: Rule<CommandOf<'recordRandomisation'>> = ({ arm }, _, { roster }) =>
  roster.hasArm(arm) ? undefined : refused('ARM_UNKNOWN', 'arm');

const stratumIsKnown: Rule<CommandOf<'recordRandomisation'>> = ({ stratum }, _, { roster }) =>
  stratum === undefined || roster.hasStratum(stratum) ? undefined : refused('STRATUM_UNKNOWN', 'stratum');

const aWorkerIsAllocated: Rule = (_, participant) =>
  isAllocated(participant) ? undefined : refused('NOT_ALLOCATED', 'participant');

const contactIdIsNew: Rule<Contact> = ({ contact }, participant) =>
  hasUsedContactId(participant, contact) ? refused('CONTACT_ID_REUSED', 'contact') : undefined;

const wasEnteredBefore: Rule<Contact> = ({ enteredAt }, _, { now }) =>
  isPast(enteredAt, now) ? undefined : refused('OCCURRED_IN_FUTURE', 'enteredAt');

const dischargeHasHappened: Rule<CommandOf<'recordReadmission'>> = ({ dischargedAt }, _, { now }) =>
  isPast(dischargedAt, now) ? undefined : refused('OCCURRED_IN_FUTURE', 'dischargedAt');

const dischargeFollowsAdmission: Rule<CommandOf<'recordReadmission'>> = ({ occurredAt, dischargedAt }) =>
  dischargedAt === undefined || parseInstant(dischargedAt)! >= occurredAt
    ? undefined
    : refused('DISCHARGED_BEFORE_ADMISSION', 'dischargedAt');

const ofAParticipant = [participantIsKnown, dataMayBeUsed, hasHappened] as const;
const ofAContact = [...ofAParticipant, workerIsKnown, aWorkerIsAllocated, contactIdIsNew, wasEnteredBefore] as const;

/** For each command the event it leads to and the rules it must keep, in the order in which they are looked at. */
const records: {
  readonly [Type in ParticipantRecordCommand['type']]: {
    readonly event: ParticipantFact['type'];
    readonly content: z.ZodObject;
    readonly rules: readonly Rule<CommandOf<Type>>[];
  };
} = {
  referParticipant: {
    event: 'ParticipantReferred',
    content: referral,
    rules: [dataMayBeUsed, siteIsKnown, hasHappened, participantIsNew],
  },
  recordRandomisation: {
    event: 'ParticipantRandomised',
    content: randomisation,
    rules: [...ofAParticipant, armIsKnown, stratumIsKnown, isNotYetRandomised],
  },
  allocateWorker: { event: 'WorkerAllocated', content: allocation, rules: [...ofAParticipant, workerIsKnown] },
  recordWardContact: { event: 'WardContactRecorded', content: contact, rules: ofAContact },
  recordCommunityMeeting: { event: 'CommunityMeetingRecorded', content: contact, rules: ofAContact },
  recordDischarge: { event: 'ParticipantDischarged', content: discharge, rules: ofAParticipant },
  recordReadmission: {
    event: 'ParticipantReadmitted',
    content: readmission,
    rules: [...ofAParticipant, dischargeHasHappened, dischargeFollowsAdmission],
  },
  recordFollowUp: { event: 'FollowUpRecorded', content: followUp, rules: ofAParticipant },
  withdrawParticipant: { event: 'ParticipantWithdrawn', content: withdrawal, rules: ofAParticipant },
};

/**
 * What says which record it is. A withdrawal's scope does: from which of three things somebody withdrew decides who may be
 * told of it, and that of an amendment must follow from what it amends.
 */
const identity = ['trial', 'participant', 'contact', 'scope'];

const commandFor = new Map(Object.entries(records).map(([command, { event }]) => [event, command]));

/** What is taken away of a participant who withdrew from data use is no use of their data. */
function amendable(type: ParticipantFact['type'], takesAway: boolean): Amendable<ParticipantFact> {
  const command = commandFor.get(type) as ParticipantRecordCommand['type'];
  const { content, rules } = records[command];
  const kept = (rules as readonly Rule<never>[]).filter((rule) => !takesAway || rule !== dataMayBeUsed);
  return { command, content, identity, rules: kept };
}

function decide(
  command: ParticipantCommand,
  participant: Participant,
  world: DeliveryWorld,
): Decision<ParticipantEvent> {
  if (command.type === 'voidRecord') {
    return decideVoid(command, participant, ({ data }) => ({
      type: 'ParticipantRecordVoided',
      occurredAt: world.now,
      data: { trial: data.trial, participant: data.participant, event: command.event, reason: command.reason },
    }));
  }
  if (command.type === 'amendRecord') {
    return decideAmendment(command, participant, world, amendable, ({ data }, record) => ({
      type: 'ParticipantRecordAmended',
      occurredAt: world.now,
      data: {
        trial: data.trial,
        participant: data.participant,
        event: command.event,
        reason: command.reason,
        record,
      },
    }));
  }
  const { event: eventType, rules } = records[command.type];
  const { type: _, occurredAt, ...data } = command;
  // A command's shape is its event's shape (commands.ts), which the compiler cannot follow through the table.
  const event = { type: eventType, occurredAt, data } as ParticipantFact;
  return decideRecord(command, event, participant, world, rules as readonly Rule<ParticipantCommand>[]);
}

/** What may be recorded of a participant, and what follows from it. */
export const participantDecider: Decider<ParticipantCommand, ParticipantEvent, Participant, DeliveryWorld> = {
  initial: nobody,
  decide,
  evolve,
};
