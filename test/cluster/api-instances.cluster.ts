import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Database, PostgresEventStore } from '@cairn/platform';
import fc from 'fast-check';
import { ClusterLoad, faultsOf, wholeLog } from '../support/cluster-load.js';
import { type ClusterSettings, clusterSettings } from '../support/cluster-settings.js';
import { eventually } from '../support/launched-cairn.js';
import { appendPerson } from '../support/people.js';
import { recordedAlerts } from '../support/recorded-alerts.js';
import { rounds } from '../support/rounds.js';
import { recording, setUpTrial, signedIn } from '../support/running-api.js';
import { RunningService } from '../support/running-service.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TENANT = 'unit';
const SITES = ['S1', 'S2', 'S3'];

let database: TestDatabase;
let settings: ClusterSettings;
let store: PostgresEventStore;
let apis: RunningService[];
let others: RunningService[];
let token: string;
let load: ClusterLoad | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  settings = await clusterSettings(database.services);
  store = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
  await appendPerson(store, TENANT, 'manager', [{ role: 'sponsor_administrator' }, { role: 'trial_manager' }]);
  const start = (name: 'api' | 'projector' | 'alerter') =>
    RunningService.start({ name, environment: settings.environment[name] });
  others = [await start('projector'), await start('alerter')];
  apis = [await start('api'), await start('api')];
  await Promise.all([...others, ...apis].map((service) => service.ready()));
  token = await settings.issuer.token({ tenant: TENANT, person: 'manager', expiresInSeconds: 86_400 });
}, 240_000);

afterAll(async () => {
  await load?.giveUp();
  await Promise.all([...apis, ...others].map((service) => service.end('SIGKILL')));
  await store.close();
  await database.drop();
  await settings.remove();
}, 240_000);

const urls = (): readonly string[] => apis.map(({ url }) => url);

/** What becomes of an instance, and after how many milliseconds. */
const strikes = fc.record({
  which: fc.nat({ max: 1 }),
  signal: fc.constantFrom<NodeJS.Signals>('SIGKILL', 'SIGTERM'),
  after: fc.integer({ min: 200, max: 1_500 }),
});

it('whatever instance ends, nobody loses or repeats anything: commands, tables, alerts', async () => {
  load = await ClusterLoad.begin({ urls, token, trial: 'T', sites: SITES, writers: 6 });
  const codes: (number | null)[] = [];
  await fc.assert(
    fc.asyncProperty(strikes, async ({ which, signal, after }) => {
      await pause(after);
      const code = await apis[which]!.end(signal);
      if (signal === 'SIGTERM') codes.push(code);
      apis[which]!.start();
      await apis[which]!.ready();
    }),
    { numRuns: rounds({ ci: 3, night: 60 }), endOnFailure: true },
  );
  await load.endRecording();

  const head = await store.head(TENANT);
  const asked = await load.askedTable(head);
  await eventually('the table that is watched is the table', () => {
    const { position: _, ...watched } = load!.table!;
    const { position: __, ...now } = asked;
    return JSON.stringify(watched) === JSON.stringify(now);
  });
  const alerts = await allAlerts();
  await eventually(`all ${alerts.length} alerts have come`, () => load!.alerts.first.length >= alerts.length);
  await load.endFollowing();

  expect(load.client.failures).toEqual([]);
  expect(load.answeredOtherwise).toEqual([]);
  expect(faultsOf(await wholeLog(store, TENANT), load)).toEqual([]);
  expect(codes.filter((code) => code !== 0)).toEqual([]);
  expect(asked.overall.randomised).toBeGreaterThan(SITES.length);
  // In the order of the log, each once.
  expect(load.alerts.first.map(({ id }) => id)).toEqual(alerts);
  expect(load.alerts.times).toBe(alerts.length);
  console.log(
    `${load.accepted.size} commands, ${load.queries} queries, ${load.client.retried} retries, ${alerts.length} alerts`,
  );
}, 600_000);

/** When the watch has found all that there is. */
async function allAlerts(): Promise<readonly string[]> {
  const reading = new Database({ url: database.url, role: 'cairn_service', applicationName: 'test' });
  try {
    let found: readonly string[] = [];
    let same = 0;
    await eventually('no more alerts are raised', async () => {
      await pause(200);
      const now = (await recordedAlerts(reading, TENANT)).map(({ alert }) => alert.id);
      same = now.length === found.length ? same + 1 : 0;
      found = now;
      return same >= 10;
    });
    return found;
  } finally {
    await reading.close();
  }
}

it('commands for one stream at two instances at once are decided one after the other', async () => {
  const asking = urls().map((url) => signedIn(url, TENANT, 'manager', token));
  await setUpTrial(asking[0]!, 'U');
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 1 }), { minLength: 4, maxLength: 12 }), async (turns) => {
      const participant = `one-${round++}`;
      // All refer the same participant, each at another time: one is accepted, wherever.
      const outcomes = await Promise.all(
        turns.map(async (which, minute) => {
          const occurredAt = new Date(Date.UTC(2020, 0, 1, 9, minute)).toISOString();
          const input = { commandId: randomUUID(), trial: 'U', participant, site: 'S1', occurredAt };
          const { data } = await asking[which]!.graphql(recording('referParticipant'), { input });
          const first = data!['referParticipant'] as { __typename: string; code?: string };
          // At the other instance the same command has the same answer.
          const again = await asking[1 - which]!.graphql(recording('referParticipant'), { input });
          expect(again.data!['referParticipant']).toEqual(first);
          return first.code ?? first.__typename;
        }),
      );
      expect(outcomes.filter((outcome) => outcome === 'CommandAccepted')).toHaveLength(1);
      expect(new Set(outcomes).size).toBe(2);
    }),
    { numRuns: rounds({ ci: 10, night: 200 }), endOnFailure: true },
  );
}, 240_000);

it('an instance that is told to end is not ready any more, and ends what it has begun', async () => {
  const [ending, staying] = apis as [RunningService, RunningService];
  expect([await ending.health('/ready'), await staying.health('/ready')]).toEqual([200, 200]);
  await ending.end('SIGTERM');
  expect(await ending.health('/ready')).toBeUndefined();
  expect(await staying.health('/ready')).toBe(200);
  const longer = await RunningService.start({
    name: 'api',
    environment: { ...settings.environment.api, END_AFTER_SECONDS: '2' },
  });
  await longer.ready();
  const ended = longer.end('SIGTERM');
  await eventually('it is not ready any more', async () => (await longer.health('/ready')) === 503);
  const asked = signedIn(longer.url, TENANT, 'manager', token).graphql('{ viewer { id } }');
  expect((await asked).data).toEqual({ viewer: { id: 'manager' } });
  expect(await ended).toBe(0);
  ending.start();
  await ending.ready();
}, 240_000);
