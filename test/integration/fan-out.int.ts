import { PostgresFanOut } from '@cairn/platform';
import { describeFanOut } from '../contracts/fan-out.contract.js';
import { query } from '../support/projection-kit.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

describeFanOut(
  'hints by NOTIFY',
  () => ({
    open: () =>
      new PostgresFanOut({ url: database.services.api, role: 'cairn_service', applicationName: 'cairn test hints' }),
    // No more connections are let in until it is restored.
    cutOff: async () => {
      const name = new URL(database.url).pathname.slice(1);
      await query(elsewhere(), `alter database ${name} allow_connections false`);
      await query(elsewhere(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    },
    restore: async () => {
      await query(elsewhere(), `alter database ${new URL(database.url).pathname.slice(1)} allow_connections true`);
    },
  }),
  () => database.url,
);

const elsewhere = (): string => process.env['TEST_DATABASE_URL']!;
