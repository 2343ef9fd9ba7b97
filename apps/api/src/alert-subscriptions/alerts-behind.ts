import { EventCatalogue, type Fact, type Position, streamName } from '@cairn/event-sourcing';
import type { EventsOfTypes } from '@cairn/platform';
import { alertedTypes, alertOf, isFor, type SignalEvent, signalEventTypes } from '@cairn/signals';
import type { SubscriptionSight } from './trial-subscriptions.js';

/** As many are counted. */
const MOST = 1_000;

const catalogue = new EventCatalogue(signalEventTypes);

/** How many alerts of the log after a position a subscription asks for, up to a thousand of the trial's. */
export async function alertsBehind(
  events: Pick<EventsOfTypes, 'read'>,
  { tenant, subscription: { terms } }: SubscriptionSight,
  after: Position,
): Promise<number> {
  const found = await events.read(tenant, alertedTypes, { after, limit: MOST, streamsUnder: streamName(terms.trial) });
  return found.filter((event) => isFor(terms, alertOf(catalogue.decode(event) as Fact<SignalEvent>))).length;
}
