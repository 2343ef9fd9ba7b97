import { readConfiguration } from '../../apps/cli/src/configuration.js';
import { examine } from '../../apps/cli/src/doctor/examine.js';
import type { DoctorCode, Finding } from '../../apps/cli/src/doctor/finding.js';
import { doctorSettings } from '../../apps/cli/src/doctor/settings.js';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';

async function findings(environment: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> {
  const { api, projector, alerter } = database.services;
  const configuration = readConfiguration({
    ...{ DATABASE_URL: database.url, CAIRN_URL: NOWHERE, CAIRN_DATA_DIR: '/nowhere' },
    ...{ API_DATABASE_URL: api, PROJECTOR_DATABASE_URL: projector, ALERTER_DATABASE_URL: alerter },
    ...environment,
  });
  const options = { json: false, projector: NOWHERE, alerter: NOWHERE, backupHours: 1 };
  return examine(doctorSettings(configuration, options, undefined));
}

async function look(code: DoctorCode, environment?: Readonly<Record<string, string>>): Promise<Finding> {
  const all = await findings(environment);
  const looked = all.find((each) => each.code === code);
  if (!looked) throw new Error(`nothing was said of ${code}: ${JSON.stringify(all)}`);
  return looked;
}

test('a new database is well, as far as nobody has begun to work there', async () => {
  const states = Object.fromEntries((await findings()).map(({ code, state }) => [code, state]));
  expect(states).toMatchObject({
    ...{ DATABASE_REACHABLE: 'ok', DATABASE_VERSION: 'ok', MIGRATIONS: 'ok', DATABASE_WRITABLE: 'ok', CLOCK: 'ok' },
    ...{ EXCESS_RIGHTS: 'ok', READ_MODELS: 'ok', READ_MODELS_BEHIND: 'ok', NOTARY: 'ok', NOTARY_BEHIND: 'ok' },
    ...{ WATCH: 'ok', WATCH_BEHIND: 'ok', TIMERS: 'ok', WEBHOOKS: 'ok', DEAD_LETTERS: 'ok', KAFKA_TOPICS: 'ok' },
    ...{ LEASES: 'ok', INSTANCES: 'problem' },
    // The test server does without, to be quick.
    SAFE_SETTINGS: 'problem',
  });
});

const event = (
  seconds: number,
) => `insert into cairn.event (position, occurred_at, recorded_at, id, command_id, revision, schema_version,
  tenant, stream, type, actor, payload) values (1, now(), now() - ${seconds} * interval '1 s', gen_random_uuid(), gen_random_uuid(), 0,
  1, 't', 's', 'Noted', 'a', '{}')`;
const log = `insert into cairn.log (tenant, head, last_recorded_at) values ('t', 1, now())`;
const serving = `insert into read_model.generation (projection, generation, version, definition_hash, state, shown)
  values ('visits', 1, 1, '', 'serving', true)`;
const message = (
  state: string,
) => `insert into alerting.delivery (tenant, trial, subscription, message, position, lane, kind, audience,
  state, body, next_at, finished_at) values ('t', 'T', 'A', gen_random_uuid(), 1, 'S1', 'alert', 'open', '${state}', '', now(),
  case '${state}' when 'dead' then now() end)`;

/** What is done to the world, and what is to be found there. */
const worlds: readonly (readonly [code: DoctorCode, state: string, what: RegExp, wrong: readonly string[]])[] = [
  ['READ_MODELS_BEHIND', 'problem', /17 min/, [log, event(1_000), serving]],
  ['READ_MODELS_BEHIND', 'warning', /2 min|120 s/, [log, event(120), serving]],
  [
    'READ_MODELS',
    'problem',
    /visits has halted for 1 tenants/,
    [
      log,
      serving,
      `insert into read_model.checkpoint (tenant, projection, generation, position, halted_position, halted_reason)
       values ('t', 'visits', 1, 0, 1, 'x')`,
    ],
  ],
  [
    'READ_MODELS',
    'warning',
    /visits keeps 1 events/,
    [
      log,
      serving,
      `insert into read_model.parked (tenant, projection, generation, scope, id, position, first_position, event_id, event_type)
       values ('t', 'visits', 1, 's', 'i', 1, 1, 'e', 'Noted')`,
    ],
  ],
  ['NOTARY_BEHIND', 'problem', /behind by 17 min/, [log, event(1_000)]],
  [
    'NOTARY',
    'problem',
    /1 tenants are not what was signed/,
    [log, `insert into cairn.notary (tenant, halted_position, halted_reason, halted_at) values ('t', 1, 'x', now())`],
  ],
  ['WATCH_BEHIND', 'problem', /behind by 17 min/, [log, event(1_000)]],
  [
    'WATCH',
    'problem',
    /cannot read/,
    [log, `insert into alerting.watch (tenant, halted_position, halted_reason) values ('t', 1, 'x')`],
  ],
  [
    'TIMERS',
    'problem',
    /1 timers .* 3 h ago/,
    [
      log,
      `insert into alerting.timer (tenant, trial, kind, unit, due_at) values ('t', 'T', 'site', 'S1', now() - interval '3 h')`,
    ],
  ],
  ['WEBHOOKS', 'warning', /1 messages .* 17 min/, [log, event(1_000), message('waiting')]],
  [
    'WEBHOOKS',
    'problem',
    /1 webhooks/,
    [
      `insert into alerting.subscriber (tenant, trial, subscription, position, stalled) values ('t', 'T', 'A', 0, true)`,
    ],
  ],
  ['DEAD_LETTERS', 'warning', /1 messages/, [message('dead')]],
  [
    'KAFKA_TOPICS',
    'problem',
    /1 subscriptions/,
    [
      `insert into alerting.kafka_relay (tenant, trial, subscription, position, failure, failing_since)
       values ('t', 'T', 'A', 0, 'X', now())`,
    ],
  ],
  ['LEASES', 'problem', /1 tenants as alerter, 1 tenants as projector/, [log]],
];

/** What the log's triggers refuse to take back is taken back as nobody but a superuser of a test can. */
const undo = `set session_replication_role = replica;
  alter table cairn.event disable trigger all; alter table cairn.log disable trigger all; alter table cairn.notary disable trigger all;
  delete from cairn.event; delete from cairn.log; delete from cairn.notary; delete from read_model.parked;
  delete from read_model.checkpoint; delete from read_model.generation; delete from alerting.watch; delete from alerting.timer;
  delete from alerting.delivery; delete from alerting.subscriber; delete from alerting.kafka_relay;
  alter table cairn.event enable always trigger immutable; alter table cairn.log enable always trigger lasting;
  alter table cairn.log enable always trigger own; alter table cairn.notary enable always trigger lasting;
  set session_replication_role = origin`;

test.each(worlds)('%s is a %s: %s', async (code, state, what, wrong) => {
  try {
    for (const sql of wrong) await client.query(sql);
    expect(await look(code)).toEqual({ code, state, what: expect.stringMatching(what) });
  } finally {
    await client.query(undo);
  }
  expect((await look(code)).state).toBe('ok');
});

test('migrations that are missing, and newer ones', async () => {
  const { rows } = await client.query<Record<string, unknown>>(
    'delete from public.cairn_migration where number = 17 returning *',
  );
  const missing = await findings();
  expect(missing).toContainEqual({
    code: 'MIGRATIONS',
    state: 'problem',
    what: expect.stringContaining('0017_measures'),
  });
  // Of what is not there yet nothing is asked.
  expect(missing.map(({ code }) => code)).not.toContain('READ_MODELS');
  await client.query('insert into public.cairn_migration values ($1, $2, $3)', Object.values(rows[0]!));
  await client.query(`insert into public.cairn_migration (number, name) values (9999, 'later')`);
  expect(await look('MIGRATIONS')).toMatchObject({ state: 'warning', what: expect.stringContaining('9999') });
  await client.query('delete from public.cairn_migration where number = 9999');
  expect(await look('MIGRATIONS')).toMatchObject({ state: 'ok' });
});

test('logins that could do more, or cannot log in, and none of their own', async () => {
  expect(await look('EXCESS_RIGHTS', { API_DATABASE_URL: database.url })).toMatchObject({ state: 'problem' });
  const nobody = new URL(database.url);
  nobody.username = 'nobody_of_that_name';
  nobody.password = 'SECRET';
  const refused = (await findings({ API_DATABASE_URL: nobody.toString() })).filter(
    ({ code }) => code === 'EXCESS_RIGHTS',
  );
  expect(refused[0]).toMatchObject({ state: 'problem', what: expect.stringContaining('cannot log in') });
  expect(JSON.stringify(refused)).not.toContain('SECRET');
  const none = { API_DATABASE_URL: '', PROJECTOR_DATABASE_URL: '', ALERTER_DATABASE_URL: '' };
  expect(await look('EXCESS_RIGHTS', none)).toMatchObject({ state: 'warning' });
});

test('instances that live', async () => {
  for (const service of ['api', 'projector', 'alerter']) {
    await client.query(`select cairn.beat(gen_random_uuid(), $1, '1', 'p', 60000)`, [service]);
  }
  expect(await look('INSTANCES')).toMatchObject({ state: 'ok' });
  await client.query(`delete from cairn.instance where service = 'alerter'`);
  expect(await look('INSTANCES')).toMatchObject({ state: 'problem', what: 'There is no instance of the alerter.' });
});

test('a password that is wrong is told without it', async () => {
  const url = new URL(database.url);
  url.username = 'nobody_of_that_name';
  url.password = 'SECRET';
  const all = await findings({ DATABASE_URL: url.toString() });
  expect(all[0]).toMatchObject({ code: 'DATABASE_REACHABLE', state: 'problem' });
  expect(JSON.stringify(all)).not.toContain('SECRET');
});
