import { randomUUID } from 'node:crypto';
import type { Fact, Position, TenantId } from '@cairn/event-sourcing';
import { EventCatalogue } from '@cairn/event-sourcing';
import { type Database, EventsOfTypes, type PostgresEventStore } from '@cairn/platform';
import {
  type AlertSubscriptionEvent,
  type AlertSubscriptionTerms,
  alertedTypes,
  alertOf,
  alertSubscriptionStream,
  type RecordedAlert,
  type SignalEvent,
  signalId,
  signalsEventTypes,
  signalStream,
} from '@cairn/signals';

const catalogue = new EventCatalogue([...signalsEventTypes]);

/** Records signals of a trial as the watch does, without facts that they would follow from. */
export async function recordSignals(
  store: PostgresEventStore,
  tenant: TenantId,
  trial: string,
  signals: readonly { readonly site: string; readonly cause: string; readonly audience?: 'open' | 'delivery' }[],
): Promise<void> {
  await Promise.all(
    signals.map(async ({ site, cause, audience = 'delivery' }) => {
      const subject = { kind: 'site' as const, id: site };
      const signal = signalId(trial, 'supervision_gap', subject, cause);
      const event: SignalEvent = {
        type: 'SignalRaised',
        occurredAt: Date.parse('2024-03-01T08:00:00Z'),
        data: {
          ...{ trial, signal, site, rule: 'supervision_gap', subject, severity: 'critical', audience },
          ...{ ruleVersion: 'default/1', cause, numbers: {}, events: [] },
        },
      };
      await append(store, tenant, signalStream(trial, signal), event);
    }),
  );
}

/** Records what somebody asked for, as the api does. */
export function recordSubscription(
  store: PostgresEventStore,
  tenant: TenantId,
  event: Pick<AlertSubscriptionEvent, 'type' | 'data'>,
): Promise<void> {
  const { trial, subscription } = event.data;
  const whole = { ...event, occurredAt: Date.now() } as AlertSubscriptionEvent;
  return append(store, tenant, alertSubscriptionStream(trial, subscription), whole);
}

/** What a subscriber to a topic may ask for. */
export const toTopic = (
  trial: string,
  subscription: string,
  topic: string,
  more: Partial<AlertSubscriptionTerms> = {},
): Pick<Extract<AlertSubscriptionEvent, { type: 'AlertSubscriptionOpened' }>, 'type' | 'data'> => ({
  type: 'AlertSubscriptionOpened',
  data: {
    trial,
    subscription,
    name: subscription,
    sink: { kind: 'kafka', topic },
    audience: 'delivery',
    filter: {},
    ...more,
  },
});

/** All alerts of a tenant after a position, in the order of the log. */
export async function recordedAlerts(
  database: Database,
  tenant: TenantId,
  after: Position = 0n,
): Promise<readonly RecordedAlert[]> {
  const events = await new EventsOfTypes(database).read(tenant, alertedTypes, { after, limit: 1_000_000 });
  return events.map((event) => alertOf(catalogue.decode(event) as Fact<SignalEvent>));
}

async function append(
  store: PostgresEventStore,
  tenant: TenantId,
  stream: string,
  event: SignalEvent | AlertSubscriptionEvent,
): Promise<void> {
  const outcome = await store.append(tenant, {
    stream,
    expected: 'any',
    commandId: randomUUID(),
    actor: 'test',
    events: [catalogue.encode(event)],
  });
  if (outcome.kind !== 'appended') throw new Error(`not appended: ${outcome.kind}`);
}
