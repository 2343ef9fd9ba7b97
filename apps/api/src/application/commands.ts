import { type AccessWorld, type GuardedCommand, PeopleCommand, UnblindingCommand, type Viewer } from '@cairn/access';
import type {
  CommandHandler,
  CommandOrigin,
  CommandOutcome,
  Decider,
  DomainEvent,
  Refusal,
} from '@cairn/event-sourcing';
import {
  AmendRecord,
  type Correction,
  DeliveryRecordCommand,
  type DeliveryWorld,
  participantDecider,
  siteRecordDecider,
  trainingDecider,
  VoidRecord,
} from '@cairn/delivery';
import {
  ErasureCommand,
  CutCommand,
  cutDecider,
  queryDecider,
  QueryCommand,
  RecommendationCommand,
  recommendationDecider,
  CosignCheckpoint,
  SignContent,
  signatureDecider,
  witnessDecider,
} from '@cairn/audit';
import {
  AlertSubscriptionCommand,
  PublishSignalRule,
  ruleBookDecider,
  SignalCommand,
  signalDecider,
  subscriptionDecider,
} from '@cairn/signals';
import { type RegistryWorld, TenantCommand, tenantDecider, TrialCommand, trialDecider } from '@cairn/registry';
import { erasureOfParticipants, peopleOfTheRoster, unblindingOfParticipants } from './access-rules.js';
import type { KnownTrial } from './rosters.js';
import type { CommandSurroundings } from './surroundings.js';
import { withinReach, type Withholding } from './within-reach.js';
import {
  ofParticipants,
  ofQueries,
  ofSignals,
  ofSignatures,
  ofSiteRecords,
  ofTraining,
  ofTrials,
} from './withholdings.js';

/** Every command that can be given, as its schema reads it. */
export type Command =
  | TenantCommand
  | TrialCommand
  | DeliveryRecordCommand
  | Correction
  | PeopleCommand
  | UnblindingCommand
  | ErasureCommand
  | QueryCommand
  | SignContent
  | CosignCheckpoint
  | RecommendationCommand
  | CutCommand
  | SignalCommand
  | PublishSignalRule
  | AlertSubscriptionCommand;
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
  amendRecord: AmendRecord,

  takeDataCut: CutCommand,

  raiseQuery: QueryCommand,
  answerQuery: QueryCommand,
  reopenQuery: QueryCommand,
  closeQuery: QueryCommand,
  signContent: SignContent,

  makeRecommendation: RecommendationCommand,
  answerRecommendation: RecommendationCommand,

  cosignCheckpoint: CosignCheckpoint,

  acknowledgeSignal: SignalCommand,
  assignSignal: SignalCommand,
  snoozeSignal: SignalCommand,
  escalateSignal: SignalCommand,
  resolveSignal: SignalCommand,
  recordSignalOutcome: SignalCommand,
  publishSignalRule: PublishSignalRule,

  openAlertSubscription: AlertSubscriptionCommand,
  changeAlertSubscription: AlertSubscriptionCommand,
  pauseAlertSubscription: AlertSubscriptionCommand,
  resumeAlertSubscription: AlertSubscriptionCommand,
  closeAlertSubscription: AlertSubscriptionCommand,
  requestAlertReplay: AlertSubscriptionCommand,
  rotateAlertSecret: AlertSubscriptionCommand,

  requestErasure: ErasureCommand,
  eraseParticipant: ErasureCommand,
  denyErasure: ErasureCommand,

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
  erasure: judgedBy(erasureOfParticipants),
  cut: judgedBy(cutDecider),
  query: judgedBy(queryDecider, ofQueries),
  signature: judgedBy(signatureDecider, ofSignatures),
  witness: judgedBy(witnessDecider),
  recommendation: judgedBy(recommendationDecider),
  signal: judgedBy(signalDecider, ofSignals),
  ruleBook: judgedBy(ruleBookDecider),
  alertSubscription: judgedBy(subscriptionDecider),
};
export type StreamKind = keyof typeof judges;

/** What rules may look at outside of the stream; the register's need no roster. */
export type World = RegistryWorld &
  Omit<DeliveryWorld, 'roster'> &
  Partial<DeliveryWorld> &
  AccessWorld &
  CommandSurroundings;

/** Whose reach ends within the trial, and the trial in which it does. */
export interface Limited {
  readonly viewer: Viewer;
  readonly trial: Pick<KnownTrial, 'siteOf'> | undefined;
}

/** What else decides on commands than the rules of their stream. */
export interface Conditions {
  readonly limited?: Limited | undefined;
  /** Asked of what would be recorded, before it is. */
  readonly whenTaken?: () => Refusal | undefined;
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
    { limited, whenTaken = () => undefined }: Conditions = {},
  ): Promise<CommandOutcome> => {
    const siteOf = (worker: string): string | undefined => limited?.trial?.siteOf(worker);
    const within = limited && withholding ? withinReach(decider, withholding, limited.viewer, siteOf) : decider;
    const judge: typeof decider = {
      ...within,
      decide(command, state, around) {
        const decision = within.decide(command, state, around);
        const refusal = decision.kind === 'accepted' && decision.events.length > 0 ? whenTaken() : undefined;
        return refusal ? { kind: 'refused', refusal } : decision;
      },
    };
    return handler.handle(judge, stream, given as readonly unknown[] as readonly Given[], world as Around, origin);
  };
}
