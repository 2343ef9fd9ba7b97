import { randomUUID } from 'node:crypto';
import { CommandHandler, EventCatalogue, type EventStore } from '@cairn/event-sourcing';
import { Database, EventsOfTypes, PostgresEventStore } from '@cairn/platform';
import { DeliveryLog, DeliveryQueue } from '@cairn/platform/deliveries';
import { EgressGuard, readNetworks, WebhookSender } from '@cairn/platform/webhooks';
import {
  alertSubscriptionStream,
  type AlertSubscriptionEvent,
  type AlertSubscriptionTerms,
  signalsEventTypes,
  type Severity,
} from '@cairn/signals';
import { WebhookRelay, type WebhookRelayTools } from '../../apps/alerter/src/relay/webhook-relay.js';
import { raiseSignal } from './signals.js';
import { createTestDatabase } from './test-database.js';

const SECOND = 1_000;
export const RELAY_SECRET = 'a secret of the installation, for tests';

const catalogue = new EventCatalogue(signalsEventTypes);

/**
 * Relays of webhooks, whose clock stands still until it is moved.
 * @param given a database that others use too; otherwise it is one of its own
 */
export async function relayKit(given?: { readonly url: string }) {
  const database = given ? undefined : await createTestDatabase();
  const url = given?.url ?? database!.services.alerter;
  const store = new PostgresEventStore({ url, role: 'cairn_alerter', applicationName: 'test relay log' });
  const alerter = new Database({ url, role: 'cairn_alerter', applicationName: 'test relay' });
  const service = new Database({
    url: given?.url ?? database!.services.api,
    role: 'cairn_service',
    applicationName: 'test api',
  });
  const clock = { now: Date.parse('2026-06-01T12:00:00Z') };
  const queue = new DeliveryQueue(alerter);
  const failures: unknown[] = [];
  const seen = { dead: 0, disabled: 0, stalled: 0 };
  const guard = new EgressGuard(readNetworks('loopback')!);
  const tools = (): WebhookRelayTools => ({
    ...{ store, queue, catalogue },
    events: new EventsOfTypes(alerter),
    sender: new WebhookSender(guard, () => clock.now),
    handler: new CommandHandler(store, catalogue),
    secret: RELAY_SECRET,
    schedule: { pauses: [5 * SECOND, 60 * SECOND], longestWait: 600 * SECOND },
    deadLetters: 3,
    zoneOf: async () => 'Europe/London',
    now: () => clock.now,
    random: () => 0,
    observer: {
      attempted: () => undefined,
      dead: () => (seen.dead += 1),
      disabled: () => (seen.disabled += 1),
      stalled: (_tenant, webhooks) => (seen.stalled = webhooks),
      failed: (_tenant, error) => failures.push(error),
    },
  });
  return {
    ...{ store, alerter, service, queue, clock, failures, seen, tools },
    log: new DeliveryLog(service),
    relay: (others: Partial<WebhookRelayTools> = {}) => new WebhookRelay({ ...tools(), ...others }),
    tenant: () => new RelayTenant(`t-${randomUUID()}`, store, clock),
    stop: async () => {
      await Promise.all([store.close(), alerter.close(), service.close()]);
      await database?.drop();
    },
  };
}
export type RelayKit = Awaited<ReturnType<typeof relayKit>>;

/** Records what relays go by, in a log of its own. */
export class RelayTenant {
  constructor(
    readonly id: string,
    private readonly store: EventStore,
    private readonly clock: { readonly now: number },
  ) {}

  /** @returns the ids of the alerts of so many signals that were raised */
  async raise(
    sites: readonly string[],
    { severity = 'warning', audience = 'open' }: { severity?: Severity; audience?: 'open' | 'delivery' } = {},
  ): Promise<string[]> {
    const ids: string[] = [];
    for (const site of sites) {
      ids.push(
        await raiseSignal(this.store, this.id, { trial: 'x', rule: 'supervision_gap', site, severity, audience }),
      );
    }
    return ids;
  }

  async open(subscription: string, url: string, terms: Partial<AlertSubscriptionTerms> = {}): Promise<void> {
    await this.say('AlertSubscriptionOpened', subscription, {
      ...{ name: subscription, sink: { kind: 'webhook', url }, audience: 'open', filter: {} },
      ...terms,
    });
  }

  async say(type: AlertSubscriptionEvent['type'], subscription: string, data: object = {}): Promise<void> {
    const stream = alertSubscriptionStream('x', subscription);
    const event = { type, occurredAt: this.clock.now, data: { trial: 'x', subscription, ...data } };
    const events = [catalogue.encode(event)];
    await this.store.append(this.id, { stream, commandId: randomUUID(), expected: 'any', actor: 'tests', events });
  }
}

/** Looks until there is nothing to do at the time that the clock shows. */
export async function drain(relay: WebhookRelay, { id }: RelayTenant): Promise<void> {
  for (let more = true; more; await relay.settled()) more = await relay.look(id);
}
