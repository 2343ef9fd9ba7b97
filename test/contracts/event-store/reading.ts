import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { eventId, type EventStore, LOG_START, type Position, type RecordedEvent } from '@cairn/event-sourcing';
import { anAppend, anEvent, newTenant, times } from './store-under-test.js';

export function reading(given: { readonly store: EventStore; readonly elsewhere: EventStore }): void {
  const revisions = (events: readonly RecordedEvent[]) => events.map((event) => event.revision);
  const positions = (events: readonly RecordedEvent[]) => events.map((event) => event.position);

  describe('a stream', () => {
    const stream = 'enrich/participant/S4-0012';
    const filled = async (): Promise<string> => {
      const tenant = newTenant();
      await given.store.append(tenant, anAppend({ stream: 'before' }));
      await given.store.append(tenant, anAppend({ stream, events: times(3, anEvent) }));
      await given.store.append(tenant, anAppend({ stream: 'between' }));
      await given.store.append(tenant, anAppend({ stream, events: times(2, anEvent) }));
      return tenant;
    };

    it.each([
      ['all of it', {}, [0, 1, 2, 3, 4]],
      ['from a revision on', { from: 2 }, [2, 3, 4]],
      ['a piece', { from: 1, limit: 2 }, [1, 2]],
      ['its beginning', { limit: 2 }, [0, 1]],
      ['nothing, by limit', { limit: 0 }, []],
      ['nothing, past the end', { from: 5 }, []],
      ['backwards', { direction: 'backwards' }, [4, 3, 2, 1, 0]],
      ['its end', { direction: 'backwards', limit: 1 }, [4]],
      ['backwards from a revision', { direction: 'backwards', from: 2 }, [2, 1, 0]],
      ['backwards from past the end', { direction: 'backwards', from: 9, limit: 2 }, [4, 3]],
      ['without an end', { limit: Infinity }, [0, 1, 2, 3, 4]],
    ] as const)('%s', async (_, range, expected) => {
      const tenant = await filled();
      expect(revisions(await given.store.readStream(tenant, stream, range))).toEqual(expected);
    });

    it('that nobody wrote is empty', async () => {
      const tenant = await filled();
      expect(await given.store.readStream(tenant, 'enrich/participant/none')).toEqual([]);
      expect(await given.store.readStream(tenant, 'a\0b\u001e')).toEqual([]);
      expect(await given.store.readStream(newTenant(), stream)).toEqual([]);
    });
  });

  describe('the log', () => {
    const filled = async (): Promise<string> => {
      const tenant = newTenant();
      for (let index = 0; index < 5; index++) {
        await given.store.append(tenant, anAppend({ stream: `s${index % 2}`, events: times(5, anEvent) }));
      }
      return tenant;
    };

    it.each([1, 3, 7, 25, 26])('in pages of %d, forwards and backwards', async (limit) => {
      const tenant = await filled();
      const pages = async (direction: 'forwards' | 'backwards'): Promise<Position[]> => {
        const seen: Position[] = [];
        for (let from: Position | undefined; ;) {
          const page = await given.store.readLog(tenant, { limit, direction, ...(from !== undefined && { from }) });
          if (page.length === 0) return seen;
          expect(page.length).toBeLessThanOrEqual(limit);
          seen.push(...positions(page));
          from = seen.at(-1);
        }
      };
      const forwards = await pages('forwards');
      expect(forwards).toHaveLength(25);
      expect(forwards).toEqual([...forwards].sort((a, b) => (a < b ? -1 : 1)));
      expect(await pages('backwards')).toEqual([...forwards].reverse());
    });

    it('from its start is the same as from nowhere', async () => {
      const tenant = await filled();
      expect(await given.store.readLog(tenant, { from: LOG_START, limit: 30 })).toEqual(
        await given.store.readLog(tenant, { limit: 30 }),
      );
    });

    it('after its head, and backwards before its first event, is empty', async () => {
      const tenant = await filled();
      const [first] = await given.store.readLog(tenant, { limit: 1 });
      expect(await given.store.readLog(tenant, { from: await given.store.head(tenant), limit: 5 })).toEqual([]);
      expect(await given.store.readLog(tenant, { from: first!.position, limit: 5, direction: 'backwards' })).toEqual(
        [],
      );
    });

    it('reads the same elsewhere', async () => {
      const tenant = await filled();
      expect(await given.elsewhere.readLog(tenant, { limit: 30 })).toEqual(
        await given.store.readLog(tenant, { limit: 30 }),
      );
    });

    it('of a tenant that has none is empty', async () => {
      expect(await given.store.readLog(newTenant(), { limit: 10 })).toEqual([]);
      expect(await given.store.readLog(newTenant(), { limit: 10, direction: 'backwards' })).toEqual([]);
    });
  });

  describe('one event', () => {
    it('is found by its id, in either case', async () => {
      const tenant = newTenant();
      const commandId = randomUUID();
      await given.store.append(tenant, anAppend({ commandId, events: times(3, anEvent) }));
      const [, second] = await given.store.readLog(tenant, { limit: 3 });
      expect(await given.store.findEvent(tenant, eventId(commandId, 1))).toEqual(second);
      expect(await given.store.findEvent(tenant, eventId(commandId, 1).toUpperCase())).toEqual(second);
    });

    it('that is not there is not found', async () => {
      const tenant = newTenant();
      await given.store.append(tenant, anAppend());
      expect(await given.store.findEvent(tenant, randomUUID())).toBeUndefined();
      expect(await given.store.findEvent(tenant, `no ' uuid`)).toBeUndefined();
    });
  });

  it('the head is the last position', async () => {
    const tenant = newTenant();
    expect(await given.store.head(tenant)).toBe(LOG_START);
    await given.store.append(tenant, anAppend({ expected: 'exists' }));
    expect(await given.store.head(tenant)).toBe(LOG_START);
    const outcome = await given.store.append(tenant, anAppend({ events: times(3, anEvent) }));
    expect(await given.elsewhere.head(tenant)).toBe(outcome.kind === 'appended' && outcome.positions[2]);
  });

  it('tenants are those with events, in order', async () => {
    const [some, other, empty] = times(3, newTenant);
    await given.store.append(some!, anAppend());
    await given.store.append(other!, anAppend());
    await given.store.append(empty!, anAppend({ expected: 'exists' }));
    const tenants = await given.elsewhere.tenants();
    expect(tenants).toEqual(expect.arrayContaining([some, other]));
    expect(tenants).not.toContain(empty);
    expect(tenants).toEqual([...tenants].sort());
  });

  it('a tenant reaches no event of another', async () => {
    const [own, foreign] = [newTenant(), newTenant()];
    const append = anAppend({ stream: 'same' });
    await given.store.append(foreign, append);
    expect(await given.store.readStream(own, 'same')).toEqual([]);
    expect(await given.store.readLog(own, { limit: 10 })).toEqual([]);
    expect(await given.store.findEvent(own, eventId(append.commandId, 0))).toBeUndefined();
    expect(await given.store.readLog(`${foreign}' or 'a' = 'a`, { limit: 10 })).toEqual([]);
    await given.store.append(own, anAppend({ stream: 'same', events: [anEvent('own')] }));
    expect(await given.store.readStream(own, 'same')).toMatchObject([{ tenant: own, revision: 0 }]);
    expect(await given.store.readStream(foreign, 'same')).toMatchObject([{ tenant: foreign, revision: 0 }]);
  });
}
