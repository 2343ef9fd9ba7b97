import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStoreUnavailable, LOG_START, type RecordedEvent } from '@cairn/event-sourcing';
import { PostgresEventStore } from '@cairn/platform';
import pg from 'pg';
import { anAppend, anEvent, newTenant, times, until } from '../contracts/event-store/store-under-test.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('event store while PostgreSQL fails', () => {
  let database: TestDatabase;
  let superuser: pg.Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    superuser = new pg.Client({ connectionString: database.url });
    await superuser.connect();
  });
  afterAll(async () => {
    await superuser.end();
    await database.drop();
  });

  const terminate = (applicationName: string, more = '') =>
    superuser.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = $1 ${more}`,
      [applicationName],
    );

  it('loses, doubles and reorders nothing while its sessions are killed under 8 writers', async () => {
    const tenant = newTenant();
    const store = new PostgresEventStore({ url: database.url, applicationName: 'victim' });
    const reader = new PostgresEventStore({ url: database.url, applicationName: 'reader' });
    const ending = new AbortController();
    const tails = [store, reader].map((source) => {
      const seen: RecordedEvent[] = [];
      const done = (async () => {
        const pages = source.subscribe(tenant, { after: LOG_START, pageSize: 20, signal: ending.signal });
        for await (const page of pages) seen.push(...page);
      })();
      return { seen, done };
    });

    /** As a client does: what is not known to be stored is sent again. */
    async function untilKnown<Outcome>(send: () => Promise<Outcome>): Promise<Outcome> {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof EventStoreUnavailable)) throw error;
        return untilKnown(send);
      }
    }

    let writing = true;
    let killings = 0;
    const killing = (async () => {
      while (writing) {
        const { rowCount } = await terminate('victim', `and state = 'active'`);
        killings += rowCount ?? 0;
        // A new session needs some milliseconds for its first call: killed faster, none would ever end one.
        await wait(40);
      }
    })();
    const acknowledged: string[] = [];
    await Promise.all(
      times(8, async (writer) => {
        for (let index = 0; index < 150 || killings < 5; index++) {
          const append = anAppend({
            stream: `s${(writer + index) % 5}`,
            expected: index % 7 === 0 ? 'none' : 'any',
            events: times(1 + (index % 3), anEvent),
          });
          const outcome = await untilKnown(() => store.append(tenant, append));
          if (outcome.kind !== 'conflict') acknowledged.push(append.commandId);
        }
      }),
    );
    writing = false;
    await killing;
    expect(killings).toBeGreaterThanOrEqual(5);

    const head = await store.head(tenant);
    await until(() => tails.every((tail) => tail.seen.at(-1)?.position === head));
    ending.abort();
    await Promise.all(tails.map((tail) => tail.done));
    const stored: RecordedEvent[] = [];
    for (let page = await reader.readLog(tenant, { limit: 10_000 }); page.length > 0;) {
      stored.push(...page);
      page = await reader.readLog(tenant, { from: stored.at(-1)!.position, limit: 10_000 });
    }
    expect(stored.map((event) => event.position)).toEqual(times(stored.length, (index) => BigInt(index + 1)));
    expect(new Set(stored.map((event) => event.commandId))).toEqual(new Set(acknowledged));
    expect(new Set(stored.map((event) => event.id)).size).toBe(stored.length);
    for (const tail of tails) expect(tail.seen.map((event) => event.id)).toEqual(stored.map((event) => event.id));
    await Promise.all([store.close(), reader.close()]);
  });

  it('listens again after its listening session was killed', async () => {
    const tenant = newTenant();
    const store = new PostgresEventStore({ url: database.url, applicationName: 'deaf' });
    const elsewhere = new PostgresEventStore({ url: database.url, applicationName: 'elsewhere' });
    let heard = 0;
    const stop = store.onAppended((grown) => {
      if (grown === tenant) heard++;
    });
    const hears = async (): Promise<void> => {
      const before = heard;
      const appending = setInterval(() => void elsewhere.append(tenant, anAppend()), 20);
      await until(() => heard > before).finally(() => clearInterval(appending));
    };
    await hears();
    await terminate('deaf');
    await hears();
    stop();
    await Promise.all([store.close(), elsewhere.close()]);
  });

  it('says that it is not available when the server is not there', async () => {
    const nowhere = new PostgresEventStore({
      url: 'postgres://postgres@127.0.0.1:1/none',
      applicationName: 'nowhere',
      retryAfter: [1, 1],
    });
    const tenant = newTenant();
    const unavailable = { name: 'EventStoreUnavailable' };
    await expect(nowhere.append(tenant, anAppend())).rejects.toMatchObject(unavailable);
    await expect(nowhere.readLog(tenant, { limit: 1 })).rejects.toMatchObject(unavailable);
    await expect(nowhere.tenants()).rejects.toMatchObject(unavailable);
    await nowhere.close();
    await expect(nowhere.append(tenant, anAppend())).rejects.toMatchObject(unavailable);
  });

  it('finishes what is under way when it is closed', async () => {
    const tenant = newTenant();
    const store = new PostgresEventStore({ url: database.url, applicationName: 'closing' });
    const appends = times(50, (index) => store.append(tenant, anAppend({ stream: `s${index % 3}` })));
    const pages = store.subscribe(tenant, { after: 1_000_000n, signal: new AbortController().signal });
    const awaited = pages.next();
    await store.close();
    const outcomes = await Promise.all(appends);
    expect(new Set(outcomes.map((outcome) => outcome.kind))).toEqual(new Set(['appended']));
    expect(await awaited).toMatchObject({ done: true });
    await store.close();
  });
});
