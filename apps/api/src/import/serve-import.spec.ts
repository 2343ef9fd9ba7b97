import { createServer, request as httpRequest, type ClientRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { EventStoreUnavailable, type RecordedEvent } from '@cairn/event-sourcing';
import type { ImportTarget } from './import-run.js';
import { serveImport } from './serve-import.js';

const commandId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const line = (n: number) =>
  `${JSON.stringify({ line: n, commandId: commandId(n), commands: [{ name: 'recordDischarge', input: { trial: 't', participant: `P${n}` } }] })}\n`;

const servers: Server[] = [];
afterEach(() =>
  Promise.all(
    servers.splice(0).map(
      (server) =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(resolve);
        }),
    ),
  ),
);

async function serve(target: ImportTarget) {
  const stopping = new AbortController();
  const ended: Promise<void>[] = [];
  const server = createServer(
    (request, response) => void ended.push(serveImport(request, response, target, stopping.signal)),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const open = (): ClientRequest => httpRequest({ port, method: 'POST', path: '/import' });
  return { open, stopping, ended };
}

const answered = (request: ClientRequest) =>
  new Promise<IncomingMessage>((resolve, reject) => request.once('response', resolve).once('error', reject));

async function* answersOf(response: IncomingMessage): AsyncGenerator<Record<string, unknown>> {
  for await (const text of createInterface({ input: response })) yield JSON.parse(text) as Record<string, unknown>;
}

function countingTarget(delay: () => Promise<void> = async () => undefined) {
  const taken: string[] = [];
  const target: ImportTarget = {
    head: async () => 0n,
    record: async (id) => {
      await delay();
      taken.push(id);
      return { kind: 'accepted', position: BigInt(taken.length), events: [{} as RecordedEvent] };
    },
  };
  return { target, taken };
}

test('outcomes come while records are still being sent', async () => {
  const { open } = await serve(countingTarget().target);
  const request = open();
  request.write(line(1));
  const answers = answersOf(await answered(request));
  expect((await answers.next()).value).toMatchObject({ line: 1, outcome: { kind: 'accepted' } });
  request.write('no record\n');
  expect((await answers.next()).value).toMatchObject({ line: 2, outcome: { code: 'RECORD_MALFORMED' } });
  request.end(line(3));
  expect((await answers.next()).value).toMatchObject({ line: 3, outcome: { kind: 'accepted' } });
  expect((await answers.next()).value).toMatchObject({ done: { records: 3, accepted: 2, refused: 1, position: '2' } });
  expect((await answers.next()).done).toBe(true);
});

test('when the client goes away the import ends, with whole records only', async () => {
  let release = (): void => undefined;
  const { target, taken } = countingTarget(() => new Promise((resolve) => (release = resolve)));
  const { open, ended } = await serve(target);
  const request = open();
  request.on('error', () => undefined);
  request.write(line(1) + line(2).slice(0, 40));
  const response = await answered(request);
  response.on('error', () => undefined);
  const closed = new Promise((resolve) => response.once('close', resolve));
  request.destroy();
  await closed;
  await new Promise((resolve) => setImmediate(resolve));
  release();
  await ended[0];
  expect(taken.length).toBeLessThanOrEqual(1);
});

test('a stopping server ends its imports', async () => {
  const { open, ended, stopping } = await serve(countingTarget().target);
  const request = open();
  request.on('error', () => undefined);
  request.write(line(1));
  const response = await answered(request);
  response.on('error', () => undefined);
  response.resume();
  stopping.abort();
  await ended[0];
});

test('a store that is gone is the last line', async () => {
  const target: ImportTarget = {
    head: async () => 0n,
    record: async () => {
      throw new EventStoreUnavailable('gone');
    },
  };
  const { open } = await serve(target);
  const request = open();
  request.on('error', () => undefined);
  request.end(line(1));
  const answers = [];
  for await (const answer of answersOf(await answered(request))) answers.push(answer);
  expect(answers).toMatchObject([{ stopped: { code: 'SERVICE_UNAVAILABLE' } }]);
});
