import { EventCatalogue, type Fact, type Position, type TenantId } from '@cairn/event-sourcing';
import type { EventsOfTypes } from '@cairn/platform';
import {
  type AlertSubscription,
  type AlertSubscriptionEvent,
  alertSubscriptionEventTypes,
  alertSubscriptionStream,
  evolveSubscription,
  noSubscription,
} from '@cairn/signals';

/** A subscription as it stands. */
export interface SubscriptionSight {
  readonly tenant: TenantId;
  readonly subscription: Exclude<AlertSubscription, { kind: 'none' }>;
  /** Of its opening. */
  readonly position: Position;
}

const catalogue = new EventCatalogue(alertSubscriptionEventTypes);
const types = alertSubscriptionEventTypes.map(({ type }) => type);
const PAGE = 1_000;

/** The subscriptions of trials, from the log. */
export class TrialSubscriptions {
  constructor(private readonly events: Pick<EventsOfTypes, 'read'>) {}

  /** All that were ever opened, the last one first. */
  async of(tenant: TenantId, trial: string): Promise<readonly SubscriptionSight[]> {
    const found = new Map<string, SubscriptionSight>();
    const streamsUnder = alertSubscriptionStream(trial, '').slice(0, -1);
    for (let after: Position | undefined; ;) {
      const page = await this.events.read(tenant, types, { after, limit: PAGE, streamsUnder });
      for (const recorded of page) {
        const event = catalogue.decode(recorded) as unknown as Fact<AlertSubscriptionEvent>;
        const id = event.data.subscription;
        const before = found.get(id);
        const subscription = evolveSubscription(before?.subscription ?? noSubscription, event);
        if (subscription.kind === 'none') continue;
        found.set(id, { tenant, subscription, position: before?.position ?? event.position });
      }
      after = page.at(-1)?.position;
      if (page.length < PAGE) return [...found.values()].toReversed();
    }
  }

  async one(tenant: TenantId, trial: string, id: string): Promise<SubscriptionSight | undefined> {
    const all = await this.of(tenant, trial);
    return all.find(({ subscription }) => subscription.terms.subscription === id);
  }
}
