import { readConfiguration } from './configuration.js';

const url = 'postgres://u:secret@localhost/cairn';

it('needs the database only: then nothing is sent', () => {
  expect(readConfiguration({ DATABASE_URL: url, ALERTER_PORT: '' })).toEqual({
    databaseUrl: url,
    host: '127.0.0.1',
    port: 4_002,
    logLevel: 'info',
    webhookSecret: undefined,
    webhookNetworks: expect.objectContaining({ isEmpty: true }) as unknown,
    kafka: undefined,
    fanOut: { kind: 'postgres' },
    logStore: { kind: 'postgres' },
    metricsByTenant: false,
    tracing: undefined,
    startTimeoutSeconds: 60,
    topicPrefix: 'cairn.{tenant}.',
  });
});

it('reads how a cluster is reached', () => {
  const kafka = { KAFKA_BROKERS: 'a:9092,b:9092', KAFKA_TLS: 'on', KAFKA_TLS_CA: 'ca.pem' };
  const sasl = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
  expect(readConfiguration({ DATABASE_URL: url, ...kafka, ...sasl }).kafka).toEqual({
    brokers: ['a:9092', 'b:9092'],
    clientId: 'cairn',
    tls: { ca: 'ca.pem', cert: undefined, key: undefined },
    sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
  });
  expect(() =>
    readConfiguration({ DATABASE_URL: url, KAFKA_BROKERS: 'a:9092', KAFKA_SASL_MECHANISM: 'plain' }),
  ).toThrow(/KAFKA_SASL_PASSWORD/);
  expect(() =>
    readConfiguration({ DATABASE_URL: url, KAFKA_BROKERS: 'a:9092', KAFKA_TLS: 'on', KAFKA_TLS_CERT: 'own.pem' }),
  ).toThrow(/KAFKA_TLS_KEY/);
});

it('reads where webhooks may go beside the public Internet', () => {
  const { webhookNetworks } = readConfiguration({ DATABASE_URL: url, CAIRN_WEBHOOK_ALLOW_PRIVATE: 'loopback' });
  expect(['127.0.0.1', '10.0.0.1'].map((address) => webhookNetworks.has(address))).toEqual([true, false]);
  const wrong = () => readConfiguration({ DATABASE_URL: url, CAIRN_WEBHOOK_ALLOW_PRIVATE: 'localhost' });
  expect(wrong).toThrow(/CAIRN_WEBHOOK_ALLOW_PRIVATE/);
});

it('names everything that is wrong at once, without the values', () => {
  const wrong = () =>
    readConfiguration({
      DATABASE_URL: 'mysql://u:secret@h/d',
      ALERTER_PORT: '70000',
      CAIRN_WEBHOOK_SECRET: 'too short a secret',
      KAFKA_BROKERS: 'broker',
    });
  expect(wrong).toThrow(/DATABASE_URL[^]*ALERTER_PORT[^]*CAIRN_WEBHOOK_SECRET[^]*KAFKA_BROKERS/);
  expect(wrong).toThrow(expect.objectContaining({ message: expect.not.stringContaining('secret@') }));
  expect(wrong).toThrow(expect.objectContaining({ message: expect.not.stringContaining('too short a') }));
});

it('tells of each tenant, and traces, when it is told to', () => {
  const given = { CAIRN_METRICS_TENANTS: 'on', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  const read = readConfiguration({ DATABASE_URL: url, CAIRN_PROOFS: 'off', ...given });
  expect(read).toMatchObject({ metricsByTenant: true, tracing: { endpoint: 'http://collector:4318', share: 1 } });
});
