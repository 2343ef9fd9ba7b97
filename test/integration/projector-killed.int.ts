import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { type DeliveryEvent } from '@cairn/delivery';
import { uuidV5 } from '@cairn/event-sourcing';
import { participantsProjection } from '@cairn/monitoring';
import { PostgresEventStore, ReadModels } from '@cairn/platform';
import fc from 'fast-check';
import { catalogue } from '../../apps/projector/src/projections.js';
import { query, storedRows, until } from '../support/projection-kit.js';
import { rounds } from '../support/rounds.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const MAIN = path.resolve(import.meta.dirname, '../../apps/projector/dist/main.js');
const EVENTS = 20_000;
/** A building of the log takes about this long; kills are spread over it, in milliseconds. */
const WITHIN_MS = 1_500;

describe('the process of the projector', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let models: ReadModels;
  let child: ChildProcess | undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
    models = new ReadModels({ url: database.url, store, models: [participantsProjection] });
    await models.start();
    for (let from = 0; from < EVENTS; from += 1_000) await append(from, 1_000);
  }, 60_000);

  afterAll(async () => {
    await kill();
    await models.close();
    await store.close();
    await database.drop();
  });

  async function append(from: number, count: number): Promise<void> {
    const events = Array.from({ length: count }, (_, index): DeliveryEvent => {
      const trial = 'trial';
      const participant = `P${(from + index) % 400}`;
      const data = { trial, participant, worker: 'w', contact: `C${from + index}` };
      return {
        type: 'CommunityMeetingRecorded',
        occurredAt: 1_600_000_000_000 + from + index,
        data: { ...data, mode: 'face_to_face', outcome: 'attended', minutes: 30 },
      };
    });
    const outcome = await store.append('a', {
      stream: 'kit',
      expected: 'any',
      commandId: uuidV5(`killed ${from}`),
      actor: 'kit',
      events: events.map((event) => catalogue.encode(event)),
    });
    if (outcome.kind !== 'appended') throw new Error(`not appended: ${outcome.kind}`);
  }

  function start(): void {
    child = spawn(process.execPath, [MAIN], {
      stdio: 'ignore',
      env: { DATABASE_URL: database.url, PROJECTOR_PORT: '0', LOG_LEVEL: 'silent', CAIRN_PROOFS: 'off' },
    });
  }

  async function kill(): Promise<void> {
    const running = child;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await gone;
  }

  const generations = () =>
    query<{ projection: string; generation: number; state: string }>(
      database.url,
      'select projection, generation, state from read_model.generation order by projection, generation',
    );
  const unfinished = (all: Awaited<ReturnType<typeof generations>>) =>
    all.filter(({ state }) => state === 'requested' || state === 'building');
  const settled = () => until(generations, (all) => all.length > 0 && unfinished(all).length === 0, 30_000);
  const events = (rows: Awaited<ReturnType<typeof storedRows>>) =>
    rows.flatMap(({ document }) =>
      (JSON.parse(document) as { facts: { event: string }[] }).facts.map(({ event }) => event),
    );

  it('may be killed at any moment: what served serves on, each event counts once, the next start finishes', async () => {
    start();
    await settled();
    let head = EVENTS;
    const interruption = fc.record({ moment: fc.integer({ min: 150, max: WITHIN_MS }), restarted: fc.boolean() });
    const survives = fc.asyncProperty(interruption, async ({ moment, restarted }) => {
      await models.requestRebuild(participantsProjection.name);
      await append(head, 200);
      head += 200;
      if (restarted) {
        await kill();
        start();
      }
      await new Promise((resolve) => setTimeout(resolve, moment));
      await kill();
      const seen = events(await storedRows(database.url, `participants_v${participantsProjection.version}`));
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.length).toBeGreaterThanOrEqual(EVENTS);
      const own = (await generations()).filter(({ projection }) => projection === participantsProjection.name);
      expect(own.filter(({ state }) => state === 'serving')).toHaveLength(1);
      start();
    });
    await fc.assert(survives, { numRuns: rounds({ ci: 10, night: 60 }), endOnFailure: true });
    await settled();
    expect(await models.waitFor('a', await store.head('a'), { timeoutMs: 20_000 })).toBe(true);
    const all = events(await storedRows(database.url, `participants_v${participantsProjection.version}`));
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(head);
    const tables = await query<{ tablename: string }>(
      database.url,
      `select tablename from pg_tables where schemaname = 'read_model' and tablename ~ '_g[0-9]+$'`,
    );
    const kept = (await generations()).filter(({ state }) => state === 'serving' || state === 'retired');
    expect(tables.map(({ tablename }) => tablename).sort()).toEqual(
      kept.map(({ projection, generation }) => `${projection}_g${generation}`).sort(),
    );
  }, 120_000);

  it('goes on when all its connections were cut, live feed and requests', async () => {
    await kill();
    start();
    await settled();
    const before = (
      await query<{ n: number }>(database.url, `select coalesce(max(position), 0)::int as n from read_model.checkpoint`)
    )[0]!.n;
    await query(
      database.url,
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'cairn projector%'`,
    );
    await append(1_000_000, 50);
    expect(await models.waitFor('a', BigInt(before + 50), { timeoutMs: 15_000 })).toBe(true);
    const generation = await models.requestRebuild(participantsProjection.name);
    await until(
      generations,
      (all) =>
        all.some(
          (one) =>
            one.projection === participantsProjection.name && one.generation === generation && one.state === 'serving',
        ),
      15_000,
    );
  }, 40_000);
});
