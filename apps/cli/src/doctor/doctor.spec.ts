import fs from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { prepareKeyRing } from '@cairn/platform/signing';
import type pg from 'pg';
import { stoneText } from '../backup/stone.js';
import { serverLooks } from './database-checks.js';
import { doctorCommand, exitOf } from './doctor-command.js';
import { backup, keyRing, keysFolder } from './file-checks.js';
import { type Finding, found, nameOf } from './finding.js';
import { issuer, kafka, kurrentdb, service } from './network-checks.js';

const seen = ({ code, state }: Finding): readonly string[] => [code, state];

let folder: string;
beforeEach(async () => void (folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-doctor-'))));
afterEach(() => fs.rm(folder, { recursive: true }));

describe('files', () => {
  it('a key ring that can be used, that others can read, that is none, that is not there', async () => {
    const file = path.join(folder, 'ring.json');
    expect(seen(await keyRing(file))).toEqual(['KEY_RING', 'problem']);
    await prepareKeyRing(file, new Date());
    expect(seen(await keyRing(file))).toEqual(['KEY_RING', 'ok']);
    await fs.chmod(file, 0o644);
    expect(await keyRing(file)).toMatchObject({ state: 'problem', what: expect.stringContaining('Others') });
    await fs.writeFile(file, '{"secret":"SECRET"}');
    expect(JSON.stringify(await keyRing(file))).not.toContain('SECRET');
    expect(seen(await keyRing(undefined))).toEqual(['KEY_RING', 'warning']);
  });

  it('a folder of keys that is well, open to others, not there, or a file', async () => {
    const dir = path.join(folder, 'keys');
    expect(seen(await keysFolder(dir))).toEqual(['KEYS_FOLDER', 'warning']);
    await fs.mkdir(dir, { mode: 0o700 });
    expect(seen(await keysFolder(dir))).toEqual(['KEYS_FOLDER', 'ok']);
    await fs.chmod(dir, 0o755);
    expect(seen(await keysFolder(dir))).toEqual(['KEYS_FOLDER', 'problem']);
    expect(seen(await keysFolder(path.join(dir, 'below', 'x')))).toEqual(['KEYS_FOLDER', 'warning']);
    expect(seen(await keysFolder(undefined))).toEqual(['KEYS_FOLDER', 'ok']);
  });

  it('a backup that is young, old, altered, not there', async () => {
    const now = Date.parse('2026-01-02T00:00:00Z');
    const look = (hours = 26) => backup({ dir: folder, hours }, now);
    expect(await look()).toMatchObject({ state: 'problem', what: 'There is no backup in the folder.' });
    const stone = {
      ...{ format: 'cairn-backup/1' as const, backup: crypto.randomUUID(), number: 1, previous: null },
      ...{ takenAt: '2026-01-01T12:00:00Z', migrations: [1], keys: [], logs: [], alertingRows: 0, files: {} },
    };
    await fs.mkdir(path.join(folder, '000001'));
    const file = path.join(folder, '000001', 'stone.json');
    await fs.writeFile(file, stoneText(stone));
    expect(await look()).toEqual(found('BACKUP', 'ok', 'The newest backup is 12.0 hours old.'));
    expect(seen(await look(6))).toEqual(['BACKUP', 'problem']);
    await fs.writeFile(file, stoneText(stone).replace('12:00', '13:00'));
    expect(seen(await look())).toEqual(['BACKUP', 'problem']);
    expect(seen(await backup(undefined, now))).toEqual(['BACKUP', 'unknown']);
    expect(seen(await backup({ dir: path.join(folder, 'none'), hours: 1 }, now))).toEqual(['BACKUP', 'problem']);
  });
});

describe('what answers over the network', () => {
  let answers: Readonly<Record<string, readonly [status: number, body: unknown]>>;
  let server: http.Server;
  let url: string;
  beforeAll(async () => {
    server = http.createServer((request, response) => {
      const [status, body] = answers[request.url!] ?? [404, {}];
      response.writeHead(status).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it.each<[string, typeof answers, string]>([
    ['can work', { '/live': [200, {}], '/ready': [200, {}] }, 'ok'],
    ['is not ready', { '/live': [200, {}], '/ready': [503, { reasons: ['DATABASE_UNREACHABLE'] }] }, 'problem'],
    ['is something else', {}, 'problem'],
  ])('a service that %s', async (_, given, state) => {
    answers = given;
    expect(seen(await service('API', url))).toEqual(['API', state]);
  });

  it('of what is not ready only reasons are repeated', async () => {
    answers = { '/live': [200, {}], '/ready': [503, { reasons: ['MIGRATIONS_PENDING', 'postgres://x:SECRET@y'] }] };
    const { what } = await service('PROJECTOR', url);
    expect(what).toBe('The projector is not ready: MIGRATIONS_PENDING.');
  });

  it('a service, a KurrentDB, a broker, an issuer that is not there', async () => {
    expect(seen(await service('ALERTER', NOWHERE))).toEqual(['ALERTER', 'problem']);
    const kurrent = await kurrentdb('kurrentdb://admin:SECRET@127.0.0.1:1,127.0.0.1:2?tls=false');
    expect(kurrent).toMatchObject({ state: 'problem', what: expect.stringContaining('ECONNREFUSED') });
    const sasl = { mechanism: 'plain', username: 'u', password: 'SECRET' } as const;
    const broker = await kafka({ brokers: ['127.0.0.1:1'], clientId: 'c', tls: undefined, sasl });
    expect(seen(broker)).toEqual(['KAFKA_REACHABLE', 'problem']);
    const noIssuer = await issuer('http://user:SECRET@127.0.0.1:1/realm');
    expect(seen(noIssuer)).toEqual(['ISSUER_REACHABLE', 'problem']);
    expect(JSON.stringify([kurrent, broker, noIssuer])).not.toContain('SECRET');
  });

  it('what is not set up is well', async () => {
    expect(
      [await kurrentdb(undefined), await kafka(undefined), await issuer(undefined)].map(({ state }) => state),
    ).toEqual(['ok', 'ok', 'ok']);
  });

  it('a KurrentDB that takes connections', async () => {
    const node = net.createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
    const { port } = node.address() as AddressInfo;
    expect(seen(await kurrentdb(`kurrentdb://127.0.0.1:1,127.0.0.1:${port}?tls=false`))).toEqual([
      'KURRENTDB_REACHABLE',
      'ok',
    ]);
    await new Promise((resolve) => node.close(resolve));
  });

  it('an issuer that is one, is another, shows no keys', async () => {
    const where = '/.well-known/openid-configuration';
    answers = { [where]: [200, { issuer: url, jwks_uri: `${url}/keys` }], '/keys': [200, {}] };
    expect(seen(await issuer(url))).toEqual(['ISSUER_REACHABLE', 'ok']);
    answers = { [where]: [200, { issuer: url, jwks_uri: `${url}/keys` }] };
    expect((await issuer(url)).what).toBe('The issuer does not show its keys (404).');
    answers = { [where]: [200, { issuer: 'https://other', jwks_uri: `${url}/keys` }], '/keys': [200, {}] };
    expect((await issuer(url)).what).toBe('It calls itself otherwise than OIDC_ISSUER does.');
    answers = {};
    expect(seen(await issuer(url))).toEqual(['ISSUER_REACHABLE', 'problem']);
  });
});

describe('a database server', () => {
  /** Answers the looks in their order: version, migrations, writable, settings, disk, connections, clock. */
  const look = async (at: number, ...rows: readonly object[]): Promise<readonly Finding[]> =>
    serverLooks[at]!({ query: async () => ({ rows }) } as unknown as pg.Client);

  it.each<[string, number, readonly object[], readonly string[]]>([
    ['of version 14', 0, [{ number: '140011', version: '14.11', encoding: 'UTF8' }], ['DATABASE_VERSION', 'problem']],
    ['in LATIN1', 0, [{ number: '170000', version: '17', encoding: 'LATIN1' }], ['DATABASE_VERSION', 'problem']],
    ['of version 17', 0, [{ number: '170000', version: '17', encoding: 'UTF8' }], ['DATABASE_VERSION', 'ok']],
    ['that follows another', 2, [{ standby: true, readonly: 'off' }], ['DATABASE_WRITABLE', 'problem']],
    ['that is read-only', 2, [{ standby: false, readonly: 'on' }], ['DATABASE_WRITABLE', 'problem']],
    ['that can be written to', 2, [{ standby: false, readonly: 'off' }], ['DATABASE_WRITABLE', 'ok']],
    ['that forgets', 3, [{ name: 'fsync', reset: 'off' }], ['SAFE_SETTINGS', 'problem']],
    ['that does not', 3, [{ name: 'fsync', reset: 'on' }], ['SAFE_SETTINGS', 'ok']],
    ['on a volume that cannot be seen', 4, [{ dir: '/nowhere/at/all' }], ['DISK_SPACE', 'unknown']],
    ['that is nearly full of connections', 5, [{ used: 81, most: 100 }], ['CONNECTIONS', 'warning']],
    ['with room', 5, [{ used: 10, most: 100 }], ['CONNECTIONS', 'ok']],
  ])('%s', async (_, at, rows, expected) => expect((await look(at, ...rows)).map(seen)).toEqual([expected]));

  it.each([
    ['an hour ahead', 3_600_000, 'problem'],
    ['three seconds behind', -3_000, 'warning'],
    ['in time', 0, 'ok'],
  ])('%s', async (_, by, state) =>
    expect((await look(6, { at: Date.now() + by })).map(seen)).toEqual([['CLOCK', state]]),
  );

  it('on a volume of this machine', async () => {
    expect((await look(4, { dir: folder }))[0]).toMatchObject({
      code: 'DISK_SPACE',
      what: expect.stringContaining('GB'),
    });
  });
});

it('the worst finding is what it ends with', () => {
  const of = (...states: readonly Finding['state'][]) => exitOf(states.map((state) => found('CLOCK', state, '')));
  expect([of('ok', 'unknown'), of('ok', 'warning'), of('warning', 'problem')]).toEqual([0, 1, 2]);
});

it('nothing that an error says gets out but its name', () => {
  expect(nameOf(new TypeError('SECRET', { cause: Object.assign(new Error('SECRET'), { code: 'ECONNREFUSED' }) }))).toBe(
    'ECONNREFUSED',
  );
  expect(nameOf(Object.assign(new Error('SECRET'), { code: 'a SECRET code', name: 'SECRET name' }))).toBe('Error');
});

it('where nothing runs, all of it is said, with what to do, and no secret', async () => {
  const said: string[] = [];
  const out = { write: (text: string) => said.push(text) } as unknown as NodeJS.WritableStream;
  const configuration = {
    ...{ url: NOWHERE, tenant: 't', token: 'SECRET', dataDir: folder, verifierKeys: undefined },
    signingKeys: path.join(folder, 'none'),
    database: { migrate: 'postgres://me:SECRET@127.0.0.1:1/cairn', services: {} },
    given: {
      ...{ PROJECTOR_PORT: '1', ALERTER_PORT: '2', EVENT_STORE: 'kurrentdb' },
      KURRENTDB_URL: 'kurrentdb://admin:SECRET@127.0.0.1:1',
    },
  };
  const options = { backupHours: 26 };
  expect(await doctorCommand(configuration, { ...options, json: false }, { out, err: out })).toBe(2);
  expect(await doctorCommand(configuration, { ...options, json: true }, { out, err: out })).toBe(2);
  const [text, json] = said;
  expect(text).toMatch(
    /^PROBLEM DATABASE_REACHABLE {2}.*ECONNREFUSED.*\n {10}Start PostgreSQL.*runbook\.md#database_reachable/m,
  );
  const codes = (JSON.parse(json!) as readonly { code: string; state: string }[]).filter(
    ({ state }) => state === 'problem',
  );
  expect(codes.map(({ code }) => code)).toEqual([
    'DATABASE_REACHABLE',
    'KURRENTDB_REACHABLE',
    'API',
    'PROJECTOR',
    'ALERTER',
    'KEY_RING',
  ]);
  expect(said.join()).not.toContain('SECRET');
});

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';
