import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { prepareKeyRing } from '@cairn/platform/signing';
import pg from 'pg';
import { pageText, rowsOf, sectionOf } from '../docs/page.js';
import { KilledService } from '../support/killed-service.js';
import { eventually, freePort } from '../support/launched-cairn.js';
import { MASKING_SECRET, runApi, type RunningApi, setUpTrial } from '../support/running-api.js';

type Service = 'api' | 'projector' | 'alerter';

let running: RunningApi;
let folder: string;
let ports: Record<Service, number>;
let services: KilledService[];
beforeAll(async () => {
  ports = { api: await freePort(), projector: await freePort(), alerter: await freePort() };
  running = await runApi({ METRICS_PORT: String(ports.api) });
  await setUpTrial(running, 'T');
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-metrics-'));
  const signingKeys = path.join(folder, 'signing-keys.json');
  await prepareKeyRing(signingKeys, new Date());
  const DATABASE_URL = running.databaseUrl;
  services = [
    new KilledService('projector', {
      DATABASE_URL,
      PROJECTOR_PORT: String(ports.projector),
      CAIRN_SIGNING_KEYS: signingKeys,
    }),
    new KilledService('alerter', {
      DATABASE_URL,
      ALERTER_PORT: String(ports.alerter),
      CAIRN_WEBHOOK_SECRET: MASKING_SECRET,
    }),
  ];
  for (const service of services) service.start();
  for (const service of ['projector', 'alerter'] as const) {
    await eventually(`the ${service} is ready`, async () => (await ask(service, '/ready'))?.status === 200);
  }
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.kill()));
  await running.close();
  await fs.rm(folder, { recursive: true });
});

const ask = (service: Service, where: string): Promise<Response | undefined> =>
  fetch(`http://127.0.0.1:${ports[service]}${where}`).catch(() => undefined);

const scrape = async (service: Service): Promise<string> => (await ask(service, '/metrics'))!.text();

interface Described {
  readonly name: string;
  readonly type: string;
}

/** What a service exposes of its own, with the labels that each sample has. */
function exposed(text: string): readonly Described[] {
  return [...text.matchAll(/^# TYPE (cairn_\w+) (\w+)$/gm)].map(([, name, type]) => ({ name: name!, type: type! }));
}

const documented = (heading: string): readonly Described[] =>
  rowsOf(sectionOf(pageText('docs/operations.md'), heading)).map(([name, type]) => ({
    name: name!.slice(1, -1),
    type: type!,
  }));

const byName = (all: readonly Described[]): readonly Described[] =>
  all.toSorted((a, b) => a.name.localeCompare(b.name));

test.each(['api', 'projector', 'alerter'] as const)('the metrics of the %s are those of the page', async (service) => {
  const page = [...documented('Metrics of every service'), ...documented(`Metrics of the ${service}`)];
  expect(byName(exposed(await scrape(service)))).toEqual(byName(page));
});

test.each(['api', 'projector', 'alerter'] as const)('the labels of the %s are those of the page', async (service) => {
  const text = pageText('docs/operations.md');
  const rows = [`Metrics of every service`, `Metrics of the ${service}`].flatMap((each) =>
    rowsOf(sectionOf(text, each)),
  );
  const labels = new Map(rows.map(([name, , given]) => [name!.slice(1, -1), given!.match(/\w+/g) ?? []]));
  for (const [, sample, inBraces = ''] of (await scrape(service)).matchAll(/^(cairn_\w+)(?:\{(.*)\})? /gm)) {
    const name = labels.has(sample!) ? sample! : sample!.replace(/_(bucket|sum|count)$/, '');
    const given = [...inBraces.matchAll(/(\w+)="/g)].map(([, label]) => label!).filter((label) => label !== 'le');
    expect([sample, given.toSorted()]).toEqual([sample, labels.get(name)!.toSorted()]);
  }
});

test('what is counted is there, and of no tenant, person or site', async () => {
  const text = await scrape('api');
  expect(text).toMatch(/^cairn_commands_total\{outcome="accepted"\} [1-9]/m);
  expect(text).toMatch(/^cairn_append_seconds_count\{outcome="appended"\} [1-9]/m);
  expect(text).toMatch(/^cairn_append_batch_appends_count [1-9]/m);
  expect(text).toMatch(/^cairn_http_request_seconds_count\{route="\/graphql",status="2xx"\} [1-9]/m);
  expect(text).toMatch(/^cairn_graphql_fields_total\{kind="mutation",field="registerTrial",outcome="ok"\} 1$/m);
  expect(text).toMatch(/^cairn_ready 1$/m);
  const all = text + (await scrape('projector')) + (await scrape('alerter'));
  expect(all).not.toMatch(/tenant="|tester|"T"|"S1"/);
  await eventually('everything is taken in', async () => {
    const [projector, alerter] = [await scrape('projector'), await scrape('alerter')];
    return (
      /^cairn_projection_lag_events\{projection="participants"\} 0$/m.test(projector) &&
      /^cairn_log_events [1-9]/m.test(projector) &&
      /^cairn_proofs_lag_events 0$/m.test(projector) &&
      /^cairn_watch_lag_events 0$/m.test(alerter)
    );
  });
});

test('a database that cannot be used is told by reasons, and what needs none is still measured', async () => {
  const administrator = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] });
  await administrator.connect();
  const name = new URL(running.databaseUrl).pathname.slice(1);
  try {
    await administrator.query(`alter database ${name} allow_connections false`);
    await administrator.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    for (const service of ['api', 'projector', 'alerter'] as const) {
      await eventually(`the ${service} is not ready`, async () => (await ask(service, '/ready'))?.status === 503);
      const answer = (await (await ask(service, '/ready'))!.json()) as { reasons: readonly string[] };
      expect(answer).toMatchObject({ status: 'error', reasons: expect.arrayContaining(['DATABASE_UNREACHABLE']) });
      expect((await ask(service, '/live'))!.status).toBe(200);
    }
    await eventually('the look-up failed', async () => /^cairn_look_up_failed 1$/m.test(await scrape('projector')));
    const text = await scrape('projector');
    expect(text).toMatch(/^cairn_ready 0$/m);
    expect(text).not.toMatch(/^cairn_log_events /m);
    expect(text).not.toMatch(/^cairn_projection_lag_events\{/m);
  } finally {
    await administrator.query(`alter database ${name} allow_connections true`);
    await administrator.end();
  }
  for (const service of ['api', 'projector', 'alerter'] as const) {
    await eventually(`the ${service} is ready again`, async () => (await ask(service, '/ready'))?.status === 200);
  }
});

test('a database of an older version is told', async () => {
  const client = new pg.Client({ connectionString: running.databaseUrl });
  await client.connect();
  const { rows } = await client.query(`delete from public.cairn_migration where number = 17 returning *`);
  await eventually('pending migrations are seen', async () => (await ask('api', '/ready'))?.status === 503);
  expect(await (await ask('api', '/ready'))!.json()).toEqual({ status: 'error', reasons: ['MIGRATIONS_PENDING'] });
  await client.query('insert into public.cairn_migration values ($1, $2, $3)', Object.values(rows[0] as object));
  await client.end();
});
