import type { CommandHandler, CommandOrigin, CommandOutcome, Decider, DomainEvent } from '@cairn/event-sourcing';
import {
  DeliveryRecordCommand,
  type DeliveryWorld,
  participantDecider,
  siteRecordDecider,
  trainingDecider,
  VoidRecord,
} from '@cairn/delivery';
import { RegisterTenant, tenantDecider, TrialCommand, trialDecider } from '@cairn/registry';

/** Every command that can be given, as its schema reads it. */
export type Command = RegisterTenant | TrialCommand | DeliveryRecordCommand | VoidRecord;
export type CommandName = Command['type'];

/** The menu: what can be asked for, under the name of its mutation, and the shape in which it is asked. */
export const commands = {
  registerTenant: RegisterTenant,
  registerTrial: TrialCommand,
  publishProtocol: TrialCommand,
  registerSite: TrialCommand,
  registerWorker: TrialCommand,

  referParticipant: DeliveryRecordCommand,
  recordRandomisation: DeliveryRecordCommand,
  allocateWorker: DeliveryRecordCommand,
  recordWardContact: DeliveryRecordCommand,
  recordDischarge: DeliveryRecordCommand,
  recordCommunityMeeting: DeliveryRecordCommand,
  recordReadmission: DeliveryRecordCommand,
  recordFollowUp: DeliveryRecordCommand,
  withdrawParticipant: DeliveryRecordCommand,

  recordSupervision: DeliveryRecordCommand,
  recordTeamPreparation: DeliveryRecordCommand,
  recordFidelityAssessment: DeliveryRecordCommand,
  recordTraining: DeliveryRecordCommand,

  voidRecord: VoidRecord,
} as const satisfies Record<CommandName, { safeParse(input: unknown): unknown }>;

export const isCommandName = (name: string): name is CommandName => Object.hasOwn(commands, name);

/** By whose rules the commands for a stream are judged. */
export const judges = {
  tenant: judgedBy(tenantDecider),
  trial: judgedBy(trialDecider),
  participant: judgedBy(participantDecider),
  siteRecord: judgedBy(siteRecordDecider),
  training: judgedBy(trainingDecider),
};
export type StreamKind = keyof typeof judges;

/** What rules may look at outside of the stream; the register's need no roster. */
export type World = Omit<DeliveryWorld, 'roster'> & Partial<DeliveryWorld>;

/** Commands are routed to the rules of their own stream's kind, so each decider is given only commands that it knows. */
function judgedBy<Given, E extends DomainEvent, State, Around>(decider: Decider<Given, E, State, Around>) {
  return (
    handler: CommandHandler,
    stream: string,
    given: readonly Command[],
    world: World,
    origin: CommandOrigin,
  ): Promise<CommandOutcome> =>
    handler.handle(decider, stream, given as readonly unknown[] as readonly Given[], world as Around, origin);
}
