import type { Fact, Position } from '@cairn/event-sourcing';
import type { AlertSubscriptionEvent } from './events.js';
import { type AlertSubscription, evolveSubscription, noSubscription } from './subscription.js';

/** A subscription that is not closed, with the places of the log that whoever delivers goes by. */
export interface SubscriptionInForce {
  readonly subscription: Extract<AlertSubscription, { kind: 'active' | 'paused' | 'disabled' }>;
  /** What was recorded up to here is sent by a replay only. */
  readonly openedAt: Position;
  /** Of the last event of its stream: whoever has taken in as much knows it as it is. */
  readonly changedAt: Position;
  /** The last that was asked for. */
  readonly replay: { readonly after: Position; readonly requestedAt: Position } | undefined;
}

/** The subscriptions of a tenant that are not closed, folded from its log. */
export class SubscriptionsInForce {
  private readonly byName = new Map<string, SubscriptionInForce>();

  /** Takes in the next event of the log; an event that was taken in before changes nothing. */
  apply(event: Fact<AlertSubscriptionEvent>): void {
    const { trial, subscription: id } = event.data;
    const name = nameOf(trial, id);
    const before = this.byName.get(name);
    if (before && event.position <= before.changedAt) return;
    const subscription = evolveSubscription(before?.subscription ?? noSubscription, event);
    if (subscription.kind === 'none' || subscription.kind === 'closed') {
      this.byName.delete(name);
      return;
    }
    const { position } = event;
    this.byName.set(name, {
      subscription,
      openedAt: before?.openedAt ?? position,
      changedAt: position,
      replay:
        event.type === 'AlertReplayRequested'
          ? { after: BigInt(event.data.after), requestedAt: position }
          : before?.replay,
    });
  }

  get(trial: string, subscription: string): SubscriptionInForce | undefined {
    return this.byName.get(nameOf(trial, subscription));
  }

  all(): readonly SubscriptionInForce[] {
    return [...this.byName.values()];
  }
}

const nameOf = (trial: string, subscription: string): string => JSON.stringify([trial, subscription]);
