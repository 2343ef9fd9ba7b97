import { spawn } from 'node:child_process';
import { Database, PostgresEventStore } from '@cairn/platform';
import { KafkaRelayStore } from '@cairn/platform/kafka';
import { Kafka as CloudEvents } from 'cloudevents';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import { until } from '../support/projection-kit.js';
import { recordedAlerts, recordSignals, recordSubscription, toTopic } from '../support/recorded-alerts.js';
import { RunningAlerter } from '../support/running-alerter.js';
import { RunningKafka } from '../support/running-kafka.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TRIAL = 'enrich';

describe('streams to topics of a real broker', () => {
  let kafka: RunningKafka;
  let database: TestDatabase;
  let connections: Database;
  let store: PostgresEventStore;
  let relays: KafkaRelayStore;
  let alerter: RunningAlerter;
  let tenants = 0;

  beforeAll(async () => {
    [kafka, database] = await Promise.all([RunningKafka.start(), createTestDatabase()]);
    const of = { url: database.url, role: 'cairn_alerter', applicationName: 'test' } as const;
    connections = new Database(of);
    store = new PostgresEventStore(of);
    relays = new KafkaRelayStore(connections);
    alerter = new RunningAlerter({ DATABASE_URL: database.services.alerter, KAFKA_BROKERS: kafka.address });
    alerter.start();
  }, 60_000);

  afterAll(async () => {
    await alerter.end();
    await kafka.remove();
    await store.close();
    await connections.close();
    await database.drop();
  });

  /** A tenant of its own, with the topics that it may publish to. */
  async function newTenant(...topics: readonly string[]): Promise<string> {
    const tenant = `t${++tenants}`;
    for (const topic of topics) await kafka.makeTopic(`cairn.${tenant}.${topic}`);
    return tenant;
  }

  const signals = (site: string, from: number, count: number, audience: 'open' | 'delivery' = 'delivery') =>
    Array.from({ length: count }, (_, at) => ({ site, cause: `cause ${from + at}`, audience }));
  const idsOf = async (tenant: string, after?: bigint) =>
    (await recordedAlerts(connections, tenant, after)).map(({ alert }) => alert.id);
  const published = async (topic: string) => (await kafka.read(topic)).map(({ headers }) => headers['ce_id']);
  const relayOf = async (tenant: string, name: string) =>
    (await relays.relays(tenant)).find(({ subscription }) => subscription === name);
  const untilDone = async (tenant: string, name: string) => {
    const last = (await recordedAlerts(connections, tenant)).at(-1)!.position;
    await until(
      () => relayOf(tenant, name),
      (relay) => relay !== undefined && relay.position >= last,
      20_000,
    );
  };

  it('are CloudEvents by site, for a consumer of kafkajs and for kcat', async () => {
    const tenant = await newTenant('alerts');
    const topic = `cairn.${tenant}.alerts`;
    await recordSubscription(store, tenant, toTopic(TRIAL, 'all', topic));
    for (const site of ['S4', 'S6', 'S4']) await recordSignals(store, tenant, TRIAL, signals(site, tenants++, 3));
    await untilDone(tenant, 'all');
    const alerts = (await recordedAlerts(connections, tenant)).map(({ alert }) => alert);

    const consumed = await consume(kafka.address, topic, alerts.length);
    const events = consumed.map(({ key, value, headers = {} }) => {
      const texts = Object.entries(headers).map(([name, each]) => [name, String(each)] as const);
      return CloudEvents.toEvent({
        key: String(key),
        value: String(value),
        headers: Object.fromEntries(texts),
      } as never);
    });
    expect(JSON.parse(JSON.stringify(inOrderOf(events as never)))).toEqual(inOrderOf(alerts));

    const read = await kafka.read(topic);
    expect(inOrderOf(read.map(({ headers, value, key }) => ({ id: headers['ce_id']!, headers, value, key })))).toEqual(
      inOrderOf(alerts).map(
        ({ data, partitionkey, datacontenttype, id, specversion, source, type, subject, time }) => ({
          id,
          key: partitionkey,
          value: JSON.stringify(data),
          headers: {
            'content-type': datacontenttype,
            ...{ ce_id: id, ce_specversion: specversion, ce_source: source, ce_type: type, ce_subject: subject },
            ...{ ce_time: time, ce_partitionkey: partitionkey },
          },
        }),
      ),
    );
    for (const site of ['S4', 'S6']) {
      expect(read.filter(({ key }) => key === site).map(({ headers }) => headers['ce_id'])).toEqual(
        alerts.filter(({ partitionkey }) => partitionkey === site).map(({ id }) => id),
      );
    }
  });

  it('are printed once each by the consumer that the documentation shows', async () => {
    const tenant = await newTenant('alerts');
    const topic = `cairn.${tenant}.alerts`;
    await recordSubscription(store, tenant, toTopic(TRIAL, 'all', topic));
    await recordSignals(store, tenant, TRIAL, signals('S4', 0, 3));
    await untilDone(tenant, 'all');
    const data = { trial: TRIAL, subscription: 'all' };
    await recordSubscription(store, tenant, { type: 'AlertReplayRequested', data: { ...data, after: '0' } });
    await recordSignals(store, tenant, TRIAL, signals('S4', 3, 1));
    const ids = await idsOf(tenant);
    await until(
      () => published(topic),
      (all) => all.length > ids.length && all.at(-1) === ids.at(-1),
      20_000,
    );
    const consumer = spawn(
      process.execPath,
      ['--disable-warning=TimeoutNegativeWarning', 'infra/kafka/consumer.mjs', topic],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, KAFKA_BROKERS: kafka.address },
      },
    );
    let said = '';
    consumer.stdout.on('data', (chunk) => (said += String(chunk)));
    const printed = await until(
      async () => said.split('\n').slice(0, -1),
      (lines) => lines.length >= ids.length,
      20_000,
    ).finally(() => consumer.kill());
    expect(printed.map((line) => line.split(' ')[0])).toEqual(ids);
    expect(printed[0]).toMatch(/ S4 raised supervision_gap critical \/trials\/enrich\/signals\//);
  });

  it('hold what was asked for: sites, and for an open audience what is raised of all arms alike', async () => {
    const tenant = await newTenant('open', 'delivery');
    const open = toTopic(TRIAL, 'open', `cairn.${tenant}.open`, { audience: 'open' });
    await recordSubscription(store, tenant, open);
    await recordSubscription(
      store,
      tenant,
      toTopic(TRIAL, 'delivery', `cairn.${tenant}.delivery`, { filter: { sites: ['S1'] } }),
    );
    await recordSignals(store, tenant, TRIAL, [
      ...signals('S1', 0, 2),
      ...signals('S1', 2, 2, 'open'),
      ...signals('S2', 4, 2, 'open'),
    ]);
    await untilDone(tenant, 'open');
    await untilDone(tenant, 'delivery');
    const alerts = await recordedAlerts(connections, tenant);
    const ids = (wanted: (alert: (typeof alerts)[number]) => boolean) =>
      alerts.filter(wanted).map(({ alert: { id } }) => id);
    expect(new Set(await published(`cairn.${tenant}.open`))).toEqual(
      new Set(ids(({ audience }) => audience === 'open')),
    );
    expect(new Set(await published(`cairn.${tenant}.delivery`))).toEqual(
      new Set(ids(({ alert }) => alert.data.site === 'S1')),
    );
  });

  it('wait for a topic that does not exist, say so, and hold up no other', async () => {
    const tenant = await newTenant('there');
    await recordSubscription(store, tenant, toTopic(TRIAL, 'missing', `cairn.${tenant}.missing`));
    // Before there is anything to publish.
    const failed = await until(
      () => relayOf(tenant, 'missing'),
      (relay) => relay?.failure !== undefined,
      20_000,
    );
    expect(failed!.failure!.code).toBe('TOPIC_MISSING');
    await recordSubscription(store, tenant, toTopic(TRIAL, 'there', `cairn.${tenant}.there`));
    await recordSignals(store, tenant, TRIAL, signals('S1', 0, 5));
    await untilDone(tenant, 'there');
    await kafka.makeTopic(`cairn.${tenant}.missing`);
    await untilDone(tenant, 'missing');
    expect(await published(`cairn.${tenant}.missing`)).toEqual(await idsOf(tenant));
    expect((await relayOf(tenant, 'missing'))!.failure).toBeUndefined();
    expect(await published(`cairn.${tenant}.there`)).toEqual(await idsOf(tenant));
  });

  it('never get to a topic of another tenant, nor to one that is nobody’s', async () => {
    const other = await newTenant('alerts');
    const tenant = await newTenant();
    for (const [name, topic] of Object.entries({ theirs: `cairn.${other}.alerts`, loose: 'alerts' })) {
      await kafka.makeTopic(topic);
      await recordSubscription(store, tenant, toTopic(TRIAL, name, topic));
    }
    await recordSignals(store, tenant, TRIAL, signals('S1', 0, 2));
    for (const name of ['theirs', 'loose']) {
      const relay = await until(
        () => relayOf(tenant, name),
        (found) => found?.failure !== undefined,
        20_000,
      );
      expect(relay!.failure!.code).toBe('TOPIC_REFUSED');
    }
    expect(await published(`cairn.${other}.alerts`)).toEqual([]);
    expect(await published('alerts')).toEqual([]);
  });

  it('begin where they were opened, stop while paused, and come again under the same ids when asked for', async () => {
    const tenant = await newTenant('alerts');
    const topic = `cairn.${tenant}.alerts`;
    await recordSignals(store, tenant, TRIAL, signals('S1', 0, 3));
    const openedAt = await store.head(tenant);
    await recordSubscription(store, tenant, toTopic(TRIAL, 'all', topic));
    await recordSignals(store, tenant, TRIAL, signals('S1', 3, 3));
    await untilDone(tenant, 'all');
    const first = await idsOf(tenant, openedAt);
    expect(await published(topic)).toEqual(first);

    const data = { trial: TRIAL, subscription: 'all' };
    await recordSubscription(store, tenant, { type: 'AlertSubscriptionPaused', data });
    // Another subscription shows that the pause was taken in.
    await recordSubscription(store, tenant, toTopic(TRIAL, 'beside', topic, { filter: { sites: ['S9'] } }));
    await recordSignals(store, tenant, TRIAL, signals('S1', 6, 2));
    await untilDone(tenant, 'beside');
    expect(await published(topic)).toEqual(first);

    await recordSubscription(store, tenant, { type: 'AlertSubscriptionResumed', data });
    await untilDone(tenant, 'all');
    const second = await idsOf(tenant, openedAt);
    expect(await published(topic)).toEqual(second);

    await recordSubscription(store, tenant, { type: 'AlertReplayRequested', data: { ...data, after: '0' } });
    const all = await idsOf(tenant);
    const again = await until(
      () => published(topic),
      (ids) => ids.length >= second.length + all.length,
      20_000,
    );
    expect(again).toEqual([...second, ...all]);

    await recordSubscription(store, tenant, { type: 'AlertSubscriptionClosed', data });
    await until(
      () => relayOf(tenant, 'all'),
      (relay) => relay === undefined,
      20_000,
    );
  });

  it('go on where they were after an orderly end, and the log says nothing secret', async () => {
    const tenant = await newTenant('alerts');
    const topic = `cairn.${tenant}.alerts`;
    await recordSubscription(store, tenant, toTopic(TRIAL, 'all', topic));
    await recordSignals(store, tenant, TRIAL, signals('S1', 0, 4));
    await untilDone(tenant, 'all');
    expect(await alerter.end('SIGTERM')).toBe(0);
    await recordSignals(store, tenant, TRIAL, signals('S1', 4, 4));
    alerter.start();
    await untilDone(tenant, 'all');
    expect(await published(topic)).toEqual(await idsOf(tenant));
    expect(alerter.log).not.toContain('TimeoutNegativeWarning');
  });
});

const inOrderOf = <T extends { readonly id: string }>(all: readonly T[]): readonly T[] =>
  all.toSorted((one, other) => (one.id < other.id ? -1 : 1));

/** So many messages of a topic, from its beginning. */
async function consume(address: string, topic: string, count: number): Promise<readonly KafkaMessage[]> {
  const client = new Kafka({ brokers: [address], clientId: 'test', logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: `test ${topic}` });
  const messages: KafkaMessage[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void messages.push(message) });
    await until(
      () => Promise.resolve(messages.length),
      (length) => length >= count,
      20_000,
    );
  } finally {
    await consumer.disconnect();
  }
  return messages;
}
