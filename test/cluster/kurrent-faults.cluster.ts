import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventId, EventStoreUnavailable, LOG_START, type RecordedEvent } from '@cairn/event-sourcing';
import { KurrentEventStore } from '@cairn/platform/kurrent';
import { anAppend, anEvent, newTenant, times, until } from '../contracts/event-store/store-under-test.js';
import type { Faults } from '../support/kurrent/faults.js';
import { type KurrentFake, startKurrentFake } from '../support/kurrent/fake-server.js';
import { naiveLoad } from '../support/kurrent/naive-load.js';

/** Longest time from the end of a fault until appends are taken again. */
const HEALED_WITHIN_MS = 10_000;

describe('KurrentDB that fails', () => {
  let kurrent: KurrentFake;
  const opened: KurrentEventStore[] = [];
  const open = (options: { readonly retryAfter?: readonly number[]; readonly deadline?: number } = {}) => {
    const store = new KurrentEventStore({ url: kurrent.url, applicationName: 'faults', ...options });
    opened.push(store);
    return store;
  };
  let ended = false;
  beforeEach(async () => {
    ended = false;
    kurrent = await startKurrentFake({ nodes: 3 });
  });
  afterEach(async () => {
    ended = true;
    kurrent.faults.clear();
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await kurrent.stop();
  });

  /** Appends to some streams until told to stop; what was acknowledged, and how else it ended. */
  function load(store: KurrentEventStore, tenant: string) {
    const acknowledged: string[] = [];
    const errors: unknown[] = [];
    const acknowledgedAt: number[] = [];
    let stopping = false;
    const writers = times(4, async (writer) => {
      while (!stopping) {
        const append = anAppend({ stream: `s${writer}`, events: times(3, anEvent) });
        // As a caller does that wants the command done: the same one again, until its outcome is known.
        while (!stopping) {
          try {
            await store.append(tenant, append);
            acknowledged.push(append.commandId);
            acknowledgedAt.push(performance.now());
            break;
          } catch (error) {
            errors.push(error);
            // A store that is closed fails at once, for ever: a test that failed in the middle must end too.
            await new Promise((resolve) => setTimeout(resolve, 5));
            stopping ||= ended;
          }
        }
      }
    });
    const stop = async (): Promise<void> => {
      stopping = true;
      await Promise.all(writers);
    };
    return { acknowledged, acknowledgedAt, errors, stop };
  }

  /** What is wrong with a log: empty when every acknowledged append is there once and whole, in its stream's order. */
  function wrongs(log: readonly RecordedEvent[], acknowledged: readonly string[]): string[] {
    const found: string[] = [];
    const commands = Map.groupBy(log, (event) => event.commandId);
    for (const commandId of acknowledged) if (!commands.has(commandId)) found.push(`${commandId} is lost`);
    for (const [commandId, events] of commands) {
      const ids = events.map(({ id }) => id).join();
      if (ids !== times(3, (ordinal) => eventId(commandId, ordinal)).join()) found.push(`${commandId} is not whole`);
    }
    for (const [stream, events] of Map.groupBy(log, (event) => event.stream)) {
      if (events.some(({ revision }, index) => revision !== index)) found.push(`${stream} has gaps`);
    }
    return found;
  }

  const logOf = (tenant: string): Promise<readonly RecordedEvent[]> => open().readLog(tenant, { limit: 10_000 });

  type Fault = readonly [string, (faults: Faults, kurrent: KurrentFake) => void];
  const FAULTS: readonly Fault[] = [
    ['is unavailable', (faults) => void (faults.unavailable = true)],
    ['is slow', (faults) => void (faults.delay = 400)],
    ['hangs', (faults) => void (faults.hang = true)],
    ['has another leader', (_, server) => server.changeLeader()],
    ['cuts its connections', (_, server) => server.dropConnections()],
    ['stores and answers late', (faults) => void (faults.answerDelay = 1_500)],
    ['stores and loses half of the answers', (faults) => void (faults.onAppend = alternately('lose', 'store'))],
    ['refuses half of the appends', (faults) => void (faults.onAppend = alternately('refuse', 'store'))],
  ];

  it.each(FAULTS)('%s: nothing lost, doubled or cut in two, and well again within ten seconds', async (_, begin) => {
    const tenant = newTenant();
    const store = open({ deadline: 1_000 });
    const work = load(store, tenant);
    await until(() => work.acknowledged.length > 20);
    begin(kurrent.faults, kurrent);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    kurrent.faults.clear();
    const ended = performance.now();
    await until(() => work.acknowledgedAt.some((at) => at > ended + 100));
    const healed = work.acknowledgedAt.find((at) => at > ended)! - ended;
    await work.stop();
    expect(healed).toBeLessThan(HEALED_WITHIN_MS);
    for (const error of work.errors) expect(error).toBeInstanceOf(EventStoreUnavailable);
    expect(wrongs(await logOf(tenant), work.acknowledged)).toEqual([]);
  });

  it.each([
    ['is unavailable', (faults: Faults) => void (faults.unavailable = true)],
    ['hangs', (faults: Faults) => void (faults.hang = true)],
  ])('%s for longer than anybody waits: a typed error for every call', async (_, begin) => {
    const store = open({ retryAfter: [10, 10], deadline: 200 });
    const tenant = newTenant();
    await store.append(tenant, anAppend());
    begin(kurrent.faults);
    const calls = await Promise.allSettled([
      store.append(tenant, anAppend()),
      store.write(tenant, anAppend()),
      store.readStream(tenant, 's'),
      store.ping(),
    ]);
    for (const call of calls)
      expect(call).toMatchObject({ status: 'rejected', reason: { name: 'EventStoreUnavailable' } });
    for (const call of calls) expect(String((call as PromiseRejectedResult).reason)).not.toContain(kurrent.url);
    kurrent.faults.clear();
    expect(await store.append(tenant, anAppend())).toMatchObject({ kind: 'appended', firstRevision: 1 });
  });

  it('says plainly that the user may not', async () => {
    kurrent.faults.accessDenied = true;
    await expect(open().ping()).rejects.toMatchObject({ name: 'KurrentRefused' });
  });

  it('is followed across everything that goes wrong', async () => {
    const tenant = newTenant();
    const follower = open({ deadline: 1_000 });
    const ending = new AbortController();
    const seen: RecordedEvent[] = [];
    const following = (async () => {
      for await (const page of follower.followAll({ after: LOG_START, signal: ending.signal, pageSize: 5 })) {
        seen.push(...page);
      }
    })();
    const work = load(open({ deadline: 1_000 }), tenant);
    for (const [, begin] of FAULTS) {
      begin(kurrent.faults, kurrent);
      await new Promise((resolve) => setTimeout(resolve, 700));
      kurrent.faults.clear();
      const before = work.acknowledged.length;
      await until(() => work.acknowledged.length > before);
    }
    await work.stop();
    const log = await logOf(tenant);
    await until(() => seen.length >= log.length);
    ending.abort();
    await following;
    expect(seen).toEqual(log);
    expect(wrongs(log, work.acknowledged)).toEqual([]);
  });

  it('loses nothing of what it stored when it is started again', async () => {
    const tenant = newTenant();
    const store = open({ deadline: 1_000 });
    const work = load(store, tenant);
    await until(() => work.acknowledged.length > 10);
    await kurrent.stop();
    kurrent = await startKurrentFake({ nodes: 1, port: kurrent.port, log: kurrent.log });
    const before = work.acknowledged.length;
    await until(() => work.acknowledged.length > before);
    await work.stop();
    expect(wrongs(await logOf(tenant), work.acknowledged)).toEqual([]);
  });

  describe('and a store or server that is not as it should be is noticed', () => {
    it.each(FAULTS)('%s, under a store without claims, ids of the command and typed errors', async (_, begin) => {
      const work = await naiveLoad(kurrent);
      begin(kurrent.faults, kurrent);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      kurrent.faults.clear();
      await work.stop();
      const untyped = work.errors.filter((error) => !(error instanceof EventStoreUnavailable));
      expect(work.doubled() + untyped.length).toBeGreaterThan(0);
    });

    it('a server that forgets what it acknowledged', async () => {
      const tenant = newTenant();
      const store = open();
      const append = anAppend({ events: times(3, anEvent) });
      kurrent.faults.onAppend = (stream) => (stream.startsWith('t_') ? 'forget' : 'store');
      const outcome = await store.write(tenant, append);
      kurrent.faults.clear();
      expect(outcome.kind).toBe('appended');
      expect(wrongs(await logOf(tenant), [append.commandId])).toEqual([`${append.commandId} is lost`]);
    });

    it('a caller that does not ask again after a lost answer', async () => {
      const store = open({ retryAfter: [] });
      kurrent.faults.onAppend = () => 'lose';
      await expect(store.append(newTenant(), anAppend())).rejects.toBeInstanceOf(EventStoreUnavailable);
    });

    it('a writer that asks again under another command id', async () => {
      const tenant = newTenant();
      const store = open({ retryAfter: [] });
      kurrent.faults.onAppend = (stream) => (stream.startsWith('t_') ? 'lose' : 'store');
      const events = times(3, anEvent);
      await expect(store.append(tenant, anAppend({ events }))).rejects.toBeInstanceOf(EventStoreUnavailable);
      kurrent.faults.clear();
      await store.append(tenant, anAppend({ events }));
      expect(await logOf(tenant)).toHaveLength(6);
    });

    it('a fault that does not end', async () => {
      const tenant = newTenant();
      const work = load(open({ retryAfter: [10], deadline: 300 }), tenant);
      await until(() => work.acknowledged.length > 5);
      kurrent.faults.unavailable = true;
      await until(() => work.errors.length > 4);
      const stuck = work.acknowledged.length;
      await until(() => work.errors.length > 10);
      expect(work.acknowledged).toHaveLength(stuck);
      kurrent.faults.clear();
      await work.stop();
    });
  });
});

/** One answer after the other, for appends in the order in which they come. */
function alternately<Answer>(...answers: readonly Answer[]): () => Answer {
  let count = 0;
  return () => answers[count++ % answers.length]!;
}
