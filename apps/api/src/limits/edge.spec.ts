import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { bodyWithin, knownMethods, limitConnections } from './edge.js';

let server: Server;
const within = bodyWithin(50, 50);
beforeAll(async () => {
  server = createServer((request, response) =>
    within(request, response, () =>
      knownMethods(request, response, () => {
        if (request.headers.authorization === 'none') response.writeHead(401).end('no');
        else request.resume().on('end', () => response.end('read'));
      }),
    ),
  );
  limitConnections(server);
  server.listen(0);
  await once(server, 'listening');
});
afterAll(() => server.close());

/** What is answered until the connection closes. */
async function told(...lines: string[]): Promise<string> {
  const socket = net.connect((server.address() as AddressInfo).port, 'localhost');
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk))).on('error', () => undefined);
  socket.write(lines.join('\r\n'));
  await once(socket, 'close');
  return answer;
}

it('a body that does not come ends the connection; an import may take its time', async () => {
  expect(await told('POST /graphql HTTP/1.1', 'host: x', 'content-length: 10', '', 'x')).toBe('');
  const socket = net.connect((server.address() as AddressInfo).port, 'localhost');
  socket.write(['POST /import HTTP/1.1', 'host: x', 'connection: close', 'content-length: 2', '', 'x'].join('\r\n'));
  // The other connection is closed after this one has waited at least as long.
  expect(await told('POST /graphql HTTP/1.1', 'host: x', 'content-length: 10', '', 'x')).toBe('');
  socket.write('y');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1.1 200/);
});

it.each(['/graphql', '/import'])('a body of %s that was refused is not waited for', async (path) => {
  const trickle = [`POST ${path} HTTP/1.1`, 'host: x', 'authorization: none', 'content-length: 10', '', 'x'];
  expect(await told(...trickle)).toMatch(/^HTTP\/1.1 401 /);
});

it('a body that comes in time is read', async () => {
  const whole = ['POST /graphql HTTP/1.1', 'host: x', 'connection: close', 'content-length: 1', '', 'x'];
  expect(await told(...whole)).toMatch(/^HTTP\/1.1 200 /);
});

it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('%s is no method of ours', async (method) => {
  const answer = await told(`${method} / HTTP/1.1`, 'host: x', 'connection: close', '', '');
  expect(answer).toMatch(/^HTTP\/1.1 405 [^]*allow: GET, HEAD, POST[^]*METHOD_NOT_ALLOWED/i);
});

it('a header has to come soon, a whole request within the time of an import', () => {
  expect([server.headersTimeout, server.requestTimeout, server.maxHeadersCount]).toEqual([15_000, 3_600_000, 100]);
});
