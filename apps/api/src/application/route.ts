import { peopleStream, unblindingStream, type Viewer } from '@cairn/access';
import {
  erasureStream,
  cutStream,
  queryStream,
  recommendationStream,
  signatureStream,
  witnessStream,
} from '@cairn/audit';
import {
  type DeliveryEvent,
  deliveryEventTypes,
  type DeliveryFact,
  deliveryRefusals,
  streamKindOf,
  streamKindOfEvent,
  streamOf as deliveryStreamOf,
  versionIn,
} from '@cairn/delivery';
import {
  type CommandOutcome,
  EventCatalogue,
  type EventStore,
  type RecordedEvent,
  refuse,
  streamName,
  type TenantId,
} from '@cairn/event-sourcing';
import {
  entryIn,
  type RegisterEntry,
  streamOf as registryStreamOf,
  type TrialEvent,
  trialEventTypes,
} from '@cairn/registry';
import { alertSubscriptionStream, signalRulesStream, signalStream } from '@cairn/signals';
import type { Command, StreamKind } from './commands.js';

/** A command's stream, and the rules by which it is judged. */
export interface Routed {
  readonly kind: StreamKind;
  readonly stream: string;
  /** What the event says that the command amends. */
  readonly version?: { readonly event: string; readonly says: DeliveryFact };
  /** The same of an entry in the register. */
  readonly entry?: { readonly event: string; readonly says: RegisterEntry };
}

const deliveryEvents = new EventCatalogue(deliveryEventTypes);
const trialEvents = new EventCatalogue(trialEventTypes);
const isOfRegister = new Set<string>(trialEventTypes.map(({ type }) => type));

export type Refused = Extract<CommandOutcome, { kind: 'refused' }>;

export const trialUnknown: Refused = refuse('TRIAL_UNKNOWN', deliveryRefusals.TRIAL_UNKNOWN, 'trial');

/** @param isRegistered whether the trial that the command names is there, for whoever gives it */
export async function routeOf(
  command: Command,
  store: EventStore,
  { tenant, isRegistered, limited }: { tenant: TenantId; isRegistered: boolean; limited: Viewer | undefined },
): Promise<Routed | Refused> {
  switch (command.type) {
    case 'registerTenant':
    case 'setTenantLimits':
      return { kind: 'tenant', stream: registryStreamOf(command) };
    case 'registerTrial':
    case 'publishProtocol':
    case 'registerSite':
    case 'registerWorker':
      return { kind: 'trial', stream: registryStreamOf(command) };
    case 'registerPerson':
    case 'assignRole':
    case 'revokeRole':
      return { kind: 'people', stream: peopleStream };
    case 'requestUnblinding':
    case 'approveUnblinding':
    case 'denyUnblinding':
      if (!isRegistered) return trialUnknown;
      return { kind: 'unblinding', stream: unblindingStream(command.trial, command.participant) };
    case 'requestErasure':
    case 'eraseParticipant':
    case 'denyErasure':
      if (!isRegistered) return trialUnknown;
      return { kind: 'erasure', stream: erasureStream(command.trial, command.participant) };
    case 'raiseQuery':
    case 'answerQuery':
    case 'reopenQuery':
    case 'closeQuery':
      if (!isRegistered) return trialUnknown;
      return { kind: 'query', stream: queryStream(command.trial, command.query) };
    case 'takeDataCut':
      if (!isRegistered) return trialUnknown;
      return { kind: 'cut', stream: cutStream(command.trial, command.cut) };
    case 'signContent':
      if (!isRegistered) return trialUnknown;
      return { kind: 'signature', stream: signatureStream(command.trial, command.signature) };
    case 'acknowledgeSignal':
    case 'assignSignal':
    case 'snoozeSignal':
    case 'escalateSignal':
    case 'resolveSignal':
    case 'recordSignalOutcome':
      if (!isRegistered) return trialUnknown;
      return { kind: 'signal', stream: signalStream(command.trial, command.signal) };
    case 'publishSignalRule':
      if (!isRegistered) return trialUnknown;
      return { kind: 'ruleBook', stream: signalRulesStream(command.trial) };
    case 'openAlertSubscription':
    case 'changeAlertSubscription':
    case 'pauseAlertSubscription':
    case 'resumeAlertSubscription':
    case 'closeAlertSubscription':
    case 'requestAlertReplay':
    case 'rotateAlertSecret':
      if (!isRegistered) return trialUnknown;
      return { kind: 'alertSubscription', stream: alertSubscriptionStream(command.trial, command.subscription) };
    case 'cosignCheckpoint':
      if (!isRegistered) return trialUnknown;
      return { kind: 'witness', stream: witnessStream(command.trial) };
    case 'makeRecommendation':
    case 'answerRecommendation':
      if (!isRegistered) return trialUnknown;
      return { kind: 'recommendation', stream: recommendationStream(command.trial, command.recommendation) };
    case 'voidRecord':
    case 'amendRecord': {
      const event = await store.findEvent(tenant, command.event);
      if (!event?.stream.startsWith(`${streamName(command.trial)}/`)) return nowhere(command.trial);
      const kind = streamKindOfEvent(event.type);
      if (kind) return { kind, stream: event.stream, ...versionOf(event) };
      if (limited && !isOfOwnSite(event, limited, command.trial)) return nowhere(command.trial);
      const entry = command.type === 'amendRecord' && !limited ? entryOf(event) : undefined;
      if (entry) return { kind: 'trial', stream: event.stream, entry };
      return refuse('EVENT_NOT_VOIDABLE', deliveryRefusals.EVENT_NOT_VOIDABLE, 'event');
    }
    default:
      // Whatever sites record belongs to a trial.
      if (!isRegistered) return trialUnknown;
      return { kind: streamKindOf(command), stream: deliveryStreamOf(command) };
  }
}

function versionOf(event: RecordedEvent): Pick<Routed, 'version'> {
  const says = versionIn(deliveryEvents.decode(event) as unknown as DeliveryEvent);
  return says ? { version: { event: event.id, says } } : {};
}

/** The register is for whoever sees all of the trial to mend. */
function entryOf(event: RecordedEvent): Routed['entry'] {
  if (!isOfRegister.has(event.type)) return undefined;
  const says = entryIn(trialEvents.decode(event) as unknown as TrialEvent);
  return says && { event: event.id, says };
}

/**
 * A stream in which nothing is ever recorded: an event that is not there is judged as one that is out of reach, so that
 * the two are refused by the same rules in the same order.
 */
const nowhere = (trial: string): Routed => ({ kind: 'participant', stream: streamName(trial, 'nowhere') });

/** An entry of the register that the viewer's history shows. */
function isOfOwnSite({ payload }: RecordedEvent, viewer: Viewer, trial: string): boolean {
  const { site } = JSON.parse(payload) as { readonly site?: string };
  const reach = viewer.reach('history', trial);
  return reach.kind === 'part' && site !== undefined && reach.sites.has(site);
}
