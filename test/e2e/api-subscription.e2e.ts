import { WebSocket } from 'ws';
import { offerSupport, runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';
import { rounds } from '../support/rounds.js';

interface Table {
  readonly position: string;
  readonly overall: { readonly engaged: number; readonly randomised: number; readonly notYet: number };
}
interface Watching {
  /** Every table that came, and when. */
  readonly seen: { readonly table: Table; readonly at: number }[];
  until(test: (table: Table) => boolean): Promise<{ readonly table: Table; readonly at: number }>;
  end(): Promise<void>;
}

let running: RunningApi;
let operator: SignedIn;
beforeAll(async () => {
  running = await runApi();
  operator = running.withToken(await running.tokenFor({ person: 'operator', scopes: ['cairn:operate'] }));
}, 60_000);
afterAll(() => running.close());

async function watch(trial: string): Promise<Watching> {
  // A trial that was registered just now is not there yet.
  await running.graphql(`{ trial(id: "${trial}", minPosition: "${await running.store.head('test')}") { id } }`);
  const client = running.webSocket();
  const seen: { table: Table; at: number }[] = [];
  const waiting = new Set<() => void>();
  const query = `subscription { engagementChanged(trial: "${trial}") { position overall { engaged randomised notYet } } }`;
  let failure: unknown;
  void (async () => {
    for await (const { data, errors } of client.iterate<{ engagementChanged: Table }>({ query })) {
      if (errors) failure = errors;
      else seen.push({ table: data!.engagementChanged, at: performance.now() });
      for (const wake of waiting) wake();
    }
  })().catch((error: unknown) => {
    failure = error;
    for (const wake of waiting) wake();
  });
  return {
    seen,
    until: async (test) => {
      for (let from = 0; ;) {
        const found = seen.slice(from).find(({ table }) => test(table));
        if (found) return found;
        from = seen.length;
        if (failure) throw failure;
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
        });
      }
    },
    end: async () => client.dispose(),
  };
}

async function openSubscriptions(): Promise<number> {
  const text = await (await operator.fetch('/metrics')).text();
  return Number(/^cairn_subscriptions (\d+)$/m.exec(text)![1]);
}

const meeting = (trial: string, participant: string, n: number) => ({
  trial,
  participant,
  worker: 'S1-W',
  contact: `C${n}`,
  occurredAt: new Date(Date.parse('2020-02-01T09:00:00Z') + n * 60_000).toISOString(),
  mode: 'FACE_TO_FACE',
  outcome: 'ATTENDED',
});

it('a meeting that engages a participant shows in the open table', async () => {
  await setUpTrial(running, 'T');
  await offerSupport(running, 'T', 'S1', 'P1');
  const table = await watch('T');
  await table.until(({ overall }) => overall.randomised === 1);
  await running.give('recordDischarge', { trial: 'T', participant: 'P1', occurredAt: '2020-01-20T09:00:00Z' });
  await running.give('recordCommunityMeeting', meeting('T', 'P1', 1));
  const second = await running.give('recordCommunityMeeting', meeting('T', 'P1', 2));
  const { table: seen } = await table.until(({ overall }) => overall.engaged === 1);
  expect(BigInt(seen.position)).toBeGreaterThanOrEqual(BigInt(second));
  await table.end();
}, 30_000);

it('every meeting of many is seen after it was recorded', async () => {
  await setUpTrial(running, 'L');
  await offerSupport(running, 'L', 'S1', 'P1');
  const table = await watch('L');
  await table.until(({ overall }) => overall.randomised === 1);
  for (let n = 0; n < rounds({ ci: 150, night: 1_000 }); n++) {
    const recorded = BigInt(await running.give('recordCommunityMeeting', meeting('L', 'P1', n)));
    // How soon, `cairn bench` measures.
    await table.until(({ position: seen }) => BigInt(seen) >= recorded);
  }
  await table.end();
}, 120_000);

it('what happens in another trial wakes nobody', async () => {
  await setUpTrial(running, 'A');
  await setUpTrial(running, 'B');
  await offerSupport(running, 'B', 'S1', 'P1');
  const table = await watch('A');
  await table.until(() => true);
  const already = table.seen.length;
  for (let n = 0; n < 20; n++) await running.give('recordWardContact', meeting('B', 'P1', n));
  const last = await running.give('referParticipant', {
    trial: 'A',
    participant: 'new',
    site: 'S1',
    occurredAt: '2020-01-01T09:00:00Z',
  });
  await table.until(({ position }) => BigInt(position) >= BigInt(last));
  expect(table.seen.length - already).toBe(1);
  await table.end();
}, 30_000);

it('many that look at one trial are all told, and none is left behind when they go', async () => {
  await setUpTrial(running, 'M');
  await offerSupport(running, 'M', 'S1', 'P1');
  const tables = await Promise.all(Array.from({ length: 30 }, () => watch('M')));
  await Promise.all(tables.map((table) => table.until(({ overall }) => overall.randomised === 1)));
  expect(await openSubscriptions()).toBe(30);
  await offerSupport(running, 'M', 'S1', 'P2');
  await Promise.all(tables.map((table) => table.until(({ overall }) => overall.randomised === 2)));
  await Promise.all(tables.map((table) => table.end()));
  for (let left = 30; left > 0;) left = await openSubscriptions();
}, 30_000);

it('a socket that is cut off leaves nothing behind', async () => {
  await setUpTrial(running, 'X');
  await running.graphql(`{ trial(id: "X", minPosition: "${await running.store.head('test')}") { id } }`);
  const socket = new WebSocket(`${running.api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ type: 'connection_init', payload: { token: running.token } }));
  const next = new Promise<void>((resolve) =>
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { type: string };
      if (message.type === 'connection_ack') {
        const query = 'subscription { engagementChanged(trial: "X") { asOf } }';
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
      }
      if (message.type === 'next') resolve();
    }),
  );
  await next;
  expect(await openSubscriptions()).toBe(1);
  socket.terminate();
  for (let left = 1; left > 0;) left = await openSubscriptions();
}, 30_000);
