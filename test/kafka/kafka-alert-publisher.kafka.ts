import { execFileSync } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { KafkaAlertPublisher, type KafkaCluster, PublishFailed, type TopicMessage } from '@cairn/platform/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { pino } from 'pino';
import { freePort, RunningKafka } from '../support/running-kafka.js';

const SECRET = 'a password that no log may hold';
const message = (key: string, value = 'x'): TopicMessage => ({ key, value, headers: { ce_id: value } });

describe('publishing to a cluster', () => {
  let folder: string;
  let kafka: RunningKafka;
  let passwords: number;
  let encrypted: number;
  let said = '';
  const logger = pino({ level: 'trace' }, { write: (line: string) => void (said += line) });
  const publishers: KafkaAlertPublisher[] = [];

  beforeAll(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-tls-'));
    for (const name of ['broker', 'client', 'stranger']) makeCertificate(folder, name);
    [passwords, encrypted] = [await freePort(), await freePort()];
    const pem = async (...names: readonly string[]) =>
      (await Promise.all(names.map((name) => fs.readFile(path.join(folder, name), 'utf8')))).join('');
    await fs.writeFile(path.join(folder, 'broker.pem'), await pem('broker.key', 'broker.crt'));
    const login = 'org.apache.kafka.common.security';
    const sasl = 'listener.name.sasl_plaintext';
    kafka = await RunningKafka.start({
      listeners: { SASL_PLAINTEXT: `127.0.0.1:${passwords}`, SSL: `127.0.0.1:${encrypted}` },
      formatting: [
        '--add-scram',
        `SCRAM-SHA-256=[name=cairn,password=${SECRET}]`,
        '--add-scram',
        `SCRAM-SHA-512=[name=cairn,password=${SECRET}]`,
      ],
      settings: {
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        [`${sasl}.plain.sasl.jaas.config`]: `${login}.plain.PlainLoginModule required user_cairn="${SECRET}";`,
        [`${sasl}.scram-sha-256.sasl.jaas.config`]: `${login}.scram.ScramLoginModule required;`,
        [`${sasl}.scram-sha-512.sasl.jaas.config`]: `${login}.scram.ScramLoginModule required;`,
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': path.join(folder, 'broker.pem'),
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': path.join(folder, 'client.crt'),
        'ssl.client.auth': 'required',
      },
    });
  }, 60_000);

  afterAll(async () => {
    await Promise.all(publishers.map((each) => each.close()));
    await kafka.remove();
    await fs.rm(folder, { recursive: true });
  });

  function publisher(cluster: Partial<KafkaCluster> = {}): KafkaAlertPublisher {
    const made = new KafkaAlertPublisher({ brokers: [kafka.address], clientId: 'test', ...cluster }, logger);
    publishers.push(made);
    return made;
  }

  const faultOf = async (published: Promise<void>): Promise<string> => {
    const error = await published.catch((thrown: unknown) => thrown);
    if (!(error instanceof PublishFailed)) throw new Error(`not refused: ${String(error)}`);
    expect(error.message).not.toContain(SECRET);
    return error.code;
  };

  it('keeps the order of a key over many calls at once', async () => {
    await kafka.makeTopic('order');
    const one = publisher();
    const calls = Array.from({ length: 50 }, (_, call) => [0, 1, 2].map((at) => message(`S${at}`, `${call}`)));
    await Promise.all(calls.map((messages) => one.publish('order', messages)));
    const read = await kafka.read('order');
    for (const key of ['S0', 'S1', 'S2']) {
      expect(read.filter((each) => each.key === key).map(({ value }) => Number(value))).toEqual(
        Array.from({ length: 50 }, (_, call) => call),
      );
    }
  });

  it('names a topic that is missing, makes none, and publishes when there is one', async () => {
    const one = publisher();
    expect(await faultOf(one.publish('later', [message('S1')]))).toBe('TOPIC_MISSING');
    expect(await faultOf(one.publish('later', [message('S1')]))).toBe('TOPIC_MISSING');
    await kafka.makeTopic('later', 1);
    await one.publish('later', [message('S1', 'now')]);
    expect((await kafka.read('later')).map(({ value }) => value)).toEqual(['now']);
  });

  it('names a message that is too large for the topic', async () => {
    const admin = new Kafka({ brokers: [kafka.address], clientId: 'test', logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const configEntries = [{ name: 'max.message.bytes', value: '1000' }];
    await admin.createTopics({ topics: [{ topic: 'small', numPartitions: 1, configEntries }], waitForLeaders: true });
    await admin.disconnect();
    const one = publisher();
    expect(await faultOf(one.publish('small', [message('S1', 'x'.repeat(2_000))]))).toBe('MESSAGE_TOO_LARGE');
    await one.publish('small', [message('S1', 'short')]);
  });

  it('names brokers that are not there', async () => {
    const nowhere = publisher({ brokers: [`127.0.0.1:${await freePort()}`] });
    expect(await faultOf(nowhere.publish('order', [message('S1')]))).toBe('BROKER_UNREACHABLE');
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'says by %s who it is, and tells when it is not believed',
    async (mechanism) => {
      await kafka.makeTopic('passwords');
      const as = (password: string) =>
        publisher({ brokers: [`127.0.0.1:${passwords}`], sasl: { mechanism, username: 'cairn', password } });
      await as(SECRET).publish('passwords', [message('S1', mechanism)]);
      expect((await kafka.read('passwords')).map(({ value }) => value)).toContain(mechanism);
      expect(await faultOf(as(`${SECRET}, but wrong`).publish('passwords', [message('S1')]))).toBe(
        'AUTHENTICATION_FAILED',
      );
      expect(said).not.toContain(SECRET);
    },
  );

  it('encrypts, believes only whom it trusts, and shows its own certificate', async () => {
    await kafka.makeTopic('encrypted', 1);
    const text = (name: string) => fs.readFile(path.join(folder, name), 'utf8');
    const brokers = [`127.0.0.1:${encrypted}`];
    const own = { cert: await text('client.crt'), key: await text('client.key') };
    const trusting = publisher({ brokers, tls: { ca: await text('broker.crt'), ...own } });
    await trusting.publish('encrypted', [message('S1', 'secret')]);
    expect((await kafka.read('encrypted')).map(({ value }) => value)).toEqual(['secret']);
    for (const tls of [own, { ca: await text('stranger.crt'), ...own }]) {
      expect(await faultOf(publisher({ brokers, tls }).publish('encrypted', [message('S1')]))).toBe('BROKER_UNTRUSTED');
    }
    const nameless = publisher({ brokers, tls: { ca: await text('broker.crt') } });
    expect(await faultOf(nameless.publish('encrypted', [message('S1')]))).toMatch(/^BROKER_UN/);
  });

  it('fails what is under way when it is closed', async () => {
    const one = publisher();
    await one.publish('order', [message('S1')]);
    await one.close();
    expect(await faultOf(one.publish('order', [message('S1')]))).toBe('ENDING');
  });
});

/** A certificate that vouches for itself, of this machine, with its key. */
function makeCertificate(folder: string, name: string): void {
  const file = (ending: string) => path.join(folder, `${name}.${ending}`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key')];
  const holder = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2', '-out', file('crt')];
  execFileSync('openssl', ['req', '-x509', ...key, ...holder], { stdio: 'ignore' });
}
