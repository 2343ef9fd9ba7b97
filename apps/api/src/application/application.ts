import { createHash } from 'node:crypto';
import {
  type DeliveryRoster,
  deliveryEventTypes,
  deliveryRefusals,
  streamKindOf,
  streamKindOfEvent,
  streamOf as deliveryStreamOf,
} from '@cairn/delivery';
import {
  canonicalJson,
  CommandHandler,
  type CommandOutcome,
  EventCatalogue,
  type EventStore,
  type Instant,
  InvalidAppend,
  isIdentifier,
  isUuid,
  type Position,
  refuse,
  streamName,
  type TenantId,
} from '@cairn/event-sourcing';
import { registryEventTypes, streamOf as registryStreamOf } from '@cairn/registry';
import { type Command, judges, type StreamKind } from './commands.js';
import { type GivenCommand, INVALID_INPUT, readInput } from './read-input.js';
import { type KnownTrial, Rosters } from './rosters.js';

/** Every event type there is. */
export const catalogue = new EventCatalogue([...registryEventTypes, ...deliveryEventTypes]);

type Refused = Extract<CommandOutcome, { kind: 'refused' }>;

interface Routed {
  readonly kind: StreamKind;
  readonly stream: string;
}

/** Refusals that may come of a roster that was read before somebody added to it. */
const MISSED_IN_ROSTER: ReadonlySet<string> = new Set([
  'SITE_UNKNOWN',
  'WORKER_UNKNOWN',
  'ARM_UNKNOWN',
  'STRATUM_UNKNOWN',
  'INSTRUMENT_UNKNOWN',
  'FIDELITY_OUT_OF_RANGE',
]);

/** Takes commands, from whichever side they come, and has them judged by the rules of their stream. */
export class Application {
  private readonly handler: CommandHandler;
  private readonly rosters: Rosters;

  /** @param store where everything is read and recorded: the log, or what a dry run lays over it */
  constructor(
    private readonly store: EventStore,
    private readonly clock: () => Instant = Date.now,
  ) {
    this.handler = new CommandHandler(store, catalogue);
    this.rosters = new Rosters(store, catalogue);
  }

  /** The last position of the tenant's log. */
  head(tenant: TenantId): Promise<Position> {
    return this.store.head(tenant);
  }

  /**
   * Takes commands for one stream together, or refuses them all with the first refusal. An input that has not the shape
   * of its command is refused as INVALID_INPUT.
   * @throws EventStoreUnavailable when the outcome is not known; the same commands may be given again
   */
  async record(
    tenant: TenantId,
    actor: string,
    commandId: string,
    given: readonly GivenCommand[],
  ): Promise<CommandOutcome> {
    if (!isUuid(commandId)) return refuse(INVALID_INPUT, 'commandId: is not a UUID.', 'commandId');
    const [first] = given;
    if (!first) return refuse(INVALID_INPUT, 'There is no command.');
    const named = first.input['trial'];
    const trialId = typeof named === 'string' && isIdentifier(named) ? named : undefined;
    const kept = trialId === undefined ? undefined : this.rosters.kept(tenant, trialId);
    const outcome = await this.judge(tenant, actor, commandId, given, kept ?? (await this.trial(tenant, trialId)));
    if (!kept || outcome.kind === 'accepted' || !MISSED_IN_ROSTER.has(outcome.refusal.code)) return outcome;
    const now = await this.trial(tenant, trialId);
    return now === kept ? outcome : this.judge(tenant, actor, commandId, given, now);
  }

  private async trial(tenant: TenantId, trial: string | undefined): Promise<KnownTrial | undefined> {
    return trial === undefined ? undefined : this.rosters.read(tenant, trial);
  }

  private async judge(
    tenant: TenantId,
    actor: string,
    commandId: string,
    given: readonly GivenCommand[],
    trial: KnownTrial | undefined,
  ): Promise<CommandOutcome> {
    const read: Command[] = [];
    for (const each of given) {
      const command = readInput(tenant, each, trial?.timeZone);
      if (command.kind === 'invalid') return { kind: 'refused', refusal: command.refusal };
      read.push(command.command);
    }
    let routed: Routed | undefined;
    for (const command of read) {
      const next = await this.route(tenant, command, trial?.roster);
      if ('refusal' in next) return next;
      if (routed && next.stream !== routed.stream) {
        return refuse(INVALID_INPUT, 'Commands that are given together belong to one stream.');
      }
      routed = next;
    }
    const { kind, stream } = routed!;
    const fingerprint = createHash('sha256').update(canonicalJson(read)).digest('hex');
    const world = { now: this.clock(), ...(trial && { roster: trial.roster }) };
    try {
      return await judges[kind](this.handler, stream, read, world, { tenant, actor, commandId, fingerprint });
    } catch (error) {
      // Identifiers that are good ones by themselves can make a name that is too long for a stream.
      if (error instanceof InvalidAppend) return refuse(INVALID_INPUT, `It cannot be stored: ${error.message}.`);
      throw error;
    }
  }

  /** Finds a command's stream and its rules. */
  private async route(
    tenant: TenantId,
    command: Command,
    roster: DeliveryRoster | undefined,
  ): Promise<Routed | Refused> {
    switch (command.type) {
      case 'registerTenant':
        return { kind: 'tenant', stream: registryStreamOf(command) };
      case 'registerTrial':
      case 'publishProtocol':
      case 'registerSite':
      case 'registerWorker':
        return { kind: 'trial', stream: registryStreamOf(command) };
      case 'voidRecord': {
        const event = await this.store.findEvent(tenant, command.event);
        if (!event?.stream.startsWith(`${streamName(command.trial)}/`)) {
          return refuse('EVENT_UNKNOWN', deliveryRefusals.EVENT_UNKNOWN, 'event');
        }
        const kind = streamKindOfEvent(event.type);
        if (!kind) return refuse('EVENT_NOT_VOIDABLE', deliveryRefusals.EVENT_NOT_VOIDABLE, 'event');
        return { kind, stream: event.stream };
      }
      default:
        // Whatever sites record belongs to a trial.
        if (!roster) return refuse('TRIAL_UNKNOWN', deliveryRefusals.TRIAL_UNKNOWN, 'trial');
        return { kind: streamKindOf(command), stream: deliveryStreamOf(command) };
    }
  }
}
