import { PostgresEventStore, ReadModels } from '@cairn/platform';
import pg from 'pg';
import { isolationFindings } from '../support/isolation-catalogue.js';
import { meetings, record, startRunner, stopRunners, until, visits } from '../support/projection-kit.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** A table as it has to be, by this name. */
const table = (name: string, id = 'id'): string => `
  create table ${name} (tenant text not null, ${id} text not null, primary key (tenant, ${id}));
  alter table ${name} owner to cairn_owner;
  alter table ${name} enable row level security, force row level security;
  create policy own on ${name} using (tenant = current_setting('cairn.tenant', true));`;

/** A read model's table while COPY fills it. */
const filling = `
  insert into read_model.generation (projection, generation, version, definition_hash, state)
  values ('visits', 9, 1, '', 'building');
  ${table('read_model.visits_g9')} alter table read_model.visits_g9 no force row level security;`;

/** What somebody might add one day, and what is then said of it. */
const slips: readonly (readonly [what: string, sql: string, finding: string])[] = [
  [
    'a table without row-level security',
    'create table cairn.note (tenant text not null, id text, primary key (tenant, id))',
    'cairn.note is without row-level security',
  ],
  [
    'a table without a tenant',
    'create table cairn.note (id text primary key)',
    'cairn.note has no tenant in every row',
  ],
  [
    'a table whose rows need no tenant',
    'create table cairn.note (tenant text, id text)',
    'cairn.note has no tenant in every row',
  ],
  [
    'a table in a schema of its own',
    'create schema extra; create table extra.note (tenant text not null)',
    'extra.note is without row-level security',
  ],
  [
    'a partition that can be read by itself',
    `create table cairn.note (tenant text not null) partition by list (tenant);
     alter table cairn.note enable row level security, force row level security;
     create table cairn.note_rest partition of cairn.note default`,
    'cairn.note_rest is without row-level security',
  ],
  [
    'a table without a policy',
    `${table('cairn.note')} drop policy own on cairn.note`,
    "cairn.note has no policy of the tenant's own rows",
  ],
  [
    'a policy for reading only',
    `${table('cairn.note')} drop policy own on cairn.note;
     create policy own on cairn.note for select using (tenant = current_setting('cairn.tenant', true))`,
    "cairn.note has no policy of the tenant's own rows",
  ],
  [
    'a policy that checks nothing on writing',
    `${table('cairn.note')} drop policy own on cairn.note;
     create policy own on cairn.note using (tenant = current_setting('cairn.tenant', true)) with check (true)`,
    'policy cairn.note own ALL to public lets more through',
  ],
  [
    'a policy by another setting',
    `${table('cairn.note')} drop policy own on cairn.note;
     create policy own on cairn.note using (tenant = current_setting('cairn.team', true))`,
    'policy cairn.note own ALL to public lets more through',
  ],
  [
    'a second policy that opens the first',
    'create policy audit on cairn.event for select to cairn_service using (true)',
    'policy cairn.event audit SELECT to cairn_service lets more through',
  ],
  [
    'an owner who is not bound',
    'alter table cairn.event no force row level security',
    'cairn.event does not bind its owner',
  ],
  [
    'a read model whose owner is not bound',
    'alter table read_model.visits_g2 no force row level security',
    'read_model.visits_g2 does not bind its owner',
  ],
  [
    'a read model that is filled and can be read already',
    `${filling} grant select on read_model.visits_g9 to cairn_service`,
    'read_model.visits_g9 does not bind its owner',
  ],
  [
    'a read model that nobody fills any more',
    `${filling} update read_model.generation set state = 'retired' where generation = 9`,
    'read_model.visits_g9 does not bind its owner',
  ],
  ['a service that owns', 'alter table cairn.log owner to cairn_service', 'cairn.log belongs to no owner'],
  [
    'a materialized view',
    'create materialized view cairn.stream as select distinct tenant, stream from cairn.event',
    'cairn.stream can have no row-level security',
  ],
  ['a sequence', 'create sequence cairn.number', 'cairn.number is a sequence, which counts over all tenants'],
  [
    'a view that reads as its owner',
    'create view cairn.recent as select * from cairn.event',
    'cairn.recent reads as its owner, not as its reader',
  ],
  [
    'a read model shown as its owner',
    'alter view read_model.visits_v1 reset (security_invoker)',
    'read_model.visits_v1 reads as its owner, not as its reader',
  ],
  [
    'an index with the tenant second',
    'create index by_type on cairn.event (type, tenant)',
    'index cairn.by_type does not begin with the tenant',
  ],
  [
    'an index over an expression of the tenant',
    'create index by_lower on cairn.event (lower(tenant))',
    'index cairn.by_lower does not begin with the tenant',
  ],
  [
    'a key that is unique over all tenants',
    'alter table cairn.event add constraint ids unique (id)',
    'index cairn.ids does not begin with the tenant',
  ],
  [
    'a foreign key that another tenant’s row satisfies',
    `${table('cairn.note')} create unique index on cairn.note (tenant, id);
     ${table('cairn.remark')} alter table cairn.note add unique (id);
     alter table cairn.remark add constraint about foreign key (id) references cairn.note (id)`,
    'foreign key cairn.remark about does not begin with the tenant',
  ],
  [
    'a function that acts as its owner',
    `create function cairn.peek() returns bigint language sql security definer set search_path = pg_catalog, pg_temp
     as 'select count(*) from cairn.event'`,
    'function cairn.peek acts as its owner',
  ],
  [
    'a search path that the caller chooses',
    'alter function cairn.tenants() reset search_path',
    'function cairn.tenants looks names up where its caller says',
  ],
  [
    'a function that anybody may call',
    `create function cairn.peek() returns int language sql as 'select 1'`,
    'function cairn.peek can be called by public',
  ],
  [
    'the list of tenants for the service',
    'grant execute on function cairn.tenants() to cairn_service',
    'function cairn.tenants can be called by cairn_service',
  ],
  ['a service that writes', 'grant insert on cairn.event to cairn_service', 'cairn_service may INSERT on cairn.event'],
  ['rights for everybody', 'grant select on cairn.log to public', 'public may SELECT on cairn.log'],
  ['a schema for everybody', 'grant usage on schema cairn to public', 'public may USAGE in schema cairn'],
  ['a schema anybody may fill', 'grant create on schema public to public', 'public may CREATE in schema public'],
  [
    'a role that passes row-level security',
    'alter role cairn_service bypassrls',
    'role cairn_service has rights over row-level security, roles or databases',
  ],
  [
    'a role that can become the owner',
    'grant cairn_owner to cairn_service',
    'role cairn_service can become cairn_owner',
  ],
  ['a login that can become more', 'grant cairn_projector to cairn_api', 'role cairn_api can become cairn_projector'],
  [
    'a login that has what its role has',
    'alter role cairn_api inherit',
    'role cairn_api has the rights of its roles without taking them on',
  ],
  ['a role that logs in', 'alter role cairn_service login', 'role cairn_service can log in'],
];

describe('the live catalogue', () => {
  let database: TestDatabase;
  let superuser: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    superuser = new pg.Client({ connectionString: database.url });
    await superuser.connect();
    const store = new PostgresEventStore({
      url: database.services.projector,
      role: 'cairn_projector',
      applicationName: 'test',
    });
    const models = new ReadModels({ url: database.services.api, store, models: [meetings(), visits] });
    // Tables of read models are made while running, the first and a rebuilt one in different ways.
    await startRunner({ url: database.services.projector, store });
    const last = await record(store, 'a', 'Visited', { trial: 't', site: 's' });
    await models.waitFor('a', last, { timeoutMs: 10_000 });
    const generation = await models.requestRebuild('visits');
    await until(
      () => models.rebuildProgress('visits', generation),
      (progress) => progress?.state === 'serving',
    );
    await stopRunners();
    await Promise.all([models.close(), store.close()]);
  });

  afterAll(async () => {
    await superuser.end();
    await database.drop();
  });

  it('keeps every tenant’s rows to itself', async () => {
    expect(await isolationFindings(superuser)).toEqual([]);
  });

  it('has what there is to look at', async () => {
    const { rows } = await superuser.query<{ name: string }>(
      `select oid::regclass::text as name from pg_class
       where relnamespace in ('alerting'::regnamespace, 'cairn'::regnamespace, 'read_model'::regnamespace) and relkind in ('r', 'v') order by 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual([
      'alerting.delivery',
      'alerting.kafka_relay',
      'alerting.subscriber',
      'alerting.timer',
      'alerting.watch',
      'cairn.checkpoint',
      'cairn.event',
      'cairn.instance',
      'cairn.lease',
      'cairn.log',
      'cairn.log_copy',
      'cairn.notary',
      'cairn.tile',
      'read_model.checkpoint',
      'read_model.generation',
      'read_model.meetings_g1',
      'read_model.meetings_v1',
      'read_model.parked',
      'read_model.visits_g1',
      'read_model.visits_g2',
      'read_model.visits_v1',
    ]);
  });

  it.each(slips)('would show %s', async (_, sql, finding) => {
    await superuser.query('begin');
    try {
      await superuser.query(sql);
      expect(await isolationFindings(superuser)).toContain(finding);
    } finally {
      await superuser.query('rollback');
    }
  });

  it.each([
    ['a table that is as it has to be', table('cairn.note')],
    ['a table that COPY fills', filling],
  ])('would not mind %s', async (_, sql) => {
    await superuser.query('begin');
    try {
      await superuser.query(sql);
      expect(await isolationFindings(superuser)).toEqual([]);
    } finally {
      await superuser.query('rollback');
    }
  });
});
