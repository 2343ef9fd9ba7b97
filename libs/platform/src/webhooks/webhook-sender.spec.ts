import { createHmac } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { EgressGuard } from './egress-guard.js';
import { readNetworks } from './public-address.js';
import { webhookSecret } from './webhook-secret.js';
import { WebhookSender, Withheld } from './webhook-sender.js';

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

const servers: http.Server[] = [];
afterAll(() => servers.forEach((server) => (server.closeAllConnections(), server.close())));

/** A recipient on this machine. */
async function recipient(answer: http.RequestListener): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      answer(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/hooks`, received };
}

const answering = (status: number, headers: http.OutgoingHttpHeaders = {}) =>
  recipient((_request, response) => response.writeHead(status, headers).end('{}'));

const networks = readNetworks('127.0.0.0/8')!;
const sender = new WebhookSender(new EgressGuard(networks));
const of = { tenant: 't', trial: 'x', subscription: 's' };
const first = webhookSecret('m'.repeat(32), { ...of, generation: 1 });
const second = webhookSecret('m'.repeat(32), { ...of, generation: 2 });
const message = { id: '9556d166-cad8-56e5-97da-e6402c2293e9', body: '{"specversion":"1.0"}', secrets: [second, first] };

describe('a message', () => {
  it('is not sent when it is not to be any more by the time the connection is there', async () => {
    const { url, received } = await answering(204);
    let connections = 0;
    servers.at(-1)!.on('connection', () => connections++);
    let asked = 0;
    const mayStill = () => (asked++, false);
    await expect(sender.send({ ...message, url }, undefined, mayStill)).rejects.toThrow(Withheld);
    expect([asked, connections, received.length]).toEqual([1, 1, 0]);
  });

  it('is signed with each secret so that the public library takes it', async () => {
    const { url, received } = await answering(204);
    expect(await sender.send({ ...message, url })).toEqual({ kind: 'delivered', status: 204 });
    const [{ headers, body }] = received as [Received];
    expect(body).toBe(message.body);
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    for (const secret of [first, second]) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    const other = webhookSecret('m'.repeat(32), { ...of, generation: 3 });
    expect(() => new Webhook(other).verify(body, headers)).toThrow('No matching signature');
    expect(() => new Webhook(first).verify(`${body} `, headers)).toThrow('No matching signature');
  });

  it('is signed as the specification says, worked out by hand', async () => {
    const { url, received } = await answering(200);
    await sender.send({ ...message, url });
    const [{ headers }] = received as [Received];
    expect(headers['webhook-id']).toBe(message.id);
    const signatures = message.secrets.map((secret) => {
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
      expect(key).toHaveLength(32);
      const signed = `${message.id}.${headers['webhook-timestamp']}.${message.body}`;
      return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
    });
    expect(headers['webhook-signature']).toBe(signatures.join(' '));
  });

  it.each([
    [410, {}, { kind: 'gone', status: 410 }],
    [500, {}, { kind: 'rejected', status: 500 }],
    [404, { 'retry-after': 'soon' }, { kind: 'rejected', status: 404 }],
    [429, { 'retry-after': '120' }, { kind: 'rejected', status: 429, retryAfterMs: 120_000 }],
    [503, { 'retry-after': '-5' }, { kind: 'rejected', status: 503 }],
  ])('that is answered %d %j', async (status, headers, outcome) => {
    const { url } = await answering(status, headers);
    expect(await sender.send({ ...message, url })).toEqual(outcome);
  });

  it('that is answered with a date to wait for', async () => {
    const now = Date.parse('2026-11-22T08:00:00Z');
    const { url } = await answering(503, { 'retry-after': 'Sun, 22 Nov 2026 08:10:00 GMT' });
    const sent = await new WebhookSender(new EgressGuard(networks), () => now).send({ ...message, url });
    expect(sent).toEqual({ kind: 'rejected', status: 503, retryAfterMs: 600_000 });
  });

  it('is never sent on to where an answer points', async () => {
    const inner = await answering(200);
    for (const status of [301, 302, 303, 307, 308]) {
      const { url } = await answering(status, { location: inner.url });
      expect(await sender.send({ ...message, url })).toEqual({ kind: 'redirected', status });
    }
    expect(inner.received).toEqual([]);
  });

  it('goes to the address that was checked, whatever the name leads to when it is asked again', async () => {
    const { url, received } = await answering(200);
    const { port } = new URL(url);
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    let asked = 0;
    const rebinding = new WebhookSender(new EgressGuard(networks, async () => answers[asked++]!));
    const to = `http://hooks.example:${port}/`;
    expect(await rebinding.send({ ...message, url: to })).toEqual({ kind: 'delivered', status: 200 });
    expect(asked).toBe(1);
    expect(received[0]!.headers['host']).toBe(`hooks.example:${port}`);
    expect(await rebinding.send({ ...message, url: to })).toEqual({ kind: 'refused', why: 'address' });
    expect(received).toHaveLength(1);
  });

  it('goes through no proxy of the environment', async () => {
    const { url, received } = await answering(200);
    const proxy = await answering(502);
    const before = { ...process.env };
    Object.assign(process.env, { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.url, http_proxy: proxy.url, NO_PROXY: '' });
    try {
      expect(await sender.send({ ...message, url })).toMatchObject({ kind: 'delivered' });
    } finally {
      process.env = before;
    }
    expect([received.length, proxy.received.length]).toEqual([1, 0]);
  });

  it('that nobody takes, or answers in time, is unreachable', async () => {
    const { url } = await recipient(() => undefined);
    const impatient = new WebhookSender(new EgressGuard(networks), Date.now, 100);
    expect(await impatient.send({ ...message, url })).toEqual({ kind: 'unreachable', why: 'time' });
    const gone = await answering(200);
    await new Promise((resolve) => servers.at(-1)!.close(resolve));
    expect(await sender.send({ ...message, url: gone.url })).toEqual({ kind: 'unreachable', why: 'connection' });
    const unknown = new WebhookSender(new EgressGuard(networks, async () => []));
    expect(await unknown.send({ ...message, url: 'http://hooks.example/' })).toEqual({
      kind: 'unreachable',
      why: 'name',
    });
    const silent = new WebhookSender(new EgressGuard(networks, () => new Promise(() => undefined)), Date.now, 100);
    expect(await silent.send({ ...message, url: 'http://hooks.example/' })).toEqual({
      kind: 'unreachable',
      why: 'time',
    });
  });

  it('needs no end of the answer, however long that is', async () => {
    const { url } = await recipient((_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    expect(await sender.send({ ...message, url })).toEqual({ kind: 'delivered', status: 200 });
  });
});

it('a secret belongs to one generation of one subscription', () => {
  const secrets = [
    first,
    second,
    webhookSecret('m'.repeat(32), { ...of, tenant: 'u', generation: 1 }),
    webhookSecret('m'.repeat(32), { ...of, trial: 'y', generation: 1 }),
    webhookSecret('m'.repeat(32), { ...of, subscription: 'r', generation: 1 }),
    webhookSecret('n'.repeat(32), { ...of, generation: 1 }),
  ];
  expect(new Set(secrets).size).toBe(secrets.length);
  expect(webhookSecret('m'.repeat(32), { ...of, generation: 1 })).toBe(first);
});
