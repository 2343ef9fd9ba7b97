import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { probes } from './probes.js';
import { type Need, type NotReady, Readiness } from './readiness.js';

const never = new Promise<never>(() => undefined);
const need = (look: () => Promise<NotReady | undefined>): Need => ({ otherwise: 'DATABASE_UNREACHABLE', look });

it('a service is ready when everything is there that it needs', async () => {
  expect(await new Readiness([need(async () => undefined), need(async () => undefined)]).reasons()).toEqual([]);
});

it('each reason is told once, whether it was found, the look failed, or takes too long', async () => {
  const readiness = new Readiness(
    [
      need(async () => 'MIGRATIONS_PENDING'),
      need(async () => 'MIGRATIONS_PENDING'),
      need(() => Promise.reject(new Error('postgres://user:SECRET@host'))),
      { otherwise: 'STORE_UNREACHABLE', look: () => never },
    ],
    { within: 20, keep: 0 },
  );
  expect(await readiness.reasons()).toEqual(['MIGRATIONS_PENDING', 'DATABASE_UNREACHABLE', 'STORE_UNREACHABLE']);
});

it('however many ask, the world is looked at once, and again after a while', async () => {
  let looks = 0;
  const readiness = new Readiness([need(async () => (looks++ === 0 ? 'MIGRATIONS_PENDING' : undefined))], {
    within: 1_000,
    keep: 30,
  });
  const all = await Promise.all(Array.from({ length: 50 }, () => readiness.reasons()));
  expect(new Set(all.flat())).toEqual(new Set(['MIGRATIONS_PENDING']));
  expect(looks).toBe(1);
  while ((await readiness.reasons()).length > 0) await new Promise((go) => setTimeout(go, 5));
  expect(looks).toBe(2);
});

it('whoever is about to end is not ready, even for those who asked before', async () => {
  const readiness = new Readiness([need(() => new Promise((go) => setTimeout(() => go(undefined), 20)))]);
  const asked = readiness.reasons();
  readiness.end();
  expect(await asked).toEqual(['ENDING']);
  expect(await readiness.reasons()).toEqual(['ENDING']);
});

describe('over HTTP', () => {
  let server: http.Server;
  let look: () => Promise<NotReady | undefined>;
  const readiness = new Readiness([need(() => look())], { within: 50, keep: 0 });
  const ask = async (path: string, method = 'GET') => {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    const text = await response.text();
    return [response.status, text === '' ? undefined : (JSON.parse(text) as unknown)];
  };
  beforeAll(async () => {
    const probing = probes(readiness);
    server = http.createServer((request, response) =>
      probing(request, response, () => response.writeHead(404).end('{}')),
    );
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterAll(() => new Promise((closed) => server.close(closed)));

  it('a service lives while the process turns, whatever is away', async () => {
    look = () => never;
    expect(await ask('/live')).toEqual([200, { status: 'ok' }]);
    expect(await ask('/ready')).toEqual([503, { status: 'error', reasons: ['DATABASE_UNREACHABLE'] }]);
  });

  it('it is ready again by itself', async () => {
    look = async () => undefined;
    let answer = await ask('/ready');
    while (answer[0] !== 200) answer = await ask('/ready');
    expect(answer).toEqual([200, { status: 'ok' }]);
    expect(await ask('/ready', 'HEAD')).toEqual([200, undefined]);
  });

  it.each([
    ['/live/x', 'GET'],
    ['/ready', 'POST'],
    ['/Live', 'GET'],
    ['//live', 'GET'],
  ])('%s (%s) is left to others', async (path, method) => expect((await ask(path, method))[0]).toBe(404));
});
