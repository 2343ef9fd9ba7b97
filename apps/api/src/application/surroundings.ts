import type { GuardedCommand, Reach, Viewer } from '@cairn/access';
import {
  cutDecider,
  cutStream,
  type CutWorld,
  needsMaterial,
  type Proof,
  type QueryWorld,
  type RecommendationWorld,
  signedText,
  type SigningWorld,
  type WitnessWorld,
} from '@cairn/audit';
import { viewerOf } from '@cairn/access';
import { isReferred, participantDecider, participantStream } from '@cairn/delivery';
import {
  type CommandHandler,
  type EventStore,
  type Instant,
  parseInstant,
  sha256Hex,
  type TenantId,
} from '@cairn/event-sourcing';
import { type RuleWorld, type SignalCommand, signalDecider, signalStream, type SignalWorld } from '@cairn/signals';
import type { Viewers } from '../access/viewers.js';
import {
  type AlertOutlets,
  type AlertSurroundings,
  subscriptionSurroundings,
} from '../alert-subscriptions/subscription-surroundings.js';
import type { AccessSurroundings } from './access-rules.js';
import type { CutMaker } from '../cuts/cut-maker.js';
import type { Command } from './commands.js';
import { FoundRecords } from './found-records.js';
import type { KnownTrial } from './rosters.js';
import type { Cosigning } from '../proofs/cosigning.js';
import { isInReach } from './withholdings.js';

/** What single commands are judged by beside their stream, the time and the roster. */
export type CommandSurroundings = AccessSurroundings &
  Pick<QueryWorld, 'about'> &
  Pick<CutWorld, 'material'> &
  Pick<SigningWorld, 'proof' | 'contentHash'> &
  Pick<RecommendationWorld, 'cutIsKnown'> &
  Pick<WitnessWorld, 'checkpoint' | 'witnesses'> &
  Pick<SignalWorld, 'assigneeIsKnown'> &
  Pick<RuleWorld, 'ruleSurroundings'> &
  AlertSurroundings;

/** For whom, and in which trial, a command is judged. */
interface Asking {
  readonly viewer: Viewer;
  readonly trial: KnownTrial | undefined;
  readonly now: Instant;
  /** Where the signer has just proved who they are. */
  readonly proof: Proof | undefined;
}

/**
 * Looks up what a command points at outside of its own stream. Only what is in the reach of whoever gives it is found, so
 * that what is beyond it is to them what is not there.
 */
export class Surroundings {
  private readonly records: FoundRecords;

  constructor(
    private readonly store: EventStore,
    private readonly handler: CommandHandler,
    private readonly cuts: CutMaker | undefined,
    private readonly cosigning: Cosigning | undefined,
    private readonly viewers: Viewers,
    private readonly outlets: AlertOutlets | undefined,
  ) {
    this.records = new FoundRecords(store, handler);
  }

  async of(command: Command, asking: Asking): Promise<CommandSurroundings> {
    const { viewer, trial, proof, now } = asking;
    switch (command.type) {
      case 'requestUnblinding':
      case 'requestErasure':
        return { participantIsKnown: await this.isReferred(viewer.tenant, command, reachOf(viewer, command)) };
      case 'raiseQuery': {
        const about = trial && (await this.records.about(viewer.tenant, command, trial, reachOf(viewer, command)));
        return { about };
      }
      case 'signContent': {
        const content = trial && (await this.records.content(viewer.tenant, command, trial, reachOf(viewer, command)));
        return { proof, contentHash: content };
      }
      case 'makeRecommendation':
        return {
          proof,
          contentHash: sha256Hex(signedText(command)),
          cutIsKnown: await this.isTaken(viewer.tenant, command),
        };
      case 'answerRecommendation':
        return { proof, contentHash: sha256Hex(signedText(command)) };
      case 'takeDataCut': {
        const state = await this.handler.stateOf(cutDecider, viewer.tenant, cutStream(command.trial, command.cut));
        if (!needsMaterial(command, state, { now })) return {};
        return { material: await this.cuts?.material(viewer, command.trial, parseInstant(command.occurredBefore)!) };
      }
      case 'cosignCheckpoint':
        return (await this.cosigning?.of(viewer.tenant, command)) ?? {};
      case 'assignSignal':
        return { assigneeIsKnown: await this.canSee(viewer.tenant, command, now) };
      case 'publishSignalRule':
        return trial ? { ruleSurroundings: trial.ruleSurroundings } : {};
      case 'openAlertSubscription':
      case 'changeAlertSubscription':
      case 'requestAlertReplay':
        return subscriptionSurroundings(command, viewer, this.store, this.handler, this.outlets);
      default:
        return {};
    }
  }

  /** Whether the trial has a cut. */
  private async isTaken(
    tenant: TenantId,
    { trial, cut }: { readonly trial: string; readonly cut: string },
  ): Promise<boolean> {
    const state = await this.handler.stateOf(cutDecider, tenant, cutStream(trial, cut));
    return state.kind === 'taken';
  }

  /** Whether somebody sees all signals of a signal's kind and site, so that it can be theirs to look after. */
  private async canSee(
    tenant: TenantId,
    { trial, signal, person }: Extract<SignalCommand, { type: 'assignSignal' }>,
    now: Instant,
  ): Promise<boolean> {
    const state = await this.handler.stateOf(signalDecider, tenant, signalStream(trial, signal));
    if (state.kind === 'none') return false;
    const { audience, site } = state.about;
    const somebody = { tenant, person, name: person, scopes: new Set<never>() };
    const viewer = viewerOf(await this.viewers.people(tenant), somebody, now);
    const reach = viewer.reach(audience === 'open' ? 'openSignals' : 'signals', trial);
    return reach.kind === 'whole' || (reach.kind === 'part' && reach.sites.has(site));
  }

  /** Whether somebody is there for whoever asks. */
  private async isReferred(
    tenant: TenantId,
    { trial, participant }: { readonly trial: string; readonly participant: string },
    reach: Reach,
  ): Promise<boolean> {
    const state = await this.handler.stateOf(participantDecider, tenant, participantStream(trial, participant));
    return isReferred(state) && isInReach(reach, state);
  }
}

const reachOf = (viewer: Viewer, { type, trial }: { readonly type: GuardedCommand; readonly trial: string }): Reach =>
  viewer.mayGive(type, trial);
