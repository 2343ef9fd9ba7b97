import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { RequestsUnderWay } from './requests-under-way.js';

let server: http.Server;
let underWay: RequestsUnderWay;
let answer: () => void;
let asked: Promise<Response>;

beforeEach(async () => {
  const begun = Promise.withResolvers<void>();
  server = http.createServer((_request, response) => {
    answer = () => void response.end('done');
    begun.resolve();
  });
  underWay = new RequestsUnderWay(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  asked = fetch(url());
  await begun.promise;
});
afterEach(() => server.closeAllConnections());

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

it('a request under way is answered, the connection ends with it, and nobody else is let in', async () => {
  const address = url();
  const ended = underWay.end(10_000);
  await expect(fetch(address)).rejects.toThrow('fetch failed');
  answer();
  const response = await asked;
  expect([await response.text(), response.headers.get('connection')]).toEqual(['done', 'close']);
  expect(await ended).toBe(true);
});

it('whoever takes too long is not waited for', async () => {
  expect(await underWay.end(20)).toBe(false);
  server.closeAllConnections();
  await expect(asked).rejects.toThrow();
});
