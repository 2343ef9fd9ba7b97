import type { Viewer } from '@cairn/access';
import type { RecordedEvent } from '@cairn/event-sourcing';
import type { EventsOfTypes } from '@cairn/platform';
import type { Delivery, DeliveryLog } from '@cairn/platform/deliveries';
import type { KafkaRelayStore } from '@cairn/platform/kafka';
import type { AlertSubscriptionEvent } from '@cairn/signals';
import type { Resolvers } from '../generated/schema.js';
import { newestFirst, type PageArguments, pageOf, pageRequest } from '../graphql/connection.js';
import type { AlertDeliveryKind, AlertDeliveryState, AlertSinkKind, AlertSubscriptionState } from '../graphql/enums.js';
import { sealed } from '../graphql/errors.js';
import { alertsBehind } from './alerts-behind.js';
import type { SubscriptionSight, TrialSubscriptions } from './trial-subscriptions.js';
import type { Webhooks } from './webhooks.js';

/** Who is sent alerts, and what became of each. */
export function alertSubscriptionResolvers(
  subscriptions: TrialSubscriptions,
  deliveries: DeliveryLog,
  topics: KafkaRelayStore,
  webhooks: Webhooks,
  events: Pick<EventsOfTypes, 'read'>,
) {
  const keyOf = ({ subscription: { terms } }: SubscriptionSight) => ({
    trial: terms.trial,
    subscription: terms.subscription,
  });
  const listed = async (sight: SubscriptionSight, page: PageArguments, state?: Delivery['state']) => {
    const request = pageRequest(page);
    const found = await deliveries.read(sight.tenant, keyOf(sight), state);
    return pageOf(request, found, ({ position, message }) => `${newestFirst(position)} ${message}`);
  };
  const lagOfTopic = async (sight: SubscriptionSight) => {
    const { trial, subscription } = keyOf(sight);
    const relays = await topics.relays(sight.tenant, trial);
    const relay = relays.find((each) => each.subscription === subscription);
    const isClosed = sight.subscription.kind === 'closed';
    return {
      behind: isClosed ? 0 : await alertsBehind(events, sight, relay?.position ?? sight.position),
      ...{ waiting: 0, collected: 0, stalled: false },
      deliveredAt: relay?.publishedAt ?? null,
      failure: relay?.failure?.code ?? null,
      failingSince: relay?.failure?.since ?? null,
    };
  };
  const settle =
    (decision: 'again' | 'forget') =>
    async (
      _root: unknown,
      { input: { trial, subscription, messages } }: { input: GivenDeadLetters },
      { viewer }: { viewer: Viewer },
    ) =>
      mayManage(viewer, trial)
        ? deliveries.settle(viewer.tenant, { trial, subscription }, messages ?? undefined, decision)
        : 0;
  return {
    Trial: {
      alertSubscriptions: async ({ tenant, trial, viewer }, page) => {
        const request = pageRequest(page);
        const reach = viewer.reach('alertSubscriptions', trial);
        if (reach.kind === 'sealed') throw sealed(reach.reason);
        // Whoever sees a part of a trial only is told nothing of who else is told.
        const found = reach.kind === 'whole' ? await subscriptions.of(tenant, trial) : [];
        return pageOf(request, found, ({ position }) => newestFirst(position));
      },
    },
    Mutation: {
      sendTestAlert: async (_root, { input: { trial, subscription } }, { viewer }) => {
        if (!mayManage(viewer, trial)) return null;
        const found = await subscriptions.one(viewer.tenant, trial, subscription);
        return (found && (await webhooks.test(found))) ?? null;
      },
      retryDeadLetters: settle('again'),
      discardDeadLetters: settle('forget'),
    },
    CommandAccepted: {
      webhookSecret: ({ events: added }) => {
        const secrets = added.map((event) => secretIn(event, webhooks));
        return secrets.find((secret) => secret !== undefined) ?? null;
      },
    },
    AlertSubscription: {
      id: ({ subscription: { terms } }) => terms.subscription,
      name: ({ subscription: { terms } }) => terms.name,
      state: ({ subscription: { kind } }) => kind satisfies AlertSubscriptionState,
      sink: ({ subscription: { terms } }) => ({
        ...{ url: null, topic: null, ...terms.sink },
        kind: terms.sink.kind satisfies AlertSinkKind,
      }),
      audience: ({ subscription: { terms } }) => terms.audience,
      filter: ({ subscription: { terms } }) => terms.filter,
      digest: ({ subscription: { terms } }) => terms.digest ?? null,
      quietHours: ({ subscription: { terms } }) => terms.quietHours ?? null,
      openedAt: ({ subscription: { openedAt } }) => openedAt,
      stoppedAt: ({ subscription }) => (subscription.kind === 'active' ? null : subscription.stoppedAt),
      secretRotatedAt: ({ subscription: { secrets } }) => secrets.since ?? null,
      lag: async (sight) => {
        const { tenant, subscription, position } = sight;
        if (subscription.terms.sink.kind === 'kafka') return lagOfTopic(sight);
        const standing = await deliveries.standing(tenant, keyOf(sight));
        const { waiting, collected, stalled, deliveredAt } = standing;
        const behind =
          subscription.kind === 'closed' ? 0 : await alertsBehind(events, sight, standing.position ?? position);
        return { behind, waiting, collected, stalled, deliveredAt: deliveredAt ?? null, ...unfailing };
      },
      deliveries: (sight, page) => listed(sight, page),
      deadLetters: (sight, page) => listed(sight, page, 'dead'),
    },
    AlertDelivery: {
      kind: ({ kind }) => kind satisfies AlertDeliveryKind,
      state: ({ state }) => state satisfies AlertDeliveryState,
      site: ({ kind, lane }) => (kind === 'alert' ? lane : null),
      nextAttemptAt: ({ nextAt }) => nextAt ?? null,
      finishedAt: ({ finishedAt }) => finishedAt ?? null,
    },
    AlertAttempt: {
      status: ({ status }) => status ?? null,
      why: ({ why }) => why ?? null,
    },
  } satisfies Resolvers;
}

/** Of a webhook every message has its own story. */
const unfailing = { failure: null, failingSince: null };

interface GivenDeadLetters {
  readonly trial: string;
  readonly subscription: string;
  readonly messages?: readonly string[] | null | undefined;
}

/** Asked again where it is known of which trial: a trial that is none of the viewer's is one that is not there. */
const mayManage = (viewer: Viewer, trial: string): boolean =>
  viewer.mayGive('openAlertSubscription', trial).kind === 'whole';

/** The secret that an event is the beginning of; undefined of any other event. */
function secretIn({ tenant, type, payload }: RecordedEvent, webhooks: Webhooks): string | undefined {
  if (type !== 'AlertSubscriptionOpened' && type !== 'AlertSecretRotated') return undefined;
  const data = JSON.parse(payload) as Extract<AlertSubscriptionEvent, { type: typeof type }>['data'];
  if ('sink' in data && data.sink.kind !== 'webhook') return undefined;
  return webhooks.secretOf(tenant, data.trial, data.subscription, 'generation' in data ? data.generation : 1);
}
