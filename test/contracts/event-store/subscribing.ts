import { describe, expect, it } from '@jest/globals';
import { type EventStore, LOG_START, type Position, type RecordedEvent } from '@cairn/event-sourcing';
import { anAppend, anEvent, newTenant, times, until } from './store-under-test.js';

export function subscribing(given: { readonly store: EventStore; readonly elsewhere: EventStore }): void {
  /** Follows a log until it is told to stop. */
  function follow(store: EventStore, tenant: string, after: Position = LOG_START, pageSize?: number) {
    const ending = new AbortController();
    const seen: RecordedEvent[] = [];
    const sizes: number[] = [];
    const done = (async () => {
      for await (const page of store.subscribe(tenant, {
        after,
        signal: ending.signal,
        ...(pageSize !== undefined && { pageSize }),
      })) {
        seen.push(...page);
        sizes.push(page.length);
      }
    })();
    return { seen, sizes, done, end: () => (ending.abort(), done) };
  }

  const fill = async (store: EventStore, tenant: string, count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      await store.append(tenant, anAppend({ stream: `s${index % 3}`, events: [anEvent(index)] }));
    }
  };

  it.each([0, 1, 6, 11, 12])('from after event %d of 12, and on', async (start) => {
    const tenant = newTenant();
    await fill(given.store, tenant, 12);
    const log = await given.store.readLog(tenant, { limit: 12 });
    const following = follow(given.store, tenant, log[start - 1]?.position ?? LOG_START, 5);
    await until(() => following.seen.length === 12 - start);
    await fill(given.store, tenant, 3);
    await until(() => following.seen.length === 15 - start);
    await following.end();
    expect(following.seen).toEqual((await given.store.readLog(tenant, { limit: 20 })).slice(start));
    expect(Math.max(...following.sizes)).toBeLessThanOrEqual(5);
  });

  it.each([
    ['the same process', () => given.store],
    ['another process', () => given.elsewhere],
  ])('across the live edge while %s appends', async (_, appender) => {
    const tenant = newTenant();
    const following = follow(given.store, tenant, LOG_START, 7);
    await fill(appender(), tenant, 60);
    await until(() => following.seen.length >= 60);
    await following.end();
    expect(following.seen.map((event) => JSON.parse(event.payload).about)).toEqual(times(60, (index) => index));
  });

  it('hears of an append elsewhere within a quarter of a second', async () => {
    const tenant = newTenant();
    const following = follow(given.store, tenant);
    await given.elsewhere.append(tenant, anAppend());
    await until(() => following.seen.length === 1);
    const delays: number[] = [];
    for (let count = 2; count <= 11; count++) {
      const before = performance.now();
      await given.elsewhere.append(tenant, anAppend());
      await until(() => following.seen.length === count);
      delays.push(performance.now() - before);
    }
    await following.end();
    // The slow look round comes once a second: a median below says that the wake-up works.
    expect(delays.sort((a, b) => a - b)[5]).toBeLessThan(250);
  });

  it('many subscribers each see everything', async () => {
    const tenant = newTenant();
    const all = times(5, (index) => follow(index % 2 === 0 ? given.store : given.elsewhere, tenant));
    await fill(given.store, tenant, 20);
    await until(() => all.every((following) => following.seen.length === 20));
    await Promise.all(all.map((following) => following.end()));
    const log = await given.store.readLog(tenant, { limit: 30 });
    for (const following of all) expect(following.seen).toEqual(log);
  });

  it('sees nothing of other tenants', async () => {
    const [own, foreign] = [newTenant(), newTenant()];
    const following = follow(given.store, own);
    await given.store.append(foreign, anAppend());
    await given.store.append(own, anAppend());
    await until(() => following.seen.length > 0);
    await following.end();
    expect(following.seen).toMatchObject([{ tenant: own }]);
  });

  describe('ends', () => {
    it('when aborted while it waits', async () => {
      const following = follow(given.store, newTenant());
      await following.end();
      expect(following.seen).toEqual([]);
    });

    it('at once when aborted before', async () => {
      const tenant = newTenant();
      await given.store.append(tenant, anAppend());
      const pages = given.store.subscribe(tenant, { after: LOG_START, signal: AbortSignal.abort() });
      expect(await pages[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    });

    it('when its reader leaves the loop', async () => {
      const tenant = newTenant();
      await fill(given.store, tenant, 3);
      const seen: number[] = [];
      for await (const page of given.store.subscribe(tenant, {
        after: LOG_START,
        pageSize: 1,
        signal: new AbortController().signal,
      })) {
        seen.push(page.length);
        if (seen.length === 2) break;
      }
      expect(seen).toEqual([1, 1]);
    });

    it('when return is called while a page is awaited', async () => {
      const pages = given.store
        .subscribe(newTenant(), { after: LOG_START, signal: new AbortController().signal })
        [Symbol.asyncIterator]();
      const awaited = pages.next();
      await pages.return?.();
      expect(await awaited).toMatchObject({ done: true });
      expect(await pages.next()).toMatchObject({ done: true });
    });
  });

  it('loses, doubles and reorders nothing while 8 writers append with conflicts', async () => {
    const tenant = newTenant();
    const tails = [follow(given.store, tenant, LOG_START, 50), follow(given.elsewhere, tenant, LOG_START, 3)];
    const acknowledged: string[] = [];
    await Promise.all(
      times(8, async (writer) => {
        const store = writer % 2 === 0 ? given.store : given.elsewhere;
        for (let index = 0; index < 60; index++) {
          const expected = (['any', 'none', 'exists', index] as const)[index % 4]!;
          const append = anAppend({
            stream: `s${(writer + index) % 5}`,
            expected,
            events: times(1 + (index % 3), anEvent),
          });
          // A retry in the same breath, as a client with a short patience would send it.
          const outcomes = await Promise.all([store.append(tenant, append), store.append(tenant, append)]);
          if (outcomes.some((outcome) => outcome.kind !== 'conflict')) acknowledged.push(append.commandId);
        }
      }),
    );
    const head = await given.store.head(tenant);
    await until(() => tails.every((tail) => tail.seen.at(-1)?.position === head));
    await Promise.all(tails.map((tail) => tail.end()));
    const stored = await given.store.readLog(tenant, { limit: 10_000 });
    expect(new Set(stored.map((event) => event.commandId))).toEqual(new Set(acknowledged));
    expect(new Set(stored.map((event) => event.id)).size).toBe(stored.length);
    for (const tail of tails) expect(tail.seen.map((event) => event.id)).toEqual(stored.map((event) => event.id));
    for (const stream of times(5, (index) => `s${index}`)) {
      const revisions = stored.filter((event) => event.stream === stream).map((event) => event.revision);
      expect(revisions).toEqual(times(revisions.length, (index) => index));
    }
  });
}
