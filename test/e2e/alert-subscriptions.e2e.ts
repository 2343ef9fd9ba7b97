import { randomUUID } from 'node:crypto';
import { Database } from '@cairn/platform';
import { KafkaRelayStore } from '@cairn/platform/kafka';
import { Webhook } from 'standardwebhooks';
import { drain, RelayTenant, relayKit, type RelayKit, RELAY_SECRET } from '../support/relay-kit.js';
import { recording, runApi, type RunningApi, setUpTrial, type SignedIn } from '../support/running-api.js';
import { raiseSignal } from '../support/signals.js';
import { WebhookRecipient } from '../support/webhook-recipient.js';

const trial = 'T';
/** Of a recipient that gets what there is for it. */
const unfailing = { failure: null, failingSince: null };
let running: RunningApi;
let kit: RelayKit;
let recipient: WebhookRecipient;

beforeAll(async () => {
  running = await runApi({ CAIRN_WEBHOOK_SECRET: RELAY_SECRET, CAIRN_WEBHOOK_ALLOW_PRIVATE: 'loopback' });
  await setUpTrial(running, trial, ['S1', 'S2']);
  kit = await relayKit({ url: running.databaseUrl });
  recipient = await WebhookRecipient.start();
}, 60_000);
beforeEach(() => {
  recipient.answer = () => ({ status: 204 });
  recipient.received.splice(0);
});
afterAll(async () => {
  await recipient.stop();
  await kit.stop();
  await running.close();
});

const terms = (subscription: string, changed: object = {}) => ({
  ...{ trial, subscription, name: 'On call', audience: 'DELIVERY' },
  sink: { kind: 'WEBHOOK', url: recipient.url },
  ...changed,
});
const command = async (name: string, input: object, by: SignedIn = running): Promise<any> => {
  const document = recording(name).replace('... on CommandAccepted {', '... on CommandAccepted { webhookSecret');
  const { data, errors } = await by.graphql(document, { input: { commandId: randomUUID(), ...input } });
  return data?.[name] ?? errors![0];
};
const FIELDS = `id name state sink { kind url topic } audience filter { sites rules severity kinds } digest { at timeZone }
  quietHours { from to timeZone except } stoppedAt secretRotatedAt lag { behind waiting collected stalled failure failingSince }
  deliveries(first: 5) { totalCount edges { node { message kind state site attempts { result status why } nextAttemptAt finishedAt } } }
  deadLetters { totalCount edges { node { message } } }`;
async function subscriptionsOf(by: SignedIn = running): Promise<any[] | null> {
  const { data } = await by.graphql(`{ trial(id: "T") { alertSubscriptions { edges { node { ${FIELDS} } } } } }`);
  return (data as any).trial.alertSubscriptions?.edges.map(({ node }: any) => node) ?? null;
}
const one = async (id: string): Promise<any> => (await subscriptionsOf())!.find((each) => each.id === id);
const ask = async (name: string, input: object, selection = '', by: SignedIn = running): Promise<any> => {
  const type = name === 'sendTestAlert' ? 'SendTestAlertInput' : 'DeadLettersInput';
  const { data } = await by.graphql(`mutation ($input: ${type}!) { ${name}(input: $input) ${selection} }`, { input });
  return (data as any)[name];
};

it('shows a webhook’s secret to whoever opens it, again to a repeated command, and to nobody else', async () => {
  const commandId = randomUUID();
  const opened = await command('openAlertSubscription', { commandId, ...terms('a') });
  expect(opened.webhookSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect((await command('openAlertSubscription', { commandId, ...terms('a') })).webhookSecret).toBe(
    opened.webhookSecret,
  );
  // It is so already: nothing is opened, and nothing shown.
  expect((await command('openAlertSubscription', terms('a'))).webhookSecret).toBeNull();
  const attempt = await ask('sendTestAlert', { trial, subscription: 'a' }, '{ result status why }');
  expect(attempt).toEqual({ result: 'DELIVERED', status: 204, why: null });
  const [{ headers, body }] = recipient.received as [(typeof recipient.received)[number]];
  expect(new Webhook(opened.webhookSecret).verify(body, { ...headers })).toMatchObject({
    ...{ type: 'org.cairn.test.v1', subject: 'a', data: { trial, subscription: 'a' } },
  });
  const rotated = await command('rotateAlertSecret', { trial, subscription: 'a' });
  expect(rotated.webhookSecret).not.toBe(opened.webhookSecret);
  await ask('sendTestAlert', { trial, subscription: 'a' }, '{ result }');
  const both = recipient.received.at(-1)!;
  for (const secret of [opened.webhookSecret, rotated.webhookSecret]) {
    expect(new Webhook(secret).verify(both.body, { ...both.headers })).toMatchObject({ subject: 'a' });
  }
  expect(JSON.stringify(await one('a'))).not.toContain('whsec_');
  expect(await one('a')).toMatchObject({ state: 'ACTIVE', secretRotatedAt: expect.any(String) });
});

it('tells what came of each message, and what is dead is tried again or forgotten', async () => {
  await command('openAlertSubscription', terms('b', { filter: { sites: ['S1'], severity: null } }));
  const tenant = new RelayTenant('test', running.store, kit.clock);
  kit.clock.now = Date.now();
  recipient.answer = () => ({ status: 500 });
  const [first, second] = [
    await raiseSignal(running.store, 'test', { trial, site: 'S1' }),
    await raiseSignal(running.store, 'test', { trial, site: 'S1', cause: 'another' }),
  ];
  await raiseSignal(running.store, 'test', { trial, site: 'S2' });
  expect((await one('b')).lag).toEqual({ behind: 2, waiting: 0, collected: 0, stalled: false, ...unfailing });
  const relay = kit.relay();
  const until = async (milliseconds: number): Promise<void> => {
    kit.clock.now += milliseconds;
    await drain(relay, tenant);
  };
  await until(0);
  const waiting = await one('b');
  expect(waiting.lag).toEqual({ behind: 0, waiting: 2, collected: 0, stalled: false, ...unfailing });
  expect(waiting.deliveries.edges.map(({ node }: any) => node)).toEqual([
    {
      ...{ message: second, kind: 'ALERT', state: 'WAITING', site: 'S1', attempts: [] },
      ...{ nextAttemptAt: expect.any(String), finishedAt: null },
    },
    {
      ...{ message: first, kind: 'ALERT', state: 'WAITING', site: 'S1' },
      attempts: [{ result: 'REJECTED', status: 500, why: null }],
      ...{ nextAttemptAt: new Date(kit.clock.now + 5_000).toISOString(), finishedAt: null },
    },
  ]);
  for (let pass = 0; pass < 8; pass++) await until(60_000);
  expect((await one('b')).deadLetters).toMatchObject({ totalCount: 2 });
  expect(await ask('discardDeadLetters', { trial, subscription: 'b', messages: [first] })).toBe(1);
  expect(await ask('retryDeadLetters', { trial, subscription: 'b' })).toBe(1);
  recipient.answer = () => ({ status: 200 });
  await until(0);
  const done = await one('b');
  expect(done.deadLetters.totalCount).toBe(0);
  expect(done.deliveries.edges.map(({ node }: any) => [node.message, node.state])).toEqual([[second, 'DELIVERED']]);

  expect(await command('requestAlertReplay', { trial, subscription: 'b', after: randomUUID() })).toMatchObject({
    code: 'ALERT_UNKNOWN',
  });
  recipient.received.splice(0);
  await command('requestAlertReplay', { trial, subscription: 'b', after: first });
  await until(0);
  expect(recipient.taken.filter((id) => [first, second].includes(id))).toEqual([second]);
  await command('requestAlertReplay', { trial, subscription: 'b', after: '2020-01-01T00:00:00Z' });
  await until(0);
  expect(recipient.taken.filter((id) => [first, second].includes(id))).toEqual([second, first, second]);
  expect(kit.failures).toEqual([]);
});

it('is paused, resumed and closed; what is closed is not tried', async () => {
  await command(
    'openAlertSubscription',
    terms('c', { quietHours: { from: '22:00', to: '07:00', except: 'CRITICAL' } }),
  );
  await command('pauseAlertSubscription', { trial, subscription: 'c' });
  expect(await one('c')).toMatchObject({
    state: 'PAUSED',
    stoppedAt: expect.any(String),
    quietHours: { from: '22:00', to: '07:00', timeZone: null, except: 'CRITICAL' },
  });
  await command('resumeAlertSubscription', { trial, subscription: 'c' });
  await command('changeAlertSubscription', terms('c', { name: 'Off duty', digest: { at: '08:30' } }));
  expect(await one('c')).toMatchObject({
    name: 'Off duty',
    state: 'ACTIVE',
    digest: { at: '08:30' },
    quietHours: null,
  });
  await command('closeAlertSubscription', { trial, subscription: 'c' });
  expect(await one('c')).toMatchObject({ state: 'CLOSED' });
  expect(await ask('sendTestAlert', { trial, subscription: 'c' }, '{ result }')).toBeNull();
});

it.each([
  ['URL_REFUSED', { sink: { kind: 'WEBHOOK', url: 'https://169.254.169.254/latest/' } }],
  ['URL_REFUSED', { sink: { kind: 'WEBHOOK', url: 'http://8.8.8.8/' } }],
  ['TOPIC_REFUSED', { sink: { kind: 'KAFKA', topic: 'cairn.other.alerts' } }],
  ['SITE_UNKNOWN', { filter: { sites: ['S9'] } }],
  ['RULE_UNKNOWN', { filter: { rules: ['no_such_rule'] } }],
  ['TIME_ZONE_UNKNOWN', { digest: { at: '08:30', timeZone: 'Mars/Olympus' } }],
  ['INVALID_INPUT', { digest: { at: '8.30' } }],
  ['INVALID_INPUT', { sink: { kind: 'WEBHOOK' } }],
])('is refused as %s: %j', async (code, changed) => {
  expect(await command('openAlertSubscription', terms(`refused ${randomUUID()}`, changed))).toMatchObject({ code });
});

it('takes topics of its tenant, which have no secret', async () => {
  const sink = { kind: 'KAFKA', topic: 'cairn.test.alerts' };
  const opened = await command('openAlertSubscription', terms('k', { sink, filter: { rules: ['supervision_gap'] } }));
  expect(opened).toMatchObject({ webhookSecret: null, events: [{ type: 'AlertSubscriptionOpened' }] });
  const of = { behind: 0, waiting: 0, collected: 0, stalled: false };
  expect(await one('k')).toMatchObject({ sink: { ...sink, url: null }, lag: { ...of, ...unfailing } });

  // What the alerter notes while nothing gets through.
  const connections = new Database({ url: running.databaseUrl, role: 'cairn_alerter', applicationName: 'test' });
  const relays = new KafkaRelayStore(connections);
  const key = { trial, subscription: 'k' };
  await relays.begin('test', key, 0n);
  await relays.fail('test', key, 'TOPIC_MISSING');
  const { lag } = await one('k');
  expect(lag).toEqual({ ...of, failure: 'TOPIC_MISSING', failingSince: expect.stringMatching(/^20.*Z$/) });
  await relays.fail('test', key, 'BROKER_UNREACHABLE');
  expect((await one('k')).lag).toMatchObject({ failure: 'BROKER_UNREACHABLE', failingSince: lag.failingSince });
  await relays.advance('test', key, { before: 0n, last: 1n, published: true });
  expect((await one('k')).lag).toEqual({ ...of, ...unfailing });
  expect(await relays.advance('test', key, { before: 0n, last: 2n, published: true })).toBe(false);
  await connections.close();
});

it('is the work of who manages the trial; who audits it sees it, and nobody else', async () => {
  const as = (role: string, more: object = {}) =>
    running.as(`some ${role}`, { roles: [{ role, trial, ...more } as never] });
  for (const role of ['auditor', 'dmc_member']) {
    const watching = await as(role);
    expect((await subscriptionsOf(watching))!.length).toBeGreaterThan(0);
    expect(await command('openAlertSubscription', terms('x'), watching)).toMatchObject({
      extensions: { code: 'FORBIDDEN' },
    });
    const { errors } = await watching.graphql(
      `mutation { sendTestAlert(input: { trial: "T", subscription: "a" }) { result } }`,
    );
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  }
  expect(await subscriptionsOf(await as('site_coordinator', { site: 'S1' }))).toBeNull();
  expect(await subscriptionsOf(await as('blinded_outcome_assessor'))).toBeNull();
  const elsewhere = await running.as('a manager', { roles: [{ role: 'trial_manager', trial: 'U' }] });
  expect(await ask('sendTestAlert', { trial, subscription: 'a' }, '{ result }', elsewhere)).toBeNull();
  expect(await ask('discardDeadLetters', { trial, subscription: 'a' }, '', elsewhere)).toBe(0);
  expect(recipient.received).toEqual([]);
});
