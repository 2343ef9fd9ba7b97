import { createHash } from 'node:crypto';
import { accessEventTypes, attempt, type Attempt, peopleStream, type Viewer } from '@cairn/access';
import { auditEventTypes, type Proof } from '@cairn/audit';
import { deliveryEventTypes, type DeliveryFact } from '@cairn/delivery';
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
  type TenantId,
  uuidV5,
} from '@cairn/event-sourcing';
import { InMemoryKeys, type KeyOwner, ParticipantKeys } from '@cairn/platform/keys';
import { registryEventTypes, type RegisterEntry } from '@cairn/registry';
import { signalsEventTypes } from '@cairn/signals';
import { Tenants } from '../access/tenants.js';
import { Viewers } from '../access/viewers.js';
import type { AlertOutlets } from '../alert-subscriptions/subscription-surroundings.js';
import type { CutMaker } from '../cuts/cut-maker.js';
import type { Cosigning } from '../proofs/cosigning.js';
import { Erasures } from '../free-text/erasures.js';
import { FreeText, KeyWanted } from '../free-text/free-text.js';
import { hasTextToSeal, textsOf } from '../free-text/members.js';
import { participantOf } from '../free-text/participant-of.js';
import { IDENTIFIER_IN_TEXT } from '../free-text/text-guard.js';
import type { Identity } from '../identity/identity.js';
import { blindedAnswer, wholeStream } from './blinded-answer.js';
import { recordedCommandId } from './command-ids.js';
import { type Command, isCommandName, isOperatorCommand, judges } from './commands.js';
import { foundingCommands, foundingDecider } from './founding.js';
import { NeutralStreams } from './neutral-streams.js';
import { type GivenCommand, INVALID_INPUT, readInput } from './read-input.js';
import { type KnownTrial, Rosters } from './rosters.js';
import { type Routed, routeOf, trialUnknown } from './route.js';
import { notForTheRole } from './within-reach.js';
import { Surroundings } from './surroundings.js';

/** Every event type there is. */
export const catalogue = new EventCatalogue([
  ...registryEventTypes,
  ...deliveryEventTypes,
  ...accessEventTypes,
  ...auditEventTypes,
  ...signalsEventTypes,
]);

/** Refusals that may come of a roster that was read before somebody added to it. */
const MISSED_IN_ROSTER: ReadonlySet<string> = new Set([
  'SITE_UNKNOWN',
  'WORKER_UNKNOWN',
  'ARM_UNKNOWN',
  'STRATUM_UNKNOWN',
  'INSTRUMENT_UNKNOWN',
  'FIDELITY_OUT_OF_RANGE',
  IDENTIFIER_IN_TEXT,
]);

/** Commands that are given together: on whose behalf, and what follows from their roles before anything is looked up. */
interface Asking {
  readonly viewer: Viewer;
  /** Under which it is recorded. */
  readonly commandId: string;
  readonly attempt: Attempt;
  readonly proof: Proof | undefined;
}

/** What of the request is in its answer, or decides on it; no trial is ''. */
interface Given {
  readonly commandId: string;
  readonly trial: string;
}

interface Judged {
  readonly outcome: CommandOutcome;
  /** Where it was judged, if it came so far. */
  readonly routed?: Routed;
}

/** Takes commands, from whichever side they come, and has them judged by the rules of their stream. */
export class Application {
  readonly viewers: Viewers;
  readonly tenants: Tenants;
  private readonly freeText: FreeText;
  private readonly handler: CommandHandler;
  private readonly rosters: Rosters;
  private readonly neutral: NeutralStreams;
  private readonly surroundings: Surroundings;
  private readonly outlets: AlertOutlets | undefined;

  /** @param store where everything is read and recorded: the log, or what a dry run lays over it */
  constructor(
    private readonly store: EventStore,
    readonly clock: () => Instant = Date.now,
    {
      viewers,
      tenants,
      freeText,
      cuts,
      cosigning,
      outlets,
    }: {
      readonly viewers?: Viewers;
      readonly tenants?: Tenants;
      readonly freeText?: FreeText;
      /** Not there where a dry run is made: a cut is taken of the log itself. */
      readonly cuts?: CutMaker;
      /** Nor are checkpoints made of what a dry run records. */
      readonly cosigning?: Cosigning;
      /** Without them nothing can be subscribed to. */
      readonly outlets?: AlertOutlets;
    } = {},
  ) {
    this.viewers = viewers ?? new Viewers(store, clock);
    this.tenants = tenants ?? new Tenants(store, clock);
    this.freeText = freeText ?? forgetfulFreeText(store);
    this.handler = new CommandHandler(store, catalogue);
    this.rosters = new Rosters(store, catalogue);
    this.neutral = new NeutralStreams(store);
    this.surroundings = new Surroundings(store, this.handler, cuts, cosigning, this.viewers, outlets);
    this.outlets = outlets;
  }

  /** One that records in another store, over this one's, and leaves nothing behind. */
  rehearsal(store: EventStore): Application {
    return new Application(store, this.clock, {
      freeText: this.freeText.rehearsal(store),
      ...(this.outlets && { outlets: this.outlets }),
    });
  }

  /** The last position of the tenant's log. */
  head(tenant: TenantId): Promise<Position> {
    return this.store.head(tenant);
  }

  /**
   * Takes commands for one stream together, or refuses them all with the first refusal. An input that has not the shape
   * of its command is refused as INVALID_INPUT, a command that is not for the roles of whoever gives it as FORBIDDEN. What
   * they may not see is to them what does not exist.
   * @param proof that whoever gives them has just proved who they are, for commands that sign
   * @throws EventStoreUnavailable when the outcome is not known; the same commands may be given again
   */
  async record(
    identity: Identity,
    commandId: string,
    given: readonly GivenCommand[],
    proof?: Proof,
  ): Promise<CommandOutcome> {
    if (!isUuid(commandId)) return refuse(INVALID_INPUT, 'commandId: is not a UUID.', 'commandId');
    const [first] = given;
    if (!first) return refuse(INVALID_INPUT, 'There is no command.');
    const named = first.input['trial'];
    const trial = typeof named === 'string' && isIdentifier(named) ? named : '';
    const viewer = await this.viewers.of(identity);
    const attempts = new Set(given.map((each) => attemptOf(viewer, each)));
    const attempted = (['forbidden', 'trial absent', 'limited', 'allowed'] as const).find((each) =>
      attempts.has(each),
    )!;
    const asking = { viewer, commandId: recordedCommandId(viewer, commandId), attempt: attempted, proof };
    if (attempted === 'forbidden') {
      if (given.length > 1 || first.name !== 'registerTenant' || !viewer.mayUse('cairn:record')) return notForTheRole;
      return this.told(await this.found(asking, identity.name, given), asking, { commandId, trial });
    }
    return this.told(await this.judgeAsKnown(asking, trial, given), asking, { commandId, trial });
  }

  /** By the roster that is kept, and when it may have missed something by the one that is. */
  private async judgeAsKnown(asking: Asking, trial: string, given: readonly GivenCommand[]): Promise<Judged> {
    const { tenant } = asking.viewer;
    if (trial === '' || asking.attempt === 'trial absent') return this.judge(asking, given, undefined);
    // What a text may hold, the protocol in force says.
    const hasText = given.some(({ name, input }) => textsOf({ ...input, type: name }).length > 0);
    const kept = hasText ? this.rosters.recent(tenant, trial) : this.rosters.kept(tenant, trial);
    const judged = await this.judge(asking, given, kept ?? (await this.rosters.read(tenant, trial)));
    if (!kept || judged.outcome.kind === 'accepted' || !MISSED_IN_ROSTER.has(judged.outcome.refusal.code)) {
      return judged;
    }
    const now = await this.rosters.read(tenant, trial);
    return now === kept ? judged : this.judge(asking, given, now);
  }

  private async judge(asking: Asking, given: readonly GivenCommand[], trial: KnownTrial | undefined): Promise<Judged> {
    const { viewer, commandId } = asking;
    const { tenant, person: actor } = viewer;
    const read: Command[] = [];
    for (const each of given) {
      const command = readInput(tenant, each, trial);
      if (command.kind === 'invalid') return { outcome: { kind: 'refused', refusal: command.refusal } };
      read.push(command.command);
    }
    if (asking.attempt === 'trial absent') return { outcome: trialUnknown };
    const limited = asking.attempt === 'limited' ? { viewer, trial } : undefined;
    let routed: Routed | undefined;
    const versions = new Map<string, DeliveryFact>();
    const entries = new Map<string, RegisterEntry>();
    for (const command of read) {
      const known = { tenant, isRegistered: trial !== undefined, limited: limited?.viewer };
      const next = await routeOf(command, this.store, known);
      if ('refusal' in next) return { outcome: next };
      if (routed && next.stream !== routed.stream) {
        return { outcome: refuse(INVALID_INPUT, 'Commands that are given together belong to one stream.') };
      }
      routed = next;
      if (next.version) versions.set(next.version.event, next.version.says);
      if (next.entry) entries.set(next.entry.event, next.entry.says);
    }
    const { kind, stream } = routed!;
    const now = this.clock();
    const world = {
      now,
      actor,
      versions,
      entries,
      ...(trial && { roster: trial.roster }),
      ...(await this.surroundings.of(read[0]!, { viewer, trial, now, proof: asking.proof })),
    };
    const owner = await this.ownerOfTexts(tenant, read, { stream, found: world.about?.participant });
    const take = async (make: boolean): Promise<CommandOutcome> => {
      const fresh = !viewer.knowsPositions;
      const { commands, whenTaken } = owner ? await this.freeText.seal(read, owner, { make, fresh }) : plain(read);
      // Of what is sealed: the digest of a text could be guessed.
      const fingerprint = createHash('sha256').update(canonicalJson(commands)).digest('hex');
      const origin = { tenant, actor, commandId, fingerprint };
      return judges[kind](this.handler, stream, commands, world, origin, { limited, whenTaken });
    };
    try {
      const outcome = await take(false).catch((error: unknown) => {
        if (error instanceof KeyWanted) return take(true);
        throw error;
      });
      // On record; should the keys be away, whoever asks again, or the next healing, ends it.
      if (read[0]!.type === 'eraseParticipant' && outcome.kind === 'accepted') {
        await this.freeText.erase({ tenant, trial: read[0].trial, participant: read[0].participant });
      }
      return { outcome, routed: routed! };
    } catch (error) {
      // Identifiers that are good ones by themselves can make a name that is too long for a stream.
      if (error instanceof InvalidAppend) {
        return { outcome: refuse(INVALID_INPUT, `It cannot be stored: ${error.message}.`) };
      }
      throw error;
    } finally {
      // Also when it failed: it may have been stored.
      if (kind === 'people') this.viewers.changed(tenant);
      if (kind === 'tenant') this.tenants.changed(tenant);
    }
  }

  /** Whose key seals the commands' free text; undefined where they have none that is about a participant. */
  private async ownerOfTexts(
    tenant: TenantId,
    commands: readonly Command[],
    where: { readonly stream: string; readonly found: string | undefined },
  ): Promise<KeyOwner | undefined> {
    const about = commands.find(hasTextToSeal) as { trial?: string; participant?: string } | undefined;
    if (about?.trial === undefined) return undefined;
    const participant = await participantOf(this.store, tenant, about, where);
    return participant === undefined ? undefined : { tenant, trial: about.trial, participant };
  }

  /**
   * Registers a tenant for somebody who has no right to, because nobody has: they become its first person and its
   * administrator. What was begun and not ended is ended by giving the command again.
   */
  private async found(asking: Asking, name: string, given: readonly GivenCommand[]): Promise<Judged> {
    const { viewer, commandId } = asking;
    const { tenant, person: actor } = viewer;
    const { persons } = await this.viewers.people(tenant);
    if (persons.length > 0) return { outcome: notForTheRole };
    const registered = await this.judge(asking, given, undefined);
    if (registered.outcome.kind === 'refused') return registered;
    const commands = foundingCommands(actor, name);
    const fingerprint = createHash('sha256').update(canonicalJson(commands)).digest('hex');
    const origin = { tenant, actor, commandId: uuidV5(`founder ${commandId}`), fingerprint };
    const world = { now: this.clock(), actor };
    try {
      const founded = await this.handler.handle(foundingDecider, peopleStream, commands, world, origin);
      return founded.kind === 'refused' ? { outcome: notForTheRole } : registered;
    } finally {
      this.viewers.changed(tenant);
    }
  }

  /** The answer as whoever gave the command may have it, under the id that they gave. */
  private async told(
    { outcome, routed }: Judged,
    { viewer, ...asking }: Asking,
    given: Given,
  ): Promise<CommandOutcome> {
    if (outcome.kind === 'refused' || !routed || asking.commandId === given.commandId) return outcome;
    const commandId = given.commandId.toLowerCase();
    if (viewer.knowsPositions) {
      return { ...outcome, events: outcome.events.map((event) => ({ ...event, commandId })) };
    }
    const stream = viewer.isBlindedIn(given.trial)
      ? await this.neutral.of(viewer.tenant, routed.stream)
      : wholeStream(await this.store.readStream(viewer.tenant, routed.stream));
    return blindedAnswer(outcome, commandId, stream);
  }
}

const plain = (commands: readonly Command[]) => ({ commands, whenTaken: () => undefined });

/** Texts that only this object can open: for an application that is made for its rules, not to keep what it records. */
function forgetfulFreeText(store: EventStore): FreeText {
  const keys = new InMemoryKeys();
  return new FreeText(new ParticipantKeys(keys, keys), new Erasures(store));
}

function attemptOf(viewer: Viewer, { name, input }: GivenCommand): Attempt {
  // What is no command is told so as to anybody who may give any.
  if (!isCommandName(name)) return viewer.mayUse('cairn:record') ? 'allowed' : 'forbidden';
  if (isOperatorCommand(name)) return viewer.mayUse('cairn:operate') ? 'allowed' : 'forbidden';
  if (!viewer.mayUse('cairn:record')) return 'forbidden';
  const { trial } = input;
  return attempt(viewer, name, typeof trial === 'string' ? trial : undefined);
}
