import { type AccessWorld, type GuardedCommand, PeopleCommand, UnblindingCommand, type Viewer } from '@cairn/access';
import type { CommandHandler, CommandOrigin, CommandOutcome, Decider, DomainEvent } from '@cairn/event-sourcing';
import {
  DeliveryRecordCommand,
  type DeliveryWorld,
  participantDecider,
  siteRecordDecider,
  trainingDecider,
  VoidRecord,
} from '@cairn/delivery';
import { TenantCommand, tenantDecider, TrialCommand, trialDecider } from '@cairn/registry';
import { type AccessSurroundings, peopleOfTheRoster, unblindingOfParticipants } from './access-rules.js';
import type { KnownTrial } from './rosters.js';
import { withinReach, type Withholding } from './within-reach.js';
import { ofParticipants, ofSiteRecords, ofTraining, ofTrials } from './withholdings.js';

/** Every command that can be given, as its schema reads it. */
export type Command =
  TenantCommand | TrialCommand | DeliveryRecordCommand | VoidRecord | PeopleCommand | UnblindingCommand;
export type CommandName = Command['type'];

/** The menu: what can be asked for, under the name of its mutation, and the shape in which it is asked. */
export const commands = {
  registerTenant: TenantCommand,
  setTenantLimits: TenantCommand,
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

  registerPerson: PeopleCommand,
  assignRole: PeopleCommand,
  revokeRole: PeopleCommand,
  requestUnblinding: UnblindingCommand,
  approveUnblinding: UnblindingCommand,
  denyUnblinding: UnblindingCommand,
} as const satisfies Record<CommandName, { safeParse(input: unknown): unknown }>;

export const isCommandName = (name: string): name is CommandName => Object.hasOwn(commands, name);

/** What is the operator's to say, whose right is in the token; all other commands are in the policy. */
export type OperatorCommand = Exclude<CommandName, GuardedCommand>;
export const isOperatorCommand = (name: CommandName): name is OperatorCommand => name === 'setTenantLimits';

/** By whose rules the commands for a stream are judged. */
export const judges = {
  tenant: judgedBy(tenantDecider),
  trial: judgedBy(trialDecider, ofTrials),
  participant: judgedBy(participantDecider, ofParticipants),
  siteRecord: judgedBy(siteRecordDecider, ofSiteRecords),
  training: judgedBy(trainingDecider, ofTraining),
  people: judgedBy(peopleOfTheRoster),
  unblinding: judgedBy(unblindingOfParticipants),
};
export type StreamKind = keyof typeof judges;

/** What rules may look at outside of the stream; the register's need no roster. */
export type World = Omit<DeliveryWorld, 'roster'> & Partial<DeliveryWorld> & AccessWorld & AccessSurroundings;

/** Whose reach ends within the trial, and the trial in which it does. */
export interface Limited {
  readonly viewer: Viewer;
  readonly trial: Pick<KnownTrial, 'siteOf'> | undefined;
}

/** Commands are routed to the rules of their own stream's kind, so each decider is given only commands that it knows. */
function judgedBy<Given, E extends DomainEvent, State, Around>(
  decider: Decider<Given, E, State, Around>,
  withholding?: Withholding<State>,
) {
  return (
    handler: CommandHandler,
    stream: string,
    given: readonly Command[],
    world: World,
    origin: CommandOrigin,
    limited?: Limited,
  ): Promise<CommandOutcome> => {
    const siteOf = (worker: string): string | undefined => limited?.trial?.siteOf(worker);
    const judge = limited && withholding ? withinReach(decider, withholding, limited.viewer, siteOf) : decider;
    return handler.handle(judge, stream, given as readonly unknown[] as readonly Given[], world as Around, origin);
  };
}
