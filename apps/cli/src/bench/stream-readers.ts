import { once } from 'node:events';
import http from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';

/** What the thread is given. */
export interface StreamReaders {
  readonly port: number;
  readonly token: string;
  readonly trial: string;
  readonly sites: readonly string[];
  /** Half of them by web socket, half by server-sent events; each follows one site. */
  readonly readers: number;
  /** So many more ask for everything since this alert, and never read. */
  readonly stalled: number;
  readonly since: string;
}

/** When which alert came, to one reader after the other: by the clock that all threads share, in milliseconds. */
export type Arrivals = ReadonlyMap<string, readonly number[]>;

/** Streams that are being opened at a time. */
const AT_ONCE = 40;

const { port, token, trial, sites, readers, stalled, since } = workerData as StreamReaders;
const arrivals = new Map<string, number[]>();
const closing: (() => void)[] = [];

/** Who has had something. A web socket does not say when a subscription has begun. */
const begun = new Set<number>();

function came(reader: number, id: string): void {
  if (begun.size < readers && begun.add(reader).size === readers) parentPort!.postMessage('begun');
  const now = performance.timeOrigin + performance.now();
  const times = arrivals.get(id);
  if (times) times.push(now);
  else arrivals.set(id, [now]);
}

async function overSocket(nth: number, query: string, reads: boolean): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws');
  closing.push(() => socket.terminate());
  await once(socket, 'open');
  const acknowledged = once(socket, 'message');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { token } }));
  await acknowledged;
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    const id = /"alerts":\{"id":"([^"]+)"/.exec(text)?.[1];
    if (id !== undefined) came(nth, id);
    else if (text.includes('"error"')) throw new Error(text);
  });
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  if (!reads) socket.pause();
}

async function overEvents(nth: number, path: string, reads: boolean): Promise<void> {
  const request = http.get({
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    headers: { authorization: `Bearer ${token}` },
  });
  closing.push(() => request.destroy());
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`a stream was answered with ${response.statusCode}`);
  response.on('error', () => undefined);
  if (!reads) return;
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith('id: ')) came(nth, line.slice(4));
  });
}

function open(nth: number): Promise<void> {
  const reads = nth < readers;
  const site = sites[(nth >> 1) % sites.length]!;
  const fields = '{ id type time data { site kind rule severity subject { kind id } link } }';
  const ofWhat = reads ? `site: "${site}"` : `after: "${since}"`;
  return nth % 2 === 0
    ? overSocket(nth, `subscription { alerts(trial: "${trial}", ${ofWhat}) ${fields} }`, reads)
    : overEvents(nth, `/alerts/${trial}?${reads ? `site=${site}` : `after=${since}`}`, reads);
}

let next = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < readers + stalled) await open(next++);
  }),
);
parentPort!.postMessage('open');
parentPort!.once('message', () => {
  for (const close of closing) close();
  parentPort!.postMessage(arrivals satisfies Arrivals);
});
