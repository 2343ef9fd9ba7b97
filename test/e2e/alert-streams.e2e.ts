import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { eventId } from '@cairn/event-sourcing';
import { CloudEvent } from 'cloudevents';
import { EventSource } from 'eventsource';
import { WebSocket } from 'ws';
import { rounds } from '../support/rounds.js';
import { runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';
import { raiseSignal, signalAppend } from '../support/signals.js';

/** Of the tenant; one person has half of them. */
const SUBSCRIPTIONS = 40;

let running: RunningApi;
beforeAll(async () => {
  running = await runApi({ TENANT_SUBSCRIPTIONS: String(SUBSCRIPTIONS) });
  for (const trial of ['T', 'CUT', 'STALLED', 'REVOKED']) await setUpTrial(running, trial, ['S1', 'S2']);
  await running.graphql(`{ trial(id: "T", minPosition: "${await running.store.head('test')}") { id } }`);
}, 60_000);
afterAll(() => running.close());

/** A stream of server-sent events as it comes over the wire. */
async function* lines(response: Response): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const complete = (text + chunk).split('\n');
    text = complete.pop()!;
    yield* complete;
  }
}

const idIn = (line: string): string | undefined => /^id: (.+)$/.exec(line)?.[1];

/** Alerts over a web socket, until whoever asks has enough. */
async function* overSocket(by: SignedIn, query: string): AsyncGenerator<Record<string, unknown>> {
  const client = by.webSocket();
  try {
    for await (const { data, errors } of client.iterate<{ alerts: Record<string, unknown> }>({ query })) {
      if (errors) throw Object.assign(new Error(errors[0]!.message), errors[0]);
      yield data!.alerts;
    }
  } finally {
    await client.dispose();
  }
}

const ids = (trial: string, after: string, more = ''): string =>
  `subscription { alerts(trial: "${trial}", after: "${after}"${more}) { id } }`;

/** Alerts of one trial, many at once. @returns their ids */
async function raiseMany(trial: string, count: number): Promise<string[]> {
  const commandId = randomUUID();
  const append = signalAppend('SignalRaised', { trial }, commandId);
  const events = Array.from({ length: count }, () => append.events[0]!);
  await running.store.append('test', { ...append, events });
  return events.map((_, ordinal) => eventId(commandId, ordinal));
}

it('a client of server-sent events and one of GraphQL read the same CloudEvents', async () => {
  const after = await raiseSignal(running.store, 'test', { trial: 'T' });
  const id = await raiseSignal(running.store, 'test', {
    trial: 'T',
    site: 'S2',
    participant: 'P1',
    severity: 'critical',
  });
  const source = new EventSource(`${running.url}/alerts/T?after=${after}`, {
    fetch: (url, init) => running.fetch(String(url).slice(running.url.length), init),
  });
  const [message] = (await once(source, 'org.cairn.signal.raised.v1')) as [MessageEvent<string>];
  source.close();
  const event = new CloudEvent(JSON.parse(message.data) as object);
  expect(event.validate()).toBe(true);
  expect(message.lastEventId).toBe(id);
  expect(event).toMatchObject({ id, source: '/tenants/test/trials/T', partitionkey: 'S2' });
  expect(event.data).toMatchObject({
    subject: { kind: 'participant', id: 'P1' },
    severity: 'critical',
    kind: 'raised',
  });

  const all = `specversion id source type subject time datacontenttype partitionkey
    data { trial site signal kind rule severity subject { kind id } retrospective link }`;
  for await (const alert of overSocket(running, `subscription { alerts(trial: "T", after: "${after}") { ${all} } }`)) {
    expect(new CloudEvent(alert).validate()).toBe(true);
    // Enumerations have GraphQL's spelling there.
    expect(
      JSON.parse(JSON.stringify(alert).replace(/"(RAISED|CRITICAL|PARTICIPANT)"/g, (word) => word.toLowerCase())),
    ).toEqual(JSON.parse(message.data));
    break;
  }
}, 30_000);

it('an EventSource that is cut off again and again comes back by itself, misses nothing and is told nothing twice', async () => {
  const cutOffs = rounds({ ci: 40, night: 300 });
  const first = await raiseSignal(running.store, 'test', { trial: 'CUT' });
  const told: string[] = [];
  let connections = 0;
  const source = new EventSource(`${running.url}/alerts/CUT?after=${first}`, {
    fetch: async (url, init) => {
      connections++;
      await raiseSignal(running.store, 'test', { trial: 'CUT' });
      const response = await running.fetch(String(url).slice(running.url.length), init);
      // Cut off somewhere in the middle of what comes; and it need not wait as long as it is told to.
      let left = 300 + ((connections * 137) % 1_500);
      const cut = new TransformStream<string, string>({
        transform: (chunk, controller) => {
          controller.enqueue(chunk.slice(0, left).replace('retry: 2000', 'retry: 1'));
          left -= chunk.length;
          if (left <= 0) controller.terminate();
        },
      });
      const body = response
        .body!.pipeThrough(new TextDecoderStream())
        .pipeThrough(cut)
        .pipeThrough(new TextEncoderStream());
      return new Response(body, response);
    },
  });
  await new Promise<void>((resolve) => {
    source.addEventListener('org.cairn.signal.raised.v1', ({ lastEventId }) => {
      told.push(lastEventId);
      if (connections > cutOffs) resolve();
      // Somebody who is told of one causes the next, so that it is not silent until the end.
      else void raiseSignal(running.store, 'test', { trial: 'CUT' });
    });
  });
  source.close();
  const log = await running.store.readLog('test', { limit: 10_000 });
  const recorded = log.filter(({ type, payload }) => type === 'SignalRaised' && payload.includes('"trial":"CUT"'));
  const all = recorded.map(({ id }) => id);
  expect(told).toEqual(all.slice(1, told.length + 1));
  expect(new Set(told).size).toBe(told.length);
}, 60_000);

it('a web socket that is cut off again and again goes on where it was', async () => {
  const [first, ...expected] = await raiseMany('CUT', 1 + rounds({ ci: 60, night: 600 }));
  const told: string[] = [];
  while (told.length < expected.length) {
    const socket = new WebSocket(`${running.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { token: running.token } }));
    let left = Math.min(1 + (told.length % 4), expected.length - told.length);
    socket.on('message', (data: Buffer) => {
      const { type, payload } = JSON.parse(data.toString()) as {
        type: string;
        payload?: { data: { alerts: { id: string } } };
      };
      if (type === 'connection_ack') {
        const query = ids('CUT', told.at(-1) ?? first!);
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
      }
      if (type !== 'next' || left <= 0) return;
      told.push(payload!.data.alerts.id);
      if (--left === 0) socket.terminate();
    });
    await once(socket, 'close');
  }
  expect(told).toEqual(expected);
}, 60_000);

it('who does not read what comes costs the others nothing, and finds all of it when they read again', async () => {
  const after = await raiseSignal(running.store, 'test', { trial: 'STALLED' });
  const { hostname, port } = new URL(running.url);
  const stalled = net.connect({ host: hostname, port: Number(port) });
  stalled.pause();
  const headers = `host: x\r\nauthorization: Bearer ${running.token}\r\n`;
  stalled.write(`GET /alerts/STALLED?after=${after} HTTP/1.1\r\n${headers}\r\n`);
  const brisk = overSocket(running, ids('STALLED', after));
  const expected: string[] = [];
  const told: string[] = [];
  // More than all buffers on the way take.
  for (let n = 0; n < 24; n++) {
    expected.push(...(await raiseMany('STALLED', 400)));
    while (told.length < expected.length) told.push(String((await brisk.next()).value?.['id']));
  }
  await brisk.return(undefined);
  expect(told).toEqual(expected);
  const late: string[] = [];
  let text = '';
  stalled.setEncoding('utf8').on('data', (chunk: string) => {
    const complete = (text + chunk).split('\n');
    text = complete.pop()!;
    for (const line of complete) late.push(...[idIn(line)].filter((id) => id !== undefined));
    if (late.length >= expected.length) stalled.destroy();
  });
  stalled.resume();
  await once(stalled, 'close');
  expect(late).toEqual(expected);
}, 60_000);

it('whoever is blinded is shown what is open, and knows no other cursor', async () => {
  const assessor = await running.as('assessor', { roles: [{ role: 'blinded_outcome_assessor', trial: 'T' }] });
  const start = await raiseSignal(running.store, 'test', { trial: 'T', audience: 'open' });
  const hidden = await raiseSignal(running.store, 'test', { trial: 'T', audience: 'delivery' });
  const shown = await raiseSignal(running.store, 'test', { trial: 'T', audience: 'open' });
  const response = await assessor.fetch(`/alerts/T?after=${start}`);
  const seen: string[] = [];
  for await (const line of lines(response)) {
    seen.push(...[idIn(line)].filter((id) => id !== undefined));
    if (seen.length > 0) break;
  }
  expect(seen).toEqual([shown]);
  for await (const { id } of overSocket(assessor, ids('T', start))) {
    expect(id).toBe(shown);
    break;
  }
  const answers = await Promise.all(
    [hidden, randomUUID(), 'none'].map(async (cursor) => {
      const answer = await assessor.fetch(`/alerts/T?after=${cursor}`);
      const socket = await overSocket(assessor, ids('T', cursor))
        .next()
        .catch((error: unknown) => error);
      return JSON.stringify([answer.status, await answer.json(), socket]);
    }),
  );
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toMatch(/^\[400,.*"CURSOR_UNKNOWN".*"CURSOR_UNKNOWN"/);
}, 30_000);

describe('answers', () => {
  const answered = async (by: SignedIn, path: string, init?: RequestInit) => {
    const response = await by.fetch(path, init);
    const { errors } = (await response.json()) as { errors: { extensions: { code: string; reason?: string } }[] };
    return [response.status, errors[0]!.extensions.code];
  };

  it('what is wrong in the words of every other endpoint', async () => {
    const viewer = await running.as('viewer', { roles: [{ role: 'site_viewer', trial: 'T', site: 'S1' }] });
    const reader = await running.as('reader', { roles: [{ role: 'trial_manager' }], scopes: ['cairn:read'] });
    expect(await answered(running, '/alerts/T', { headers: { authorization: 'Bearer none' } })).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect(await answered(running, '/alerts/none')).toEqual([404, 'NOT_FOUND']);
    expect(await answered(running, '/alerts')).toEqual([404, 'NOT_FOUND']);
    expect(await answered(running, '/alerts/T/more')).toEqual([404, 'NOT_FOUND']);
    expect(await answered(running, '/alerts/T', { method: 'POST' })).toEqual([404, 'NOT_FOUND']);
    expect(await answered(viewer, '/alerts/T')).toEqual([403, 'SEALED']);
    expect(await answered(reader, '/alerts/T')).toEqual([403, 'FORBIDDEN']);
    expect(await answered(running, '/alerts/T?since=1')).toEqual([400, 'BAD_USER_INPUT']);
    expect(await answered(running, '/alerts/T?site=none')).toEqual([400, 'BAD_USER_INPUT']);
    expect(await answered(running, '/alerts/T', { headers: { 'last-event-id': 'none' } })).toEqual([
      400,
      'CURSOR_UNKNOWN',
    ]);
  });

  it('with headers that keep an answer from being kept, gathered or taken for a page', async () => {
    const { status, headers, body } = await running.fetch('/alerts/T', { method: 'HEAD' });
    expect([status, body]).toEqual([200, null]);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'self'"),
    });
    expect(headers.has('content-encoding')).toBe(false);
  });

  it('what streams look like to whoever is signed in', async () => {
    const response = await running.fetch('/asyncapi.yaml');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/yaml; charset=utf-8']);
    expect(await response.text()).toMatch(/^asyncapi: 3\.0\.0\n/);
    expect(await answered(running, '/asyncapi.yaml', { headers: { authorization: 'Bearer none' } })).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
  });

  it('no more of them than of subscriptions', async () => {
    const sole = await running.as('sole', { roles: [{ role: 'trial_manager' }] });
    const gone = new AbortController();
    const opened = await Promise.all(
      Array.from({ length: SUBSCRIPTIONS / 2 }, () => sole.fetch('/alerts/T', { signal: gone.signal })),
    );
    expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([200]));
    const refused = await sole.fetch('/alerts/T');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    await expect(overSocket(sole, 'subscription { alerts(trial: "T") { id } }').next()).rejects.toMatchObject({
      extensions: { code: 'QUOTA_EXCEEDED' },
    });
    gone.abort();
    for (let status = 429; status === 429;) status = (await sole.fetch('/alerts/T', { method: 'HEAD' })).status;
  }, 30_000);
});

it('a stream ends with its token, with the roles, and with the service, each time with a last comment', async () => {
  await running.as('leaver', { roles: [] });
  await running.give('registerPerson', { person: 'leaver', name: 'Leaver' });
  await running.give('assignRole', { assignment: 'of leaver', person: 'leaver', role: 'auditor', trial: 'REVOKED' });
  const leaver = await running.as('leaver');
  const brief = await running.as('brief', { roles: [{ role: 'trial_manager' }] });
  const token = await running.tokenFor({ person: 'brief', expiresInSeconds: 2 });
  const last = async (response: Response): Promise<string | undefined> => {
    expect(response.status).toBe(200);
    return (await response.text()).split('\n').findLast((line) => line !== '');
  };
  const expiring = last(await running.withToken(token, brief).fetch('/alerts/T'));
  const revoked = last(await leaver.fetch('/alerts/REVOKED'));
  const [first, second] = await raiseMany('REVOKED', 2);
  const alerts = overSocket(leaver, ids('REVOKED', first!));
  // It is open from its first alert on; asked for later than the roles ended, there would be no such trial.
  expect(await alerts.next()).toMatchObject({ value: { id: second } });
  const watching = alerts.next();
  watching.catch(() => undefined);
  await running.give('revokeRole', { assignment: 'of leaver', reason: 'leaves' });
  expect(await revoked).toBe(': roles ended');
  await expect(watching).rejects.toMatchObject({ code: 4403 });
  expect(await expiring).toBe(': token expired');
  const going = last(await running.fetch('/alerts/T'));
  await running.restart();
  expect(await going).toBe(': going away');
}, 60_000);
