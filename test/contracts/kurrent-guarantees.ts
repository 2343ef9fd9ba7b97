import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventId, EventStoreUnavailable, type Position, type RecordedEvent } from '@cairn/event-sourcing';
import { KurrentEventStore, RecordedElsewhere } from '@cairn/platform/kurrent';
import { binaryEvent, KurrentDBClient } from '@kurrent/kurrentdb-client';
import { anAppend, anEvent, newTenant, times, until } from './event-store/store-under-test.js';

/** What the adapter for KurrentDB keeps beyond the port, on whatever server. */
export function kurrentGuarantees(server: string, url: () => Promise<string>): void {
  describe(`KurrentDB beyond the port: ${server}`, () => {
    let store: KurrentEventStore;
    let elsewhere: KurrentEventStore;
    let client: KurrentDBClient;
    beforeAll(async () => {
      const options = { url: await url(), applicationName: 'guarantees' };
      store = new KurrentEventStore(options);
      elsewhere = new KurrentEventStore(options);
      client = KurrentDBClient.connectionString(options.url);
    });
    afterAll(async () => {
      await Promise.all([store.close(), elsewhere.close()]);
      await client.dispose();
    });

    /** A process claims a place for a command, and dies. */
    async function deadClaim(tenant: string, commandId: string, stream: string, firstRevision: number): Promise<void> {
      const data = Buffer.from(JSON.stringify({ stream, firstRevision }));
      const claim = binaryEvent({ id: randomUUID(), type: 'CommandClaimed', data });
      await client.appendToStream(`c_${tenant}.${commandId}`, claim, { streamState: 'no_stream' });
    }

    /** All events of some tenants among those of everybody, from a place on. */
    async function readAllOf(tenants: readonly string[], from: Position, limit: number): Promise<RecordedEvent[]> {
      const found: RecordedEvent[] = [];
      for (let after = from; ;) {
        const page = await store.readAll({ after, limit });
        if (page.length === 0) return found;
        expect(page.length).toBeLessThanOrEqual(limit);
        found.push(...page.filter((event) => tenants.includes(event.tenant)));
        after = page.at(-1)!.position;
      }
    }

    it('answers', async () => {
      await store.ping();
    });

    describe('a command whose process died after its claim', () => {
      it('is stored by a retry for the same stream', async () => {
        const tenant = newTenant();
        const append = anAppend({ stream: 's', events: times(2, anEvent) });
        await deadClaim(tenant, append.commandId, 's', 0);
        expect(await store.append(tenant, append)).toMatchObject({ kind: 'appended', firstRevision: 0 });
        expect(await elsewhere.append(tenant, append)).toMatchObject({ kind: 'repeated', firstRevision: 0 });
        expect(await store.readLog(tenant, { limit: 10 })).toHaveLength(2);
      });

      it('is neither stored nor refused for another stream while it may yet be stored in the first', async () => {
        const tenant = newTenant();
        const append = anAppend({ stream: 'other' });
        await deadClaim(tenant, append.commandId, 's', 0);
        await expect(store.append(tenant, append)).rejects.toBeInstanceOf(EventStoreUnavailable);
        await expect(store.append(tenant, { ...append, expected: 'exists' })).rejects.toBeInstanceOf(
          EventStoreUnavailable,
        );
        expect(await store.readLog(tenant, { limit: 10 })).toEqual([]);
      });

      it('is stored in another stream once its place in the first is taken', async () => {
        const tenant = newTenant();
        const append = anAppend({ stream: 'other' });
        await deadClaim(tenant, append.commandId, 's', 0);
        await store.append(tenant, anAppend({ stream: 's' }));
        expect(await store.append(tenant, append)).toMatchObject({ kind: 'appended', stream: 'other' });
        expect(await elsewhere.append(tenant, { ...append, stream: 's' })).toMatchObject({
          kind: 'repeated',
          stream: 'other',
        });
      });
    });

    it('tells a writer where the last event is, without another read', async () => {
      const tenant = newTenant();
      const append = anAppend({ stream: 's', events: times(3, anEvent) });
      const outcome = await store.write(tenant, append);
      const head = await store.head(tenant);
      expect(outcome).toEqual({ kind: 'appended', stream: 's', firstRevision: 0, lastRevision: 2, position: head });
      expect(await elsewhere.write(tenant, append)).toEqual({ kind: 'repeated', stream: 's', firstRevision: 0 });
      const conflict = anAppend({ stream: 's', expected: 'none' });
      expect(await store.write(tenant, conflict)).toEqual({ kind: 'conflict', actual: 2 });
    });

    it.each([1, 2, 7, 100])('reads all tenants as one log in pages of %d', async (limit) => {
      const tenants = times(3, newTenant);
      const before = newTenant();
      await store.append(before, anAppend());
      const start = await store.head(before);
      for (let index = 0; index < 9; index++) {
        await store.append(tenants[index % 3]!, anAppend({ stream: `s${index % 2}`, events: times(3, anEvent) }));
      }
      const found = await readAllOf(tenants, start, limit);
      expect(found).toHaveLength(27);
      expect(found.map(({ position }) => position)).toEqual(
        found.map(({ position }) => position).sort((a, b) => (a < b ? -1 : 1)),
      );
      for (const tenant of tenants) {
        // Whatever the page begins or ends in the middle of: the same events, with the same times.
        expect(found.filter((event) => event.tenant === tenant)).toEqual(await store.readLog(tenant, { limit: 100 }));
      }
    });

    it('follows all tenants across the live edge', async () => {
      const tenants = times(2, newTenant);
      await store.append(tenants[0]!, anAppend());
      const after = await store.head(tenants[0]!);
      const ending = new AbortController();
      const seen: RecordedEvent[] = [];
      const following = (async () => {
        for await (const page of store.followAll({ after, signal: ending.signal, pageSize: 4 })) {
          seen.push(...page.filter(({ tenant }) => tenants.includes(tenant)));
        }
      })();
      for (let index = 0; index < 20; index++) {
        await elsewhere.append(tenants[index % 2]!, anAppend({ events: [anEvent(index)] }));
      }
      await until(() => seen.length >= 20);
      ending.abort();
      await following;
      expect(seen.map((event) => JSON.parse(event.payload).about)).toEqual(times(20, (index) => index));
    });

    it('tells tenants apart whose names begin alike', async () => {
      const tenant = newTenant();
      const alike = [tenant, `${tenant}.s`, `${tenant}%2E`, `${tenant}/s`, `${tenant} ü`];
      for (const each of alike) await store.append(each, anAppend({ stream: 's.t' }));
      for (const each of alike) {
        expect(await elsewhere.readLog(each, { limit: 10 })).toMatchObject([{ tenant: each, stream: 's.t' }]);
      }
      expect(await elsewhere.tenants()).toEqual(expect.arrayContaining(alike));
    });

    describe('events of another log', () => {
      const recordedLog = async (): Promise<readonly RecordedEvent[]> => {
        const tenant = newTenant();
        for (let index = 0; index < 6; index++) {
          const metadata: Record<string, string> = index === 3 ? { fingerprint: 'x' } : {};
          await store.append(tenant, anAppend({ stream: `s${index % 2}`, events: times(2, anEvent), metadata }));
        }
        const log = await store.readLog(tenant, { limit: 100 });
        return log.map((event, index) => ({ ...event, recordedAt: Date.UTC(2021, 0, 1) + Math.trunc(index / 2) }));
      };
      const withoutPlace = (events: readonly RecordedEvent[]) =>
        events.map(({ position: _position, tenant: _tenant, ...event }) => event);

      it('keep ids, revisions, times and order', async () => {
        const [tenant, log] = [newTenant(), await recordedLog()];
        await store.writeRecorded(tenant, log);
        expect(withoutPlace(await elsewhere.readLog(tenant, { limit: 100 }))).toEqual(withoutPlace(log));
        expect(withoutPlace(await elsewhere.readStream(tenant, 's1'))).toEqual(
          withoutPlace(log.filter(({ stream }) => stream === 's1')),
        );
      });

      it('may be written again, from any place before the cut', async () => {
        const [tenant, log] = [newTenant(), await recordedLog()];
        await store.writeRecorded(tenant, log.slice(0, 6));
        await elsewhere.writeRecorded(tenant, log.slice(2));
        await store.writeRecorded(tenant, log);
        expect(withoutPlace(await store.readLog(tenant, { limit: 100 }))).toEqual(withoutPlace(log));
      });

      it('leave their command ids used', async () => {
        const [tenant, log] = [newTenant(), await recordedLog()];
        await store.writeRecorded(tenant, log);
        const again = anAppend({ commandId: log[4]!.commandId, stream: 'another' });
        expect(await store.append(tenant, again)).toMatchObject({ kind: 'repeated', stream: log[4]!.stream });
      });

      it('are not mixed with others', async () => {
        const [tenant, log] = [newTenant(), await recordedLog()];
        await store.append(tenant, anAppend({ stream: 's1' }));
        await expect(store.writeRecorded(tenant, log)).rejects.toBeInstanceOf(RecordedElsewhere);
      });
    });

    it('takes an append that is larger than the server takes as one that can never be taken', async () => {
      const tenant = newTenant();
      const append = anAppend({ events: times(3, () => anEvent('x'.repeat(600_000))) });
      const outcome = await store.append(tenant, append).catch((error: Error) => error);
      // A server with a larger MaxAppendSize takes it; neither takes a part of it.
      if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'InvalidAppend' });
      const stored = await store.readLog(tenant, { limit: 10 });
      expect(stored.map(({ id }) => id)).toEqual(
        outcome instanceof Error ? [] : times(3, (ordinal) => eventId(append.commandId, ordinal)),
      );
    });
  });
}
