import type { Fact } from '@cairn/event-sourcing';
import type { AlertSubscriptionEvent } from './events.js';
import { SubscriptionsInForce } from './open-subscriptions.js';

let position = 0n;
const fact = (type: AlertSubscriptionEvent['type'], subscription: string, data: object = {}) =>
  ({
    type,
    occurredAt: 0,
    position: ++position,
    data: { trial: 't', subscription, filter: {}, ...data },
  }) as unknown as Fact<AlertSubscriptionEvent>;

it('has what is not closed, as it is, with its places in the log', () => {
  const events = [
    fact('AlertSubscriptionOpened', 'a'),
    fact('AlertSubscriptionOpened', 'b'),
    fact('AlertSubscriptionPaused', 'a'),
    fact('AlertReplayRequested', 'b', { after: '0' }),
    fact('AlertSubscriptionOpened', 'c'),
    fact('AlertSubscriptionClosed', 'c'),
    fact('AlertSubscriptionChanged', 'b', { name: 'Another' }),
  ];
  const inForce = new SubscriptionsInForce();
  for (const event of events) inForce.apply(event);
  const seen = () =>
    inForce.all().map(({ subscription: { terms, kind }, openedAt, changedAt, replay }) => ({
      ...{ id: terms.subscription, name: terms.name, kind },
      ...{ openedAt, changedAt, replay },
    }));
  const expected = [
    { id: 'a', name: undefined, kind: 'paused', openedAt: 1n, changedAt: 3n, replay: undefined },
    { id: 'b', name: 'Another', kind: 'active', openedAt: 2n, changedAt: 7n, replay: { after: 0n, requestedAt: 4n } },
  ];
  expect(seen()).toEqual(expected);
  expect(inForce.get('t', 'c')).toBeUndefined();
  for (const event of events.slice(0, 4)) inForce.apply(event);
  expect(seen()).toEqual(expected);
});
