import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Database, isPassing } from '@cairn/platform';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let test: TestDatabase;
let superuser: pg.Client;
beforeAll(async () => {
  test = await createTestDatabase();
  superuser = new pg.Client({ connectionString: test.url });
  await superuser.connect();
});
afterAll(async () => {
  await superuser.end();
  await test.drop();
});

it('a session that is lost between two statements fails the work, not the process, and is replaced', async () => {
  const database = new Database({ url: test.url, role: 'cairn_service', max: 1, applicationName: 'lost' });
  try {
    const work = database.inTenant('T', async (client) => {
      const lost = new Promise((resolve) => client.once('end', resolve));
      await superuser.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lost'`);
      await lost;
      await turn();
      await client.query('select 1');
    });
    expect(isPassing(await work.catch((error: unknown) => error))).toBe(true);
    expect(await database.inTenant('T', async (client) => (await client.query('select 1')).rowCount)).toBe(1);
  } finally {
    await database.close();
  }
});
