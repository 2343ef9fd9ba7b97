import { webhookSecret } from '@cairn/platform/webhooks';
import { HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { drain, relayKit, type RelayKit, RELAY_SECRET, type RelayTenant } from '../support/relay-kit.js';
import { WebhookRecipient } from '../support/webhook-recipient.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const at = (text: string): number => Date.parse(text);

describe('webhooks', () => {
  let kit: RelayKit;
  let tenant: RelayTenant;
  let recipient: WebhookRecipient;
  const recipients: WebhookRecipient[] = [];

  beforeAll(async () => {
    kit = await relayKit();
  });
  beforeEach(async () => {
    tenant = kit.tenant();
    recipient = await another();
    kit.clock.now = at('2026-06-01T12:00:00Z');
    Object.assign(kit.seen, { dead: 0, disabled: 0, stalled: 0 });
  });
  afterEach(async () => {
    expect(kit.failures.splice(0)).toEqual([]);
    await Promise.all(recipients.splice(0).map((each) => each.stop()));
  });
  afterAll(() => kit.stop());

  async function another(): Promise<WebhookRecipient> {
    const started = await WebhookRecipient.start();
    recipients.push(started);
    return started;
  }
  const key = (subscription = 's') => ({ trial: 'x', subscription });
  const states = async (subscription = 's') =>
    (await kit.log.read(tenant.id, key(subscription))).map(({ state }) => state).toReversed();
  const drainAt = async (relay: ReturnType<RelayKit['relay']>, time: number): Promise<void> => {
    kit.clock.now = time;
    await drain(relay, tenant);
  };

  it('are sent each alert that was recorded since they were opened, once, signed, as CloudEvents', async () => {
    await tenant.raise(['S1']);
    await tenant.open('s', recipient.url);
    const alerts = await tenant.raise(['S1', 'S2', 'S1']);
    const relay = kit.relay();
    await drain(relay, tenant);
    await drain(kit.relay(), tenant);
    expect(recipient.taken.toSorted()).toEqual(alerts.toSorted());
    const secret = webhookSecret(RELAY_SECRET, { tenant: tenant.id, ...key(), generation: 1 });
    // Sites have no order among them.
    const { headers, body } = recipient.received.find((each) => each.headers['webhook-id'] === alerts[0])!;
    expect(() => new Webhook(secret).verify(body, headers)).toThrow('Message timestamp too');
    const now = new Date(kit.clock.now);
    expect(headers['webhook-signature']).toBe(new Webhook(secret).sign(alerts[0]!, now, body));
    const event = HTTP.toEvent({ headers: { ...headers }, body });
    expect(event).toMatchObject({ id: alerts[0], type: 'org.cairn.signal.raised.v1', partitionkey: 'S1' });
  });

  it('are sent what they ask for and may be told, also of what waits already', async () => {
    await tenant.open('s', recipient.url, { filter: { sites: ['S1'], severity: 'warning' }, audience: 'delivery' });
    await tenant.open('blinded', recipient.url, { audience: 'open' });
    const [open] = await tenant.raise(['S1']);
    const [delivery] = await tenant.raise(['S1'], { audience: 'delivery' });
    const [notice] = await tenant.raise(['S1'], { severity: 'notice' });
    const [elsewhere] = await tenant.raise(['S2']);
    recipient.answer = () => ({ status: 503 });
    const relay = kit.relay();
    await drain(relay, tenant);
    expect([(await states()).length, (await states('blinded')).length]).toEqual([2, 3]);
    await tenant.say('AlertSubscriptionChanged', 's', {
      ...{ name: 's', sink: { kind: 'webhook', url: recipient.url }, audience: 'open', filter: {} },
    });
    recipient.answer = () => ({ status: 204 });
    await drainAt(relay, kit.clock.now + 5 * SECOND);
    expect(recipient.received.map(({ id }) => id)).not.toContain(delivery);
    expect(new Set(recipient.taken)).toEqual(new Set([open, notice, elsewhere]));
    expect(await states()).toEqual(['delivered']);
  });

  it('are tried again after a pause, and wait as long as they ask; the next of a site waits behind', async () => {
    await tenant.open('s', recipient.url);
    const [first, other, next] = await tenant.raise(['S1', 'S2', 'S1']);
    const start = kit.clock.now;
    const answers = [{ status: 500 }, { status: 429, headers: { 'retry-after': '90' } }];
    recipient.answer = ({ id }) => (id === first && answers.shift()) || { status: 200 };
    const relay = kit.relay();
    await drain(relay, tenant);
    expect(recipient.taken).toEqual([other]);
    await drainAt(relay, start + 5 * SECOND - 1);
    expect(recipient.received).toHaveLength(2);
    await drainAt(relay, start + 5 * SECOND);
    await drainAt(relay, start + 95 * SECOND - 1);
    expect(recipient.received).toHaveLength(3);
    await drainAt(relay, start + 95 * SECOND);
    expect(recipient.taken).toEqual([other, first, next]);
    const deliveries = await kit.log.read(tenant.id, key(), 'delivered');
    expect(deliveries.find(({ message }) => message === first)!.attempts).toEqual([
      { at: start, result: 'rejected', status: 500 },
      { at: start + 5 * SECOND, result: 'rejected', status: 429 },
      { at: start + 95 * SECOND, result: 'delivered', status: 200 },
    ]);
  });

  it('that cannot be reached are told apart from those that answer, and redirects are not followed', async () => {
    const inner = await another();
    await tenant.open('redirects', recipient.url);
    recipient.answer = () => ({ status: 307, headers: { location: inner.url } });
    await tenant.open('inside', 'https://10.0.0.1/');
    await tenant.open('nobody', 'http://127.0.0.1:9/');
    await tenant.raise(['S1']);
    await drain(kit.relay(), tenant);
    const last = async (subscription: string) => (await kit.log.read(tenant.id, key(subscription)))[0]!.attempts;
    const { now } = kit.clock;
    expect(await last('redirects')).toEqual([{ at: now, result: 'redirected', status: 307 }]);
    expect(await last('inside')).toEqual([{ at: now, result: 'refused', why: 'address' }]);
    expect(await last('nobody')).toEqual([{ at: now, result: 'unreachable', why: 'connection' }]);
    expect(inner.received).toEqual([]);
  });

  it('have dead letters, and with too many of them nothing more until somebody has looked', async () => {
    await tenant.open('s', recipient.url);
    const healthy = await another();
    await tenant.open('healthy', healthy.url);
    const alerts = await tenant.raise(['S1', 'S1', 'S1', 'S1', 'S1']);
    recipient.answer = () => ({ status: 400 });
    const relay = kit.relay();
    for (let pass = 0; pass < 20; pass++) await drainAt(relay, kit.clock.now + 60 * SECOND);
    expect(healthy.taken).toEqual(alerts);
    expect(await states()).toEqual(['dead', 'dead', 'dead', 'waiting', 'waiting']);
    expect([kit.seen.dead, kit.seen.stalled]).toEqual([3, 1]);
    expect(await kit.log.standing(tenant.id, key())).toMatchObject({ dead: 3, waiting: 2, stalled: true });
    const tries = recipient.received.length;
    const later = await tenant.raise(['S1']);
    await drainAt(relay, kit.clock.now + HOUR);
    expect(recipient.received).toHaveLength(tries);

    recipient.answer = () => ({ status: 204 });
    expect(await kit.log.settle(tenant.id, key(), [alerts[0]!], 'forget')).toBe(1);
    expect(await kit.log.settle(tenant.id, key(), undefined, 'again')).toBe(2);
    await drain(relay, tenant);
    expect(recipient.taken).toEqual([...alerts.slice(1), ...later]);
    expect(kit.seen.stalled).toBe(0);
  });

  it('that are gone are disabled, on record, and go on where they stopped when they are resumed', async () => {
    await tenant.open('s', recipient.url);
    const before = await tenant.raise(['S1', 'S2', 'S1']);
    recipient.answer = () => ({ status: 410 });
    const relay = kit.relay();
    await drain(relay, tenant);
    const stream = await kit.store.readStream(tenant.id, 'x/alert-subscription/s');
    expect(stream.map(({ type, actor }) => [type, actor])).toEqual([
      ['AlertSubscriptionOpened', 'tests'],
      ['AlertSubscriptionDisabled', '@alerter'],
    ]);
    const tries = recipient.received.length;
    const meanwhile = await tenant.raise(['S1']);
    await drainAt(relay, kit.clock.now + HOUR);
    expect(recipient.received).toHaveLength(tries);
    recipient.answer = () => ({ status: 204 });
    await tenant.say('AlertSubscriptionResumed', 's');
    await drain(relay, tenant);
    expect(recipient.taken.toSorted()).toEqual([...before, ...meanwhile].toSorted());
  });

  it('that are paused are sent nothing and go on where they stopped; closed they are forgotten', async () => {
    await tenant.open('s', recipient.url);
    const relay = kit.relay();
    await tenant.say('AlertSubscriptionPaused', 's');
    const alerts = await tenant.raise(['S1', 'S1']);
    await drain(relay, tenant);
    expect(recipient.received).toEqual([]);
    await tenant.say('AlertSubscriptionResumed', 's');
    await drain(relay, tenant);
    expect(recipient.taken).toEqual(alerts);
    recipient.answer = () => ({ status: 500 });
    await tenant.raise(['S1']);
    await drain(relay, tenant);
    await tenant.say('AlertSubscriptionClosed', 's');
    await drainAt(relay, kit.clock.now + HOUR);
    expect(await kit.queue.subscribers(tenant.id)).toEqual([]);
    expect(await states()).toEqual(['delivered', 'delivered']);
    expect(recipient.received).toHaveLength(3);
  });

  it('are sent everything after a place again, under the same ids', async () => {
    const early = await tenant.raise(['S1']);
    await tenant.open('s', recipient.url);
    const late = await tenant.raise(['S1', 'S2']);
    const relay = kit.relay();
    await drain(relay, tenant);
    await tenant.say('AlertReplayRequested', 's', { after: '0' });
    await drain(relay, tenant);
    await drain(kit.relay(), tenant);
    const [first, ...again] = [recipient.taken.slice(0, 2), recipient.taken.slice(2)];
    expect(first.toSorted()).toEqual(late.toSorted());
    expect(again.flat().toSorted()).toEqual([...early, ...late].toSorted());
  });

  it('collect what they are sent once a day', async () => {
    kit.clock.now = at('2026-10-24T12:00:00Z');
    await tenant.open('s', recipient.url, { digest: { at: '08:30' } });
    const relay = kit.relay();
    const alerts = await tenant.raise(['S1', 'S2', 'S1']);
    await drain(relay, tenant);
    // Clocks go back that night.
    await drainAt(relay, at('2026-10-25T08:29:59Z'));
    expect(recipient.received).toEqual([]);
    await drainAt(relay, at('2026-10-25T08:30:00Z'));
    await drain(kit.relay(), tenant);
    const bodies = () =>
      recipient.received.map(({ body }) => JSON.parse(body) as { data: { alerts: { id: string }[] } });
    expect(bodies()).toMatchObject([{ type: 'org.cairn.digest.v1', time: '2026-10-25T08:30:00.000Z' }]);
    expect(bodies()[0]!.data.alerts.map(({ id }) => id)).toEqual(alerts);
    await drainAt(relay, at('2026-10-26T08:30:00Z'));
    expect(recipient.received).toHaveLength(1);
    const [last] = await tenant.raise(['S1']);
    await tenant.say('AlertSubscriptionChanged', 's', {
      ...{ name: 's', sink: { kind: 'webhook', url: recipient.url }, audience: 'open', filter: {} },
    });
    await drain(relay, tenant);
    expect(recipient.taken.at(-1)).toBe(last);
  });

  it('are left alone in quiet hours, but for what is urgent', async () => {
    const quietHours = { from: '22:00', to: '07:00', except: 'critical' } as const;
    await tenant.open('s', recipient.url, { quietHours });
    kit.clock.now = at('2026-06-01T21:30:00Z');
    const held = await tenant.raise(['S1', 'S1']);
    const [urgent] = await tenant.raise(['S1'], { severity: 'critical' });
    const relay = kit.relay();
    await drain(relay, tenant);
    expect(recipient.taken).toEqual([urgent]);
    await drainAt(relay, at('2026-06-02T05:59:59Z'));
    expect(recipient.taken).toEqual([urgent]);
    await drainAt(relay, at('2026-06-02T06:00:00Z'));
    expect(recipient.taken).toEqual([urgent, ...held]);
  });

  it('are signed for with both secrets for a day after a rotation', async () => {
    await tenant.open('s', recipient.url);
    await tenant.say('AlertSecretRotated', 's', { generation: 2 });
    const relay = kit.relay();
    const signaturesOf = async (): Promise<readonly string[]> => {
      const [id] = await tenant.raise(['S1']);
      await drain(relay, tenant);
      const { headers, body } = recipient.received.find((each) => each.id === id)!;
      const given = headers['webhook-signature']!.split(' ');
      return [1, 2, 3]
        .filter((generation) => {
          const secret = webhookSecret(RELAY_SECRET, { tenant: tenant.id, ...key(), generation });
          return given.includes(new Webhook(secret).sign(id!, new Date(kit.clock.now), body));
        })
        .map(String);
    };
    expect(await signaturesOf()).toEqual(['1', '2']);
    kit.clock.now += 24 * HOUR;
    expect(await signaturesOf()).toEqual(['2']);
  });

  it('are another tenant’s to nobody', async () => {
    await tenant.open('s', recipient.url);
    recipient.answer = () => ({ status: 400 });
    await tenant.raise(['S1']);
    await drain(kit.relay(), tenant);
    const other = kit.tenant();
    expect(await kit.log.read(other.id, key())).toEqual([]);
    expect(await kit.log.standing(other.id, key())).toMatchObject({ waiting: 0, dead: 0 });
    for (const database of [kit.service, kit.alerter]) {
      const seen = await database.inTenant(other.id, async (client) => {
        const { rows } = await client.query<{ rows: number }>(
          `select (select count(*)::int from alerting.delivery) + (select count(*)::int from alerting.subscriber) as rows`,
        );
        return rows[0]!.rows;
      });
      expect(seen).toBe(0);
    }
    expect(await kit.log.settle(other.id, key(), undefined, 'forget')).toBe(0);
    expect(await states()).toEqual(['waiting']);
  });
});
