import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PostgresEventStore, ReadModels } from '@cairn/platform';
import pg from 'pg';
import { projections } from '../../apps/projector/src/projections.js';
import { cairn } from '../support/cairn-command.js';
import { type Checkout, checkOut, versionBefore } from '../support/checkout.js';
import { ClusterLoad, faultsOf, wholeLog } from '../support/cluster-load.js';
import { type ClusterSettings, clusterSettings } from '../support/cluster-settings.js';
import { eventually } from '../support/launched-cairn.js';
import { appendPerson } from '../support/people.js';
import { storedRows } from '../support/projection-kit.js';
import { RunningService, type ServiceOptions } from '../support/running-service.js';

const TENANT = 'unit';
const SITES = ['S1', 'S2', 'S3'];
const MIGRATE = `const { migrate, makeServiceLogins } = await import('@cairn/platform');
  await migrate(process.env.DATABASE_URL);
  console.log(JSON.stringify(await makeServiceLogins(process.env.DATABASE_URL)));`;

let before: Checkout;
let server: pg.Client;
let name: string;
let url: string;
let settings: ClusterSettings;
let store: PostgresEventStore;
let load: ClusterLoad | undefined;
const running: RunningService[] = [];

beforeAll(async () => {
  before = await checkOut(await versionBefore());
  name = `test_${randomUUID().replaceAll('-', '')}`;
  server = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] });
  await server.connect();
  await server.query(`create database ${name}`);
  const own = new URL(process.env['TEST_DATABASE_URL']!);
  own.pathname = `/${name}`;
  url = own.toString();
  settings = await clusterSettings(JSON.parse(await migrateBefore()) as Parameters<typeof clusterSettings>[0]);
  store = new PostgresEventStore({ url, role: 'cairn_projector', applicationName: 'test' });
  await appendPerson(store, TENANT, 'manager', [{ role: 'sponsor_administrator' }, { role: 'trial_manager' }]);
}, 400_000);

afterAll(async () => {
  await load?.giveUp();
  await Promise.all(running.map((service) => service.end('SIGKILL')));
  await store?.close();
  await server?.query(`drop database if exists ${name} with (force)`);
  await server?.end();
  await settings?.remove();
  await before?.remove();
}, 60_000);

/** As the version before does it. @returns what it says */
async function migrateBefore(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', MIGRATE], {
    cwd: path.join(before.root, 'apps/api'),
    env: { ...process.env, DATABASE_URL: url },
  });
  return stdout;
}

async function start(service: ServiceOptions['name'], version: 'old' | 'new'): Promise<RunningService> {
  const environment = settings.environment[service];
  const options = { name: service, environment, ...(version === 'old' && { root: before.root }) };
  const started = await RunningService.start(options);
  running.push(started);
  return started;
}

/** Both go on side by side for a while, then the old one ends. */
async function replace(old: RunningService, started: RunningService): Promise<void> {
  await started.ready();
  await pause(1_500);
  expect([await old.health(), old.log]).toEqual([200, expect.not.stringContaining('rror')]);
  await old.end('SIGTERM');
}

it('goes from version to version while people work', async () => {
  const old = {
    projector: await start('projector', 'old'),
    alerter: await start('alerter', 'old'),
    apis: [await start('api', 'old'), await start('api', 'old')],
  };
  await Promise.all(running.map((service) => service.ready()));
  const token = await settings.issuer.token({ tenant: TENANT, person: 'manager', expiresInSeconds: 86_400 });
  const apis = [...old.apis];
  load = await ClusterLoad.begin({
    ...{ urls: () => apis.map((api) => api.url), token, trial: 'T', sites: SITES, writers: 2, between: 50 },
  });

  // Code that is too early says what it waits for, and begins when it is there.
  const early = await start('api', 'new');
  await eventually('it says what it waits for', () => early.log.includes('waiting for the database: '));
  expect(await early.health()).toBeUndefined();

  // Two operators at once, in the middle of the day.
  const migrations = await Promise.all([1, 2].map(() => cairn({ DATABASE_URL: url }, 'migrate')));
  expect(migrations.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  await expect(migrateBefore()).rejects.toThrow('run newer code');

  await replace(old.projector, await start('projector', 'new'));
  await replace(old.alerter, await start('alerter', 'new'));
  await early.ready();
  apis.push(early);
  await pause(1_500);
  for (const leaving of old.apis) {
    // As a load balancer does that watches who is well.
    apis.splice(apis.indexOf(leaving), 1);
    expect(await leaving.health()).toBe(200);
    await leaving.end('SIGTERM');
    if (apis.length === 1) {
      const second = await start('api', 'new');
      await second.ready();
      apis.push(second);
    }
  }
  await pause(1_000);
  await load.endRecording();

  const head = await store.head(TENANT);
  const asked = await load.askedTable(head);
  await eventually('the table that is watched is the table', () => {
    const { position: _, ...watched } = load!.table!;
    const { position: __, ...now } = asked;
    return JSON.stringify(watched) === JSON.stringify(now);
  });
  await load.endFollowing();
  expect(load.client.failures).toEqual([]);
  expect(load.answeredOtherwise).toEqual([]);
  expect(faultsOf(await wholeLog(store, TENANT), load)).toEqual([]);
  expect(asked.overall.randomised).toBeGreaterThan(SITES.length);
  expect(load.alerts.first.length).toBeGreaterThan(0);
  expect(load.alerts.times).toBe(load.alerts.first.length);
  console.log(
    `from ${before.commit.slice(0, 7)}: ${load.accepted.size} commands, ${load.queries} queries, ` +
      `${load.client.retried} of ${load.client.asked} requests asked again, ${load.alerts.first.length} alerts`,
  );
  await equalsARebuild();
}, 600_000);

/** The alerter may record more meanwhile: what is compared stands still. */
async function equalsARebuild(): Promise<void> {
  const readModels = new ReadModels({
    ...{ url, store, applicationName: 'test' },
    models: projections.map(({ projection }) => projection),
  });
  try {
    await eventually('nothing is recorded any more', async () => {
      const head = await store.head(TENANT);
      await pause(2_000);
      return (await store.head(TENANT)) === head && (await readModels.position(TENANT)) === head;
    });
    const views = projections.map(({ projection }) => `${projection.name}_v${projection.version}`);
    const served = await Promise.all(views.map((view) => storedRows(url, view)));
    expect(served.flat().length).toBeGreaterThan(SITES.length);
    for (const { projection } of projections) {
      const generation = await readModels.requestRebuild(projection.name);
      await eventually(`${projection.name} is rebuilt`, async () => {
        const progress = await readModels.rebuildProgress(projection.name, generation);
        return progress?.state === 'serving';
      });
    }
    expect(await Promise.all(views.map((view) => storedRows(url, view)))).toEqual(served);
  } finally {
    await readModels.close();
  }
}
