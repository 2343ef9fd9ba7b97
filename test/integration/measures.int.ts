import { Database } from '@cairn/platform';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let owner: pg.Client;
let projector: Database;
let alerter: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  projector = new Database({ url: database.services.projector, role: 'cairn_projector', applicationName: 'test' });
  alerter = new Database({ url: database.services.alerter, role: 'cairn_alerter', applicationName: 'test' });
});
afterAll(async () => {
  await projector.close();
  await alerter.close();
  await owner.end();
  await database.drop();
});

const rows = async (from: Database, call: string) => (await from.pool.query(`select * from cairn.${call}`)).rows;

const EVENT = `insert into cairn.event (position, occurred_at, recorded_at, id, command_id, revision, schema_version, tenant, stream, type,
  actor, payload)`;

/** Logs of `tenants` with four events each, recorded 40, 30, 20 and 10 seconds ago; the third one is of a signal of the trial T. */
async function logs(tenants: number): Promise<void> {
  await owner.query(
    `insert into cairn.log (tenant, head, last_recorded_at)
     select 't' || n, 4, now() from generate_series(1, $1::int) n`,
    [tenants],
  );
  await owner.query(
    `${EVENT} select p, now(), now() - (50 - p * 10) * interval '1 second', gen_random_uuid(), gen_random_uuid(), 0, 1, 't' || n,
       's' || p, case p when 3 then 'SignalRaised' else 'Noted' end, 'somebody', '{"trial":"T"}'
     from generate_series(1, $1::int) n cross join generate_series(1, 4) p`,
    [tenants],
  );
  await owner.query(`insert into read_model.generation (projection, generation, version, definition_hash, state, shown)
    values ('visits', 1, 1, '', 'serving', true), ('visits', 2, 2, '', 'building', false)`);
}

it('nothing is behind where nothing is', async () => {
  expect(await rows(projector, 'measured_projections(false)')).toEqual([]);
  expect(await rows(projector, 'measured_logs()')).toEqual([{ tenants: '0', events: '0' }]);
});

it('everything is told of all tenants, and of each where that is asked', async () => {
  await logs(3);
  await owner.query(
    `insert into read_model.checkpoint (tenant, projection, generation, position) values ('t1', 'visits', 1, 4)`,
  );
  await owner.query(`insert into read_model.checkpoint (tenant, projection, generation, position, halted_position, halted_reason)
    values ('t2', 'visits', 1, 2, 3, 'x')`);
  await owner.query(`insert into read_model.parked (tenant, projection, generation, scope, id, position, first_position, event_id, event_type)
    values ('t1', 'visits', 1, 's', 'i', 1, 1, 'e', 'Noted'), ('t1', 'visits', 1, 's', 'i', 2, 1, 'f', 'Noted')`);
  expect(await rows(projector, 'measured_projections(false)')).toEqual([
    // t3 has no checkpoint: it has not been begun.
    { tenant: null, projection: 'visits', lag_events: '4', lag_seconds: seconds(40), halted: '1', parked: '2' },
  ]);
  expect(await rows(projector, 'measured_projections(true) order by tenant')).toEqual([
    { tenant: 't1', projection: 'visits', lag_events: '0', lag_seconds: 0, halted: '0', parked: '2' },
    { tenant: 't2', projection: 'visits', lag_events: '2', lag_seconds: seconds(20), halted: '1', parked: '0' },
    { tenant: 't3', projection: 'visits', lag_events: '4', lag_seconds: seconds(40), halted: '0', parked: '0' },
  ]);
  expect(await rows(projector, 'measured_logs()')).toEqual([{ tenants: '3', events: '12' }]);

  await owner.query(`insert into cairn.notary (tenant, position) values ('t1', 4), ('t2', 4), ('t3', 1)`);
  await owner.query(
    `update cairn.notary set halted_position = 2, halted_reason = 'x', halted_at = now() where tenant = 't2'`,
  );
  expect(await rows(projector, 'measured_proofs(false)')).toEqual([
    { tenant: null, lag_events: '3', lag_seconds: seconds(30), halted: '1' },
  ]);

  await owner.query(`insert into alerting.watch (tenant, position) values ('t1', 4), ('t2', 4), ('t3', 3)`);
  await owner.query(`insert into alerting.timer (tenant, trial, kind, unit, due_at)
    values ('t1', 'T', 'site', 'S1', now() - interval '60 s'), ('t2', 'T', 'site', 'S1', now() - interval '5 s'),
      ('t2', 'T', 'site', 'S2', now() + interval '1 h')`);
  expect(await rows(alerter, 'measured_watch(false)')).toEqual([
    {
      ...{ tenant: null, lag_events: '1', lag_seconds: seconds(10), halted: '0', timers_due: '2' },
      overdue_seconds: seconds(60),
    },
  ]);
});

it('what waits for somebody else is counted from when it may be sent', async () => {
  const of = `insert into alerting.delivery (tenant, trial, subscription, message, position, lane, kind, audience, state, body, next_at,
    held_until, finished_at) values`;
  await owner.query(`${of} ('t1', 'T', 'A', gen_random_uuid(), 3, 'S1', 'alert', 'open', 'waiting', '', now(), null, null),
    ('t1', 'T', 'A', gen_random_uuid(), 1, 'S1', 'alert', 'open', 'waiting', '', now(), now() + interval '1 h', null),
    ('t2', 'T', 'A', gen_random_uuid(), 3, 'S1', 'alert', 'open', 'dead', '', now(), null, now()),
    ('t2', 'T', 'A', gen_random_uuid(), 4, 'S1', 'alert', 'open', 'delivered', '', now(), null, now())`);
  await owner.query(
    `insert into alerting.subscriber (tenant, trial, subscription, position, stalled) values ('t3', 'T', 'A', 0, true)`,
  );
  expect(await rows(alerter, 'measured_webhooks(false)')).toEqual([
    { tenant: null, waiting: '1', lag_seconds: seconds(20), dead: '1', stalled: '1' },
  ]);
  await owner.query(`insert into alerting.kafka_relay (tenant, trial, subscription, position, failure, failing_since)
    values ('t1', 'T', 'A', 4, null, null), ('t2', 'T', 'A', 0, 'X', now()), ('t3', 'other', 'A', 0, null, null)`);
  expect(await rows(alerter, 'measured_topics(true) order by tenant')).toEqual([
    { tenant: 't1', lag_seconds: 0, failing: '0' },
    { tenant: 't2', lag_seconds: seconds(20), failing: '1' },
    { tenant: 't3', lag_seconds: 0, failing: '0' },
  ]);
});

it.each(['measured_projections(true)', 'measured_watch(true)', 'measured_logs()'])(
  'whoever answers single tenants may not call %s',
  async (call) => {
    const service = new Database({ url: database.services.api, role: 'cairn_service', applicationName: 'test' });
    await expect(rows(service, call)).rejects.toMatchObject({ code: '42501' });
    await service.close();
  },
);

const seconds = (about: number): unknown => ({
  asymmetricMatch: (value: unknown) => typeof value === 'number' && Math.abs(value - about) < 5,
});
