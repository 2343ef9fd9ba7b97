import {
  type AccessWorld,
  type PeopleCommand,
  peopleDecider,
  type UnblindingCommand,
  unblindingDecider,
} from '@cairn/access';
import { type AuditWorld, type ErasureCommand, erasureDecider, type ErasureEvent, type Erasures } from '@cairn/audit';
import { type DeliveryRoster, deliveryRefusals } from '@cairn/delivery';
import { type Decider, type DomainEvent, refuse } from '@cairn/event-sourcing';

/*
 * Rules that need two contexts: what an assignment names is on the trial's roster, and an arm can be asked for only of
 * somebody who takes part. Each is asked after the context's own rules, of what they would take.
 */

/** What these rules look at beside the stream. */
export interface AccessSurroundings {
  readonly roster?: DeliveryRoster;
  /** Whether the participant that is named has been referred, as far as whoever asks may know. */
  readonly participantIsKnown?: boolean;
}

type Refused = ReturnType<typeof refuse>;
type Surroundings = AccessWorld & AccessSurroundings;

function alsoAsking<Command, E extends DomainEvent, State, World, Around extends World>(
  decider: Decider<Command, E, State, World>,
  rule: (command: Command, around: Around) => Refused | undefined,
): Decider<Command, E, State, Around> {
  return {
    ...decider,
    decide(command, state, world) {
      const decision = decider.decide(command, state, world);
      if (decision.kind === 'refused' || decision.events.length === 0) return decision;
      return rule(command, world) ?? decision;
    },
  };
}

const missing = (code: keyof typeof deliveryRefusals, field: string): Refused =>
  refuse(code, deliveryRefusals[code], field);

/** Who the tenant's people are; what their roles name exists. */
export const peopleOfTheRoster = alsoAsking(peopleDecider, (command: PeopleCommand, { roster }: Surroundings) => {
  if (command.type !== 'assignRole' || command.trial === undefined) return undefined;
  if (!roster) return missing('TRIAL_UNKNOWN', 'trial');
  if (command.site !== undefined && !roster.hasSite(command.site)) return missing('SITE_UNKNOWN', 'site');
  if (command.worker !== undefined && !roster.hasWorker(command.worker)) return missing('WORKER_UNKNOWN', 'worker');
  return undefined;
});

/** Who may learn an arm; it is that of somebody who takes part. */
export const unblindingOfParticipants = alsoAsking(
  unblindingDecider,
  (command: UnblindingCommand, { participantIsKnown }: Surroundings) =>
    command.type === 'requestUnblinding' && !participantIsKnown
      ? missing('PARTICIPANT_UNKNOWN', 'participant')
      : undefined,
);

/**
 * Whose free text may be erased: somebody's who takes part. Asked before anything else, because an erasure that was done would
 * tell of somebody beyond the reach of whoever asks.
 */
export const erasureOfParticipants: Decider<
  ErasureCommand,
  ErasureEvent,
  Erasures,
  AuditWorld & Pick<AccessSurroundings, 'participantIsKnown'>
> = {
  ...erasureDecider,
  decide(command, erasures, world) {
    return command.type === 'requestErasure' && !world.participantIsKnown
      ? missing('PARTICIPANT_UNKNOWN', 'participant')
      : erasureDecider.decide(command, erasures, world);
  },
};
