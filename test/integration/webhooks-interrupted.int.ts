import type { WebhookMessage, WebhookOutcome } from '@cairn/platform/webhooks';
import fc from 'fast-check';
import { until } from '../support/projection-kit.js';
import { drain, relayKit, type RelayKit, type RelayTenant } from '../support/relay-kit.js';
import { rounds } from '../support/rounds.js';

const MINUTE = 60_000;

interface Sent {
  readonly id: string;
  readonly site: string;
  readonly taken: boolean;
}

/** A recipient within the process: what it took, in order. */
class Taken {
  readonly sent: Sent[] = [];
  answer: () => WebhookOutcome = () => ({ kind: 'delivered', status: 200 });

  readonly send = async ({ id, body }: WebhookMessage): Promise<WebhookOutcome> => {
    const { partitionkey: site } = JSON.parse(body) as { readonly partitionkey: string };
    const outcome = this.answer();
    this.sent.push({ id, site, taken: outcome.kind === 'delivered' });
    return outcome;
  };

  /** What it did, who keeps the ids of what they have done already. */
  effects(site: string): readonly string[] {
    return [...new Set(this.sent.filter((each) => each.taken && each.site === site).map(({ id }) => id))];
  }
}

class Killed extends Error {
  override readonly name = 'Killed';
}

describe('webhooks, interrupted', () => {
  let kit: RelayKit;
  let tenant: RelayTenant;
  beforeAll(async () => {
    kit = await relayKit();
  });
  beforeEach(async () => {
    kit.failures.splice(0);
    tenant = kit.tenant();
    await tenant.open('s', 'http://127.0.0.1:1/');
  });
  afterAll(() => kit.stop());

  /** A queue that is gone after so many calls: nothing of what is asked of it then is done. */
  function mortal(calls: number): RelayKit['queue'] {
    let left = calls;
    return new Proxy(kit.queue, {
      get: (queue, name) => {
        const method: unknown = Reflect.get(queue, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]): unknown => {
          if (left-- <= 0) throw new Killed();
          return (method as (...given: unknown[]) => unknown).apply(queue, args);
        };
      },
    });
  }

  it('between the answer and its note: sent again under the same id, once the claim has run out', async () => {
    const [alert] = await tenant.raise(['S1']);
    const taken = new Taken();
    const dying = { attempted: () => Promise.reject(new Killed()) };
    const queue = new Proxy(kit.queue, {
      get: (given, name) => (Reflect.get(name in dying ? dying : given, name) as () => unknown).bind(given),
    });
    await drain(kit.relay({ queue, sender: taken }), tenant);
    expect(kit.failures.splice(0)).toEqual([new Killed()]);
    await drain(kit.relay({ sender: taken }), tenant);
    expect(taken.sent.map(({ id }) => id)).toEqual([alert]);
    kit.clock.now += MINUTE;
    await drain(kit.relay({ sender: taken }), tenant);
    expect(taken.sent.map(({ id }) => id)).toEqual([alert, alert]);
    kit.clock.now += MINUTE;
    await drain(kit.relay({ sender: taken }), tenant);
    expect(taken.sent).toHaveLength(2);
  });

  it('anywhere, any number of times: every alert has its effect once, in the order of its site', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('S1', 'S2', 'S3'), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 6 }),
        fc.infiniteStream(fc.boolean()),
        async (sites, lives, healthy) => {
          tenant = kit.tenant();
          await tenant.open('s', 'http://127.0.0.1:1/');
          const taken = new Taken();
          let answers = 0;
          taken.answer = () =>
            answers++ > 30 || healthy.next().value
              ? { kind: 'delivered', status: 200 }
              : { kind: 'rejected', status: 500 };
          const half = sites.length >> 1;
          const alerts = await tenant.raise(sites.slice(0, half));
          for (const [index, calls] of lives.entries()) {
            const relay = kit.relay({ queue: mortal(calls), sender: taken, deadLetters: 100 });
            await drain(relay, tenant).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
            await relay.settled();
            kit.clock.now += MINUTE;
            if (index === 0) alerts.push(...(await tenant.raise(sites.slice(half))));
          }
          if (lives.length === 0) alerts.push(...(await tenant.raise(sites.slice(half))));
          const relay = kit.relay({ sender: taken, deadLetters: 100 });
          for (let pass = 0; pass < 60; pass++) {
            await drain(relay, tenant);
            const { waiting, dead } = await kit.log.standing(tenant.id, { trial: 'x', subscription: 's' });
            if (dead > 0) await kit.log.settle(tenant.id, { trial: 'x', subscription: 's' }, undefined, 'again');
            else if (waiting === 0) break;
            kit.clock.now += MINUTE;
          }
          const expected = (site: string) => alerts.filter((_, index) => sites[index] === site);
          for (const site of ['S1', 'S2', 'S3']) {
            const effects = taken.effects(site);
            expect(effects.toSorted()).toEqual(expected(site).toSorted());
            // A dead letter lets others pass; with none, the order is that of the log.
            if (kit.seen.dead === 0) expect(effects).toEqual(expected(site));
          }
          kit.seen.dead = 0;
          expect(kit.failures.splice(0).every((error) => error instanceof Killed)).toBe(true);
        },
      ),
      { numRuns: rounds({ ci: 12, night: 200 }) },
    );
  });

  it('by nobody, but with several relays at once: every alert once, in the order of its site', async () => {
    const sites = Array.from({ length: 60 }, (_, index) => `S${index % 3}`);
    const alerts = await tenant.raise(sites);
    const taken = new Taken();
    await Promise.all(Array.from({ length: 3 }, () => drain(kit.relay({ sender: taken }), tenant)));
    await drain(kit.relay({ sender: taken }), tenant);
    expect(taken.sent).toHaveLength(alerts.length);
    for (const site of ['S0', 'S1', 'S2']) {
      expect(taken.effects(site)).toEqual(alerts.filter((_, index) => sites[index] === site));
    }
  });

  it('by a recipient that does not answer: others get theirs meanwhile', async () => {
    await tenant.open('slow', 'http://127.0.0.1:2/');
    const sites = Array.from({ length: 12 }, (_, index) => `S${index}`);
    const alerts = await tenant.raise(sites);
    const taken = new Taken();
    const slow: (() => void)[] = [];
    const send = (message: WebhookMessage): Promise<WebhookOutcome> =>
      message.url.endsWith(':2/')
        ? new Promise((resolve) => slow.push(() => resolve({ kind: 'unreachable', why: 'time' })))
        : taken.send(message);
    const relay = kit.relay({ sender: { send } });
    for (let looks = 0; taken.sent.length < alerts.length && looks < 100; looks++) await relay.look(tenant.id);
    expect(taken.sent.map(({ id }) => id).toSorted()).toEqual(alerts.toSorted());
    // So many at once and no more.
    expect(slow).toHaveLength(4);
    for (const end of slow) end();
    await relay.settled();
  });

  it('by nobody, at work by itself: what is recorded is sent, and what is under way ends with it', async () => {
    const taken = new Taken();
    const relay = kit.relay({ sender: taken, lookEveryMs: 20 });
    // It works for all tenants, those of other tests too.
    const sent = (ids: readonly string[]) => async () => taken.sent.filter(({ id }) => ids.includes(id)).length;
    await relay.start();
    try {
      const alerts = await tenant.raise(['S1', 'S2', 'S1']);
      await until(sent(alerts), (count) => count === 3);
      const late = kit.tenant();
      await late.open('s', 'http://127.0.0.1:1/');
      taken.answer = () => ({ kind: 'rejected', status: 500 });
      const again = await late.raise(['S1']);
      await until(sent(again), (count) => count === 1);
      taken.answer = () => ({ kind: 'delivered', status: 200 });
      kit.clock.now += MINUTE;
      await until(sent(again), (count) => count === 2);
    } finally {
      await relay.stop();
    }
    expect(kit.failures).toEqual([]);
  });
});
