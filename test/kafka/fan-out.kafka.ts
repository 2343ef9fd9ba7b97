import { PostgresEventStore, ProjectionRunner, ReadModels } from '@cairn/platform';
import { KafkaFanOut } from '@cairn/platform/kafka';
import { pino } from 'pino';
import { describeFanOut } from '../contracts/fan-out.contract.js';
import { eventually } from '../support/launched-cairn.js';
import { kitCatalogue, record, visits } from '../support/projection-kit.js';
import { RunningKafka } from '../support/running-kafka.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let kafka: RunningKafka;
beforeAll(async () => {
  database = await createTestDatabase();
  kafka = await RunningKafka.start();
}, 120_000);
afterAll(async () => {
  await kafka.remove();
  await database.drop();
});

const open = (): KafkaFanOut =>
  new KafkaFanOut({
    cluster: { brokers: [kafka.address], clientId: 'test' },
    topic: 'test.hints',
    logger: pino({ level: 'silent' }),
  });

describeFanOut(
  'hints by Kafka',
  () => ({ open, cutOff: () => kafka.kill(), restore: () => kafka.start() }),
  () => database.url,
);

it('commits are shown elsewhere by hints, and without a broker by looking once a second', async () => {
  const { projector, api } = database.services;
  const [there, here] = [open(), open()];
  const store = new PostgresEventStore({
    ...{ url: projector, role: 'cairn_projector', applicationName: 'test', fanOut: there },
  });
  const served = [{ projection: visits }];
  const runner = new ProjectionRunner({
    ...{ url: projector, store, catalogue: kitCatalogue, projections: served, fanOut: there },
  });
  const readModels = new ReadModels({ url: api, store, models: [visits], fanOut: here });
  let told = 0;
  readModels.onProjected(({ tenant, position }) => {
    if (tenant === 'unit' && position !== undefined) told++;
  });
  let looked = 0;
  readModels.onProjected(({ position }) => (position === undefined ? looked++ : undefined));
  await runner.start();
  await readModels.start();
  try {
    const visit = () => record(store, 'unit', 'Visited', { trial: 'T', site: 'S1' });
    await visit();
    expect(await readModels.waitFor('unit', 1n, { timeoutMs: 10_000 })).toBe(true);
    await eventually('hints are heard', async () => {
      await visit();
      return here.hears && told > 0;
    });
    await kafka.kill();
    await eventually('hints are not heard any more', () => !here.hears);
    const before = looked;
    await visit();
    await eventually('somebody looked', () => looked > before);
    expect((await readModels.document('unit', visits, 'T', 'S1'))?.position).toBe(await store.head('unit'));
  } finally {
    await kafka.start();
    await runner.stop();
    await readModels.close();
    await Promise.all([there.close(), here.close()]);
    await store.close();
  }
}, 120_000);
