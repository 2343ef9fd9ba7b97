import { setTimeout as pause } from 'node:timers/promises';
import { Database, PostgresEventStore } from '@cairn/platform';
import { KafkaRelayStore } from '@cairn/platform/kafka';
import fc from 'fast-check';
import { until } from '../support/projection-kit.js';
import { recordedAlerts, recordSignals, recordSubscription, toTopic } from '../support/recorded-alerts.js';
import { rounds } from '../support/rounds.js';
import { RunningAlerter } from '../support/running-alerter.js';
import { type KcatMessage, RunningKafka } from '../support/running-kafka.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TENANT = 'northstar';
const TRIAL = 'enrich';
const TOPIC = 'cairn.northstar.alerts';
const SITES = ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7'];
const ALERTS = 10_000;

describe('a stream to a topic whose broker and alerter are killed', () => {
  let kafka: RunningKafka;
  let database: TestDatabase;
  let connections: Database;
  let store: PostgresEventStore;
  let alerter: RunningAlerter;

  beforeAll(async () => {
    [kafka, database] = await Promise.all([RunningKafka.start(), createTestDatabase()]);
    const of = { url: database.url, role: 'cairn_alerter', applicationName: 'test' } as const;
    connections = new Database(of);
    store = new PostgresEventStore(of);
    alerter = new RunningAlerter({
      DATABASE_URL: database.services.alerter,
      KAFKA_BROKERS: kafka.address,
      LOG_LEVEL: 'warn',
    });
    await kafka.makeTopic(TOPIC);
    await recordSubscription(store, TENANT, toTopic(TRIAL, 'all', TOPIC));
    alerter.start();
  }, 60_000);

  afterAll(async () => {
    await alerter.end();
    await kafka.remove();
    await store.close();
    await connections.close();
    await database.drop();
  });

  it('has every alert at the end, those of a site in their order, and each once by its id', async () => {
    const numRuns = rounds({ ci: 20, night: 200 });
    const perRound = Math.ceil(ALERTS / numRuns);
    let recorded = 0;
    const recordSome = async (): Promise<void> => {
      for (let left = perRound; left > 0; left -= 100) {
        const signals = Array.from({ length: Math.min(100, left) }, () => {
          const cause = `cause ${recorded++}`;
          return { site: SITES[recorded % SITES.length]!, cause };
        });
        await recordSignals(store, TENANT, TRIAL, signals);
        await pause(20);
      }
    };
    const killing = fc.record({
      victim: fc.constantFrom('alerter', 'alerter', 'broker', 'broker in order', 'both'),
      moment: fc.integer({ min: 0, max: 600 }),
    });
    await fc.assert(
      fc.asyncProperty(killing, async ({ victim, moment }) => {
        const flowing = recordSome();
        await pause(moment);
        if (victim === 'alerter' || victim === 'both') {
          await alerter.end('SIGKILL');
          alerter.start();
        }
        if (victim !== 'alerter') {
          await (victim === 'broker in order' ? kafka.stop() : kafka.kill());
          await kafka.start();
        }
        await flowing;
      }),
      { numRuns, endOnFailure: true },
    );

    const alerts = (await recordedAlerts(connections, TENANT)).map(({ alert }) => alert);
    const last = (await recordedAlerts(connections, TENANT)).at(-1)!.position;
    const relays = new KafkaRelayStore(connections);
    await until(
      () => relays.relays(TENANT),
      ([relay]) => relay !== undefined && relay.position >= last,
      60_000,
    );
    const messages = await kafka.read(TOPIC);
    const seen = onceById(messages);
    expect(alerts).toHaveLength(ALERTS);
    expect(seen).toHaveLength(ALERTS);
    for (const site of SITES) {
      const expected = alerts.filter(({ partitionkey }) => partitionkey === site).map(({ id }) => id);
      expect(seen.filter(({ key }) => key === site).map(({ headers }) => headers['ce_id'])).toEqual(expected);
    }
    // A site's alerts are in one partition, or their order would mean nothing.
    expect(new Set(messages.map(({ key, partition }) => `${key} ${partition}`)).size).toBe(SITES.length);
    console.log(`${messages.length - seen.length} of ${ALERTS} alerts came twice`);
  }, 3_600_000);
});

/** What a consumer does that looks at ids: each alert where it came first. */
function onceById(messages: readonly KcatMessage[]): readonly KcatMessage[] {
  const known = new Set<string>();
  return messages.filter(({ headers }) => {
    const id = headers['ce_id']!;
    return known.has(id) ? false : (known.add(id), true);
  });
}
