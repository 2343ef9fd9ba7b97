import { readConfiguration } from './configuration.js';

const url = 'postgres://u:secret@localhost/cairn';

it('needs the database, and keys to sign the log with', () => {
  expect(readConfiguration({ DATABASE_URL: url, PROJECTOR_PORT: '', CAIRN_SIGNING_KEYS: 'keys.json' })).toEqual({
    databaseUrl: url,
    host: '127.0.0.1',
    port: 4_001,
    logLevel: 'info',
    recentDocuments: 5_000,
    startTimeoutSeconds: 60,
    fanOut: { kind: 'postgres' },
    logStore: { kind: 'postgres' },
    metricsByTenant: false,
    tracing: undefined,
    signingKeys: 'keys.json',
  });
});

it('leaves the log unsigned only when it is told to', () => {
  expect(() => readConfiguration({ DATABASE_URL: url })).toThrow(/CAIRN_SIGNING_KEYS[^]*CAIRN_PROOFS=off/);
  expect(readConfiguration({ DATABASE_URL: url, CAIRN_PROOFS: 'off' }).signingKeys).toBeUndefined();
});

it('takes a database behind a socket', () => {
  const socket = 'postgres://postgres@localhost/cairn?host=%2Ftmp%2Fcairn-pg-x';
  expect(readConfiguration({ DATABASE_URL: socket, CAIRN_PROOFS: 'off' }).databaseUrl).toBe(socket);
});

it('names everything that is wrong at once, without the values', () => {
  const wrong = () =>
    readConfiguration({ DATABASE_URL: 'mysql://u:secret@h/d', PROJECTOR_PORT: '70000', LOG_LEVEL: 'x' });
  expect(wrong).toThrow(/DATABASE_URL[^]*PROJECTOR_PORT[^]*LOG_LEVEL/);
  expect(wrong).toThrow(expect.objectContaining({ message: expect.not.stringContaining('secret') }));
});

it('calls other processes by Kafka when it is told which', () => {
  const kafka = { DATABASE_URL: url, CAIRN_PROOFS: 'off', CAIRN_FANOUT: 'kafka' };
  expect(readConfiguration({ ...kafka, KAFKA_BROKERS: 'a:9092', CAIRN_FANOUT_TOPIC: 'hints' }).fanOut).toMatchObject({
    kind: 'kafka',
    topic: 'hints',
    kafka: { brokers: ['a:9092'] },
  });
  expect(() => readConfiguration(kafka)).toThrow('KAFKA_BROKERS: goes with CAIRN_FANOUT=kafka');
});

it('tells of each tenant, and traces, when it is told to', () => {
  const given = { CAIRN_METRICS_TENANTS: 'on', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  const read = readConfiguration({ DATABASE_URL: url, CAIRN_PROOFS: 'off', ...given });
  expect(read).toMatchObject({ metricsByTenant: true, tracing: { endpoint: 'http://collector:4318', share: 1 } });
});
