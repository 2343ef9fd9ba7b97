import { CommandHandler } from '@cairn/event-sourcing';
import { EventsOfTypes } from '@cairn/platform';
import { DeliveryQueue } from '@cairn/platform/deliveries';
import { EgressGuard, WebhookSender } from '@cairn/platform/webhooks';
import { standardSchedule } from '@cairn/signals';
import type { Part } from '../part.js';
import type { AlerterTools } from '../tools.js';
import { relayObserver } from './relay-observer.js';
import { trialZones } from './trial-zones.js';
import { WebhookRelay } from './webhook-relay.js';

/** Dead letters that a subscription may have before nothing more is sent to it. */
const DEAD_LETTERS = 500;

/** What sends webhooks. @param secret what their secrets follow from */
export function relayPart(
  { configuration, store, traced, leases, database, catalogue, logger, registry, now }: AlerterTools,
  secret: string,
): Part {
  const handler = new CommandHandler(store, catalogue);
  return new WebhookRelay({
    ...{ store, leases, catalogue, handler, secret, now },
    events: new EventsOfTypes(database),
    queue: new DeliveryQueue(database),
    sender: new WebhookSender(new EgressGuard(configuration.webhookNetworks), now),
    schedule: standardSchedule,
    deadLetters: DEAD_LETTERS,
    zoneOf: trialZones(handler),
    random: Math.random,
    observer: relayObserver(registry, logger, traced),
  });
}
