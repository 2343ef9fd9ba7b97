import type { Viewer } from '@cairn/access';
import {
  type CommandHandler,
  type EventStore,
  isUuid,
  parseInstant,
  type Position,
  streamName,
  type TenantId,
} from '@cairn/event-sourcing';
import { defaultRules } from '@cairn/monitoring';
import type { KnownPositions } from '@cairn/platform';
import { isTimeZone, trialDecider, trialStream } from '@cairn/registry';
import {
  alertedTypes,
  type AlertSubscriptionCommand,
  ruleBookDecider,
  signalRulesStream,
  type SubscriptionWorld,
} from '@cairn/signals';

/** What commands for subscriptions are judged by beside their stream. */
export type AlertSurroundings = Omit<SubscriptionWorld, 'now' | 'roster'>;

/** Where alerts may be sent, and where in a log something was recorded. */
export interface AlertOutlets {
  /** Whether a webhook's URL is one that messages may be sent to. */
  readonly mayBeSentTo: (url: string) => boolean;
  /** Whether a tenant may publish to a topic. */
  readonly mayPublishTo: (tenant: TenantId, topic: string) => boolean;
  readonly positions: Pick<KnownPositions, 'at'>;
}

const alerted: ReadonlySet<string> = new Set(alertedTypes);

/** Looks up what a command for a subscription names. */
export async function subscriptionSurroundings(
  command: AlertSubscriptionCommand,
  viewer: Viewer,
  store: Pick<EventStore, 'findEvent'>,
  handler: CommandHandler,
  outlets: AlertOutlets | undefined,
): Promise<AlertSurroundings> {
  const { tenant } = viewer;
  switch (command.type) {
    case 'openAlertSubscription':
    case 'changeAlertSubscription': {
      const rules = command.filter.rules ? await ruleNames(handler, tenant, command.trial) : new Set<string>();
      return {
        isTimeZone,
        hasRule: (rule) => rules.has(rule),
        seesDelivery: viewer.reach('signals', command.trial).kind === 'whole',
        mayBeSentTo: (url) => outlets?.mayBeSentTo(url) ?? false,
        mayPublishTo: (topic) => outlets?.mayPublishTo(tenant, topic) ?? false,
      };
    }
    case 'requestAlertReplay':
      return { replayAfter: await positionOf(command, tenant, store, outlets) };
    default:
      return {};
  }
}

async function ruleNames(handler: CommandHandler, tenant: TenantId, trial: string): Promise<ReadonlySet<string>> {
  const state = await handler.stateOf(trialDecider, tenant, trialStream(trial));
  const book = await handler.stateOf(ruleBookDecider, tenant, signalRulesStream(trial));
  const shipped = state.kind === 'registered' ? defaultRules(state.protocols.at(-1)!.protocol) : [];
  return new Set([...shipped.map(({ rule }) => rule), ...book.keys()]);
}

async function positionOf(
  { trial, after }: { readonly trial: string; readonly after: string },
  tenant: TenantId,
  store: Pick<EventStore, 'findEvent'>,
  outlets: AlertOutlets | undefined,
): Promise<Position | undefined> {
  if (!isUuid(after)) return outlets?.positions.at(tenant, parseInstant(after)!);
  const event = await store.findEvent(tenant, after.toLowerCase());
  const isOfTrial = event && alerted.has(event.type) && event.stream.startsWith(`${streamName(trial)}/`);
  return isOfTrial ? event.position : undefined;
}
