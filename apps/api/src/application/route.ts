import { peopleStream, unblindingStream, type Viewer } from '@cairn/access';
import { deliveryRefusals, streamKindOf, streamKindOfEvent, streamOf as deliveryStreamOf } from '@cairn/delivery';
import {
  type CommandOutcome,
  type EventStore,
  type RecordedEvent,
  refuse,
  streamName,
  type TenantId,
} from '@cairn/event-sourcing';
import { streamOf as registryStreamOf } from '@cairn/registry';
import type { Command, StreamKind } from './commands.js';

/** A command's stream, and the rules by which it is judged. */
export interface Routed {
  readonly kind: StreamKind;
  readonly stream: string;
}

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
    case 'voidRecord': {
      const event = await store.findEvent(tenant, command.event);
      if (!event?.stream.startsWith(`${streamName(command.trial)}/`)) return nowhere(command.trial);
      const kind = streamKindOfEvent(event.type);
      if (kind) return { kind, stream: event.stream };
      if (limited && !isOfOwnSite(event, limited, command.trial)) return nowhere(command.trial);
      return refuse('EVENT_NOT_VOIDABLE', deliveryRefusals.EVENT_NOT_VOIDABLE, 'event');
    }
    default:
      // Whatever sites record belongs to a trial.
      if (!isRegistered) return trialUnknown;
      return { kind: streamKindOf(command), stream: deliveryStreamOf(command) };
  }
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
