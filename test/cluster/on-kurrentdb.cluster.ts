import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PostgresEventStore } from '@cairn/platform';
import { KurrentEventStore } from '@cairn/platform/kurrent';
import { cairn, cairnAs } from '../support/cairn-command.js';
import { ClusterLoad, faultsOf, wholeLog } from '../support/cluster-load.js';
import { type ClusterSettings, clusterSettings } from '../support/cluster-settings.js';
import { type KurrentFake, startKurrentFake } from '../support/kurrent/fake-server.js';
import { eventually, repository } from '../support/launched-cairn.js';
import { appendPerson } from '../support/people.js';
import { rounds } from '../support/rounds.js';
import { runApi } from '../support/running-api.js';
import { RunningService } from '../support/running-service.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TENANT = 'unit';
/** Whose people record all the time. */
const BUSY = 'busy';
const DEMO = path.join(repository, 'infra/demo/enrich');
const REPORT = ['report', 'engagement', '--trial', 'enrich', '--as-of', '2019-06-01T00:00:00Z', '--format', 'json'];

/** A stand-in for KurrentDB that is ended and started again as a server is: its log stays. */
let fake: KurrentFake;
let database: TestDatabase;
let settings: ClusterSettings;
let kurrent: KurrentEventStore;
let copy: PostgresEventStore;
let services: RunningService[] = [];
let token: string;
let folder: string;

const own = () => cairnAs({ url: services[0]!.url, token });

beforeAll(async () => {
  fake = await startKurrentFake();
  database = await createTestDatabase();
  settings = await clusterSettings(database.services);
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-on-kurrentdb-'));
  kurrent = new KurrentEventStore({ url: fake.url, applicationName: 'test' });
  copy = new PostgresEventStore({ url: database.url, role: 'cairn_projector', applicationName: 'test' });
  for (const tenant of [TENANT, BUSY]) {
    await appendPerson(kurrent, tenant, 'manager', [{ role: 'sponsor_administrator' }, { role: 'trial_manager' }]);
  }
  const store = { EVENT_STORE: 'kurrentdb', KURRENTDB_URL: fake.url };
  const start = (name: 'api' | 'projector' | 'alerter') =>
    RunningService.start({ name, environment: { ...settings.environment[name], ...store } });
  services = [await start('api'), await start('projector'), await start('alerter')];
  await Promise.all(services.map((service) => service.ready()));
  token = await settings.issuer.token({ tenant: TENANT, person: 'manager', expiresInSeconds: 86_400 });
}, 120_000);

afterAll(async () => {
  await Promise.all(services.map((service) => service.end('SIGKILL')));
  await Promise.all([copy.close(), kurrent.close()]);
  await fake.stop();
  await database.drop();
  await settings.remove();
  await fs.rm(folder, { recursive: true, force: true });
}, 60_000);

it('every number of the demo is the one that PostgreSQL gives', async () => {
  const imported = await own()('import', DEMO);
  expect(imported).toMatchObject({ exitCode: 0 });
  const postgres = await runApi({}, { tenant: TENANT });
  try {
    const there = cairnAs({ url: postgres.url, token: postgres.token });
    expect(await there('import', DEMO)).toMatchObject({ exitCode: 0 });
    const [here, other] = await Promise.all([own()(...REPORT), there(...REPORT)]);
    const { position: _, ...numbers } = JSON.parse(here.out) as { position: string; sites: readonly unknown[] };
    const { position: __, ...expected } = JSON.parse(other.out) as typeof numbers & { position: string };
    expect(numbers.sites).toHaveLength(7);
    expect(numbers).toEqual(expected);
  } finally {
    await postgres.close();
  }
}, 420_000);

it('an export of it is evidence', async () => {
  const out = path.join(folder, 'export');
  await eventually('the log is signed', async () => {
    await fs.rm(out, { recursive: true, force: true });
    return (await own()('export', 'enrich', '--out', out)).exitCode === 0;
  });
  expect(await cairn({}, 'verify', out)).toMatchObject({ exitCode: 0 });
}, 60_000);

it('whatever ends, of KurrentDB and the services, nothing is lost: commands, tables that are watched, alerts', async () => {
  const sites = ['S1', 'S2'];
  const own = await settings.issuer.token({ tenant: BUSY, person: 'manager', expiresInSeconds: 86_400 });
  const load = await ClusterLoad.begin({ urls: () => [services[0]!.url], token: own, trial: 'T', sites, writers: 2 });
  try {
    for (let round = 0; round < rounds({ ci: 2, night: 40 }); round++) {
      await pause(1_500);
      const { port, log } = fake;
      await fake.stop();
      // Whichever it is, it is killed while KurrentDB is away.
      const ending = services[(round + 1) % services.length]!;
      await ending.end('SIGKILL');
      await pause(500);
      fake = await startKurrentFake({ port, log });
      ending.start();
      await ending.ready();
    }
    await pause(1_000);
    await load.endRecording();
    const head = await copy.head(BUSY);
    const asked = await load.askedTable(head);
    await eventually('the table that is watched is the table', () => {
      const { position: _, ...watched } = load.table!;
      const { position: __, ...now } = asked;
      return JSON.stringify(watched) === JSON.stringify(now);
    });
    await eventually('an alert has come', () => load.alerts.first.length > 0);
    await load.endFollowing();
    expect(load.client.failures).toEqual([]);
    expect(load.answeredOtherwise).toEqual([]);
    expect(faultsOf(await wholeLog(copy, BUSY), load)).toEqual([]);
    expect(await idsIn(kurrent, BUSY)).toEqual((await wholeLog(copy, BUSY)).map(({ id }) => id));
  } finally {
    await load.giveUp();
  }
}, 240_000);

it('a service for which PostgreSQL is the store does not start on the copy', async () => {
  const other = await RunningService.start({ name: 'api', environment: settings.environment.api });
  expect(await other.exited()).toBe(1);
  expect(other.log).toContain('EVENT_STORE=kurrentdb');
}, 60_000);

it('PostgreSQL is the store again when the copy is closed, with the same log', async () => {
  await Promise.all(services.map((service) => service.end('SIGTERM')));
  await expect(appendPerson(copy, TENANT, 'nobody', [])).rejects.toMatchObject({ name: 'LogIsCopy' });
  const urls = { DATABASE_URL: database.url, KURRENTDB_URL: fake.url };
  const done = await cairn(urls, 'migrate-store', '--from', 'kurrentdb', '--to', 'postgres');
  expect(done).toMatchObject({ exitCode: 0, err: '' });
  await appendPerson(copy, TENANT, 'somebody', [{ role: 'auditor' }]);
}, 120_000);

async function idsIn(store: KurrentEventStore, tenant: string): Promise<string[]> {
  const ids: string[] = [];
  for (let after = 0n; ;) {
    const page = await store.readLog(tenant, { from: after, limit: 5_000 });
    if (page.length === 0) return ids;
    ids.push(...page.map(({ id }) => id));
    after = page.at(-1)!.position;
  }
}
