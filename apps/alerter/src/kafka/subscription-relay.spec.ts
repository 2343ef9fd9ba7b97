import { EventCatalogue, type Position, type RecordedEvent, uuidV5 } from '@cairn/event-sourcing';
import { type KafkaRelay, PublishFailed, type TopicMessage } from '@cairn/platform/kafka';
import {
  type AlertSubscriptionTerms,
  type SignalEvent,
  signalsEventTypes,
  type SubscriptionInForce,
} from '@cairn/signals';
import fc from 'fast-check';
import { type RelayTools, SubscriptionRelay } from './subscription-relay.js';

const catalogue = new EventCatalogue([...signalsEventTypes]);
const trial = 'enrich';

/** A log of signals, a checkpoint and a topic, in memory. */
class World {
  readonly log: RecordedEvent[] = [];
  readonly topic: string[] = [];
  relay: KafkaRelay | undefined;
  /** Called before each publication; what it throws is its outcome. */
  beforePublishing: (messages: readonly TopicMessage[]) => void = () => undefined;

  record(count: number): void {
    for (let left = count; left > 0; left--) {
      const position = BigInt(this.log.length + 1);
      const signal = uuidV5(`signal ${position}`);
      const event: SignalEvent = {
        type: 'SignalReturned',
        occurredAt: 0,
        data: {
          ...{ trial, signal, site: 'S1', rule: 'r', subject: { kind: 'site', id: 'S1' } },
          ...{ severity: 'warning', audience: 'delivery' },
        },
      };
      const id = uuidV5(`event ${position}`);
      const of = { stream: 's', revision: 0, recordedAt: 0, actor: 'a', commandId: id, correlationId: id };
      this.log.push({ ...catalogue.encode(event), ...of, id, tenant: 'a', position, causationId: id, metadata: {} });
    }
  }

  relayTo(topic = 'cairn.a.alerts') {
    const tools: RelayTools = {
      topicPrefix: 'cairn.{tenant}.',
      catalogue,
      store: { head: async () => BigInt(this.log.length) },
      events: {
        read: async (_, __, { after = 0n, limit }) =>
          this.log.filter(({ position }) => position > after).slice(0, limit),
      },
      publisher: {
        publish: async (_, messages) => {
          this.beforePublishing(messages);
          this.topic.push(...messages.map(({ headers }) => headers['ce_id']!));
        },
        forget: async () => undefined,
        close: async () => undefined,
      },
      relays: {
        begin: async (_: string, key: { trial: string; subscription: string }, after: Position) =>
          (this.relay ??= { ...key, position: after, replayed: 0n, failure: undefined, publishedAt: undefined }),
        advance: async (_: string, __: unknown, { before, last }: { before: Position; last: Position }) => {
          if (this.relay!.position !== before) return false;
          this.relay = { ...this.relay!, position: last, failure: undefined };
          return true;
        },
        replay: async (_: string, __: unknown, { after, requestedAt }: { after: Position; requestedAt: Position }) => {
          const { position } = this.relay!;
          this.relay = { ...this.relay!, position: after < position ? after : position, replayed: requestedAt };
        },
      } as unknown as RelayTools['relays'],
    };
    const relay = new SubscriptionRelay('a', { trial, subscription: 's' }, tools);
    return (more: Partial<SubscriptionInForce> = {}) => {
      const terms: AlertSubscriptionTerms = {
        ...{ trial, subscription: 's', name: 's', sink: { kind: 'kafka', topic } },
        ...{ audience: 'delivery', filter: {} },
      };
      const subscription = { kind: 'active', terms, openedAt: 0, secrets: { current: 1, since: undefined } } as const;
      return relay.step({ subscription, openedAt: 0n, changedAt: 1n, replay: undefined, ...more });
    };
  }

  get ids(): readonly string[] {
    return this.log.map(({ id }) => id);
  }
}

async function untilDone(step: () => Promise<{ readonly more: boolean }>): Promise<void> {
  while ((await step()).more);
}

it('publishes page by page in the order of the log, and nothing twice when nothing failed', async () => {
  const world = new World();
  world.record(450);
  const step = world.relayTo();
  await untilDone(step);
  world.record(3);
  await untilDone(step);
  expect(world.topic).toEqual(world.ids);
});

it('shows every alert first in its order, whatever fails, whoever else is at it and whatever is asked for again', async () => {
  const happening = fc.oneof(
    fc.record({ what: fc.constant('record' as const), count: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ what: fc.constant('step' as const), who: fc.nat(1) }),
    fc.record({ what: fc.constant('fail' as const), who: fc.nat(1), taken: fc.nat(300) }),
    fc.record({ what: fc.constant('replay' as const), who: fc.nat(1), after: fc.nat(600) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 25 }), async (happenings) => {
      const world = new World();
      const relays = [world.relayTo(), world.relayTo()];
      let requestedAt = 0n;
      for (const each of happenings) {
        if (each.what === 'record') world.record(each.count);
        if (each.what === 'step') await relays[each.who]!();
        if (each.what === 'replay') {
          const after = BigInt(Math.min(each.after, world.log.length));
          await relays[each.who]!({ replay: { after, requestedAt: ++requestedAt } });
        }
        if (each.what === 'fail') {
          // Some got there, and nobody was told.
          world.beforePublishing = (messages) => {
            world.topic.push(...messages.slice(0, each.taken).map(({ headers }) => headers['ce_id']!));
            throw new PublishFailed('TIMED_OUT');
          };
          await relays[each.who]!().catch(() => undefined);
          world.beforePublishing = () => undefined;
        }
        const first = [...new Set(world.topic)];
        expect(first).toEqual(world.ids.slice(0, first.length));
      }
      await untilDone(relays[0]!);
      expect([...new Set(world.topic)]).toEqual(world.ids);
    }),
  );
});

it('publishes by halves where a topic takes less at once, and waits with one that is too large by itself', async () => {
  const world = new World();
  world.record(100);
  const step = world.relayTo();
  world.beforePublishing = (messages) => {
    if (messages.length > 30) throw new PublishFailed('MESSAGE_TOO_LARGE');
  };
  await untilDone(step);
  expect(world.topic).toEqual(world.ids);
  world.record(2);
  world.beforePublishing = (messages) => {
    if (messages.length > 0) throw new PublishFailed('MESSAGE_TOO_LARGE');
  };
  await expect(step()).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
  expect(world.relay!.position).toBe(100n);
});

it.each(['alerts', 'cairn.b.alerts', '__consumer_offsets'])(
  'publishes nothing to %s, which is not the tenant’s',
  async (topic) => {
    const world = new World();
    world.record(1);
    await expect(world.relayTo(topic)()).rejects.toMatchObject({ code: 'TOPIC_REFUSED' });
    expect(world.topic).toEqual([]);
  },
);

it('stops at an event that this code cannot read, and passes over none', async () => {
  const world = new World();
  world.record(2);
  world.log[1] = { ...world.log[1]!, schemaVersion: 99 };
  await expect(world.relayTo()()).rejects.toMatchObject({ code: 'EVENT_UNREADABLE' });
  expect(world.topic).toEqual([]);
});
