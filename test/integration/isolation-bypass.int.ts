import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { eventId } from '@cairn/event-sourcing';
import { Database, PostgresEventStore, ReadModels } from '@cairn/platform';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import {
  meetings,
  query,
  record,
  recordMany,
  startRunner,
  stopRunners,
  until,
  visits,
} from '../support/projection-kit.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Whose rows are tried for, and what would give them away wherever it turned up. */
const FOREIGN = 'quiet-hospital';
const SECRET = 'hidden-participant';
const FOREIGN_STREAM = 'kit';
const OWN = 'own';

const denied = { code: '42501' };

/**
 * Somebody who can run statements on the api's connections tries for the rows of a tenant that the transaction does not
 * belong to. Who says that it belongs to the other tenant reads the other tenant: that is what the setting is for, and
 * what ADR 0012 says about it.
 */
describe('as the api’s login', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let service: Database;
  let models: ReadModels;
  const foreignCommand = randomUUID();

  beforeAll(async () => {
    database = await createTestDatabase();
    const { api, projector } = database.services;
    store = new PostgresEventStore({ url: projector, role: 'cairn_projector', applicationName: 'test' });
    service = new Database({ url: api, role: 'cairn_service', applicationName: 'attacker', max: 1 });
    models = new ReadModels({ url: api, store, models: [meetings(), visits] });
    await startRunner({
      url: projector,
      store,
      projections: [{ projection: meetings({ poison: ({ minutes }) => minutes === 13 }), onPoison: 'park' }],
    });
    for (const [tenant, participant] of [
      [OWN, 'p'],
      [FOREIGN, SECRET],
    ] as const) {
      await store.append(tenant, {
        stream: FOREIGN_STREAM,
        expected: 'any',
        commandId: tenant === FOREIGN ? foreignCommand : randomUUID(),
        actor: `${tenant} nurse`,
        events: [
          {
            type: 'Met',
            schemaVersion: 1,
            occurredAt: 0,
            payload: JSON.stringify({ trial: `${tenant}-trial`, participant, minutes: 1 }),
          },
        ],
      });
      const last = await record(store, tenant, 'Met', { trial: `${tenant}-trial`, participant: 'q', minutes: 13 });
      await until(
        () => models.states(tenant),
        (states) => states.some(({ name, position }) => name === 'meetings' && position >= last),
      );
    }
    // So many that an estimate would tell.
    await recordMany(store, FOREIGN, 400);
    const head = await store.head(FOREIGN);
    await until(
      () => models.states(FOREIGN),
      (states) => states.some(({ name, position }) => name === 'meetings' && position >= head),
    );
    // What the planner knows is what it could tell.
    await query(database.url, 'analyze');
  });

  afterAll(async () => {
    await stopRunners();
    await Promise.all([models.close(), service.close(), store.close()]);
    await database.drop();
  });

  const inOwn = <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> =>
    service.inTenant(OWN, async (client) => {
      // Several statements have several results.
      const results = [await client.query<Row>(sql, values)].flat();
      return results.flatMap(({ rows }) => rows);
    });

  const relations = [
    'cairn.event',
    'cairn.log',
    'read_model.checkpoint',
    'read_model.parked',
    'read_model.meetings_g1',
    'read_model.meetings_v1',
  ];

  it('is a login that could become nothing else', async () => {
    expect(await service.excessRights()).toEqual([]);
    const superuser = new Database({ url: database.url, role: 'cairn_service', applicationName: 'too much' });
    expect(await superuser.excessRights()).toEqual(['superuser']);
    await superuser.close();
    const projecting = new Database({
      url: database.services.projector,
      role: 'cairn_projector',
      applicationName: 'projecting',
    });
    expect(await projecting.excessRights()).toEqual([]);
    await projecting.close();
  });

  describe.each(relations)('%s', (relation) => {
    it('has rows of both tenants, or the rest would prove nothing', async () => {
      const rows = await query<{ tenant: string }>(database.url, `select distinct tenant from ${relation} order by 1`);
      expect(rows.map(({ tenant }) => tenant)).toEqual([OWN, FOREIGN]);
    });

    it('shows nothing without a tenant', async () => {
      expect((await service.pool.query(`select from ${relation}`)).rowCount).toBe(0);
      expect((await service.pool.query(`select set_config('cairn.tenant', '${OWN}', true)`)).rowCount).toBe(1);
      expect((await service.pool.query(`select from ${relation}`)).rowCount).toBe(0);
    });

    it('shows nothing on a connection that had a tenant before', async () => {
      expect(await inOwn(`select distinct tenant from ${relation}`)).toEqual([{ tenant: OWN }]);
      // The pool has one connection.
      expect((await service.pool.query(`select from ${relation}`)).rowCount).toBe(0);
    });

    it('shows no other tenant, however it is asked for', async () => {
      for (const sql of [
        `select * from ${relation} where tenant = '${FOREIGN}'`,
        `select * from ${relation} where tenant <> '${OWN}' or tenant is null`,
        `select * from only ${relation} where tenant > '${OWN}'`,
        `select * from (values ('${FOREIGN}')) v (tenant) join ${relation} using (tenant)`,
        `with recursive r as (select tenant from ${relation} union select tenant from r) select * from r where tenant <> '${OWN}'`,
        `select * from ${relation} where tenant = '${FOREIGN}' for key share`,
        `prepare peek as select * from ${relation} where tenant = $1; execute peek ('${FOREIGN}'); deallocate peek`,
        `declare peek cursor for select * from ${relation} where tenant = '${FOREIGN}'; fetch all from peek`,
      ]) {
        const asked = inOwn(sql);
        // Locking asks for the right to change, which the service has nowhere.
        if (sql.endsWith('share')) await expect(asked).rejects.toMatchObject(denied);
        else expect(JSON.stringify(await asked)).not.toContain(FOREIGN);
      }
    });

    it('is copied without the rows of others', async () => {
      const copied = (sql: string): Promise<string> =>
        service.inTenant(OWN, async (client) => {
          const stream = client.query(copyTo(sql));
          let whole = '';
          await pipeline(stream, async (source) => {
            whole = await text(source);
          });
          return whole;
        });
      for (const sql of [`copy (select * from ${relation}) to stdout`, `copy (table ${relation}) to stdout`]) {
        const out = await copied(sql);
        expect(out).toContain(OWN);
        expect(out).not.toContain(FOREIGN);
        expect(out).not.toContain(SECRET);
      }
      await expect(inOwn(`copy ${relation} to '/tmp/out'`)).rejects.toMatchObject(denied);
      await expect(inOwn(`copy ${relation} to program 'cat'`)).rejects.toMatchObject(denied);
    });

    it('does not run conditions on rows that are not to be seen', async () => {
      const loud = `case when tenant = '${FOREIGN}' then (1 / (length(tenant) - length(tenant)))::text else '' end`;
      expect(await inOwn(`select from ${relation} where ${loud} = 'x'`)).toEqual([]);
      expect(await inOwn(`select from ${relation} where tenant::int > 0 and tenant = '${FOREIGN}'`)).toEqual([]);
    });

    it('is not read where row-level security is to be off', async () => {
      await expect(inOwn(`set local row_security = off; select * from ${relation}`)).rejects.toMatchObject(denied);
    });

    it('is not changed', async () => {
      for (const sql of [
        `delete from ${relation}`,
        `update ${relation} set tenant = '${OWN}'`,
        `insert into ${relation} select * from ${relation}`,
        `truncate ${relation}`,
        `merge into ${relation} t using (values ('${FOREIGN}')) v (x) on t.tenant = v.x when matched then delete`,
      ]) {
        // A view's refusals have a code of their own where it could not be changed by anybody.
        await expect(inOwn(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^42(501|809)$/) });
      }
      await expect(inOwn(`alter table ${relation} disable row level security`)).rejects.toMatchObject(denied);
      await expect(inOwn(`create policy open on ${relation} using (true)`)).rejects.toMatchObject({
        code: expect.stringMatching(/^42(501|809)$/),
      });
    });

    it('is estimated alike for a tenant that is there and one that is not', async () => {
      const estimate = async (condition: string): Promise<unknown> => {
        const [row] = await inOwn<{ 'QUERY PLAN': unknown }>(
          `explain (format json) select from ${relation} where ${condition}`,
        );
        return JSON.parse(JSON.stringify(row!['QUERY PLAN']).replaceAll(FOREIGN, 'x').replaceAll('nobody-here-', 'x'));
      };
      expect(await estimate(`tenant = '${FOREIGN}'`)).toEqual(await estimate(`tenant = 'nobody-here-'`));
      if (relation === 'cairn.event') {
        expect(await estimate(`actor = '${FOREIGN} nurse'`)).toEqual(await estimate(`actor = 'nobody-here- nurse'`));
      }
      if (/parked|meetings/.test(relation)) {
        expect(await estimate(`scope = '${FOREIGN}-trial'`)).toEqual(await estimate(`scope = 'nobody-here--trial'`));
      }
    });

    it('names nobody when it is explained while it runs', async () => {
      const plan = await inOwn(
        `set local enable_indexscan = off; explain (analyze, verbose, buffers, format json) select * from ${relation}`,
      );
      expect(JSON.stringify(plan)).not.toContain(FOREIGN);
    });
  });

  it.each([
    'set role cairn_owner',
    'set role cairn_projector',
    'set role postgres',
    'set session authorization postgres',
    'set local session authorization cairn_projecting',
    'set session_replication_role = replica',
    'alter role cairn_api superuser',
    'grant cairn_owner to cairn_api',
    'alter default privileges grant select on tables to public; alter role cairn_service bypassrls',
    'alter table cairn.event owner to cairn_service',
    'alter function cairn.append owner to cairn_service',
    `alter system set row_security = off`,
  ])('cannot: %s', async (sql) => {
    await expect(service.pool.query(sql)).rejects.toMatchObject(denied);
  });

  it.each(['set role none', 'reset role', 'reset session authorization', 'discard all'])(
    'without a role of ours it has fewer rights, not more: %s',
    async (sql) => {
      const client = new pg.Client({ connectionString: database.services.api, options: '-c role=cairn_service' });
      await client.connect();
      try {
        await client.query(sql);
        const asked = client.query(`select * from cairn.event where tenant = '${FOREIGN}'`);
        if (sql === 'set role none') await expect(asked).rejects.toMatchObject(denied);
        else expect((await asked).rows).toEqual([]);
      } finally {
        await client.end();
      }
    },
  );

  it.each([
    'select cairn.tenants()',
    `select cairn.last_revision('${FOREIGN}', '${FOREIGN_STREAM}')`,
    `select cairn.repetition('${FOREIGN}', gen_random_uuid())`,
    "select pg_read_file('PG_VERSION')",
    "select pg_read_binary_file('PG_VERSION')",
    "select pg_ls_dir('.')",
    'select * from pg_ls_waldir()',
    "select lo_import('/etc/hostname')",
    "select lo_export(1, '/tmp/out')",
    'select * from pg_statistic',
    'select * from pg_authid',
    'select * from pg_hba_file_rules',
    'create temp table event (tenant text)',
    'create temp view event as select 1',
    'create table public.event (tenant text)',
    'create function cairn.append() returns int language sql return 1',
    'create schema extra',
    'create extension pg_stat_statements',
    "create function public.peek() returns text language c as 'x'",
    'create event trigger peek on ddl_command_end execute function cairn.refuse_change()',
    'create rule peek as on select to cairn.event do instead select 1',
    'create policy peek on cairn.event using (true)',
    'create trigger peek before insert on cairn.event execute function cairn.refuse_change()',
    'create statistics peek on tenant, stream from cairn.event',
    'create index peek on cairn.event (tenant)',
    'lock table cairn.event in exclusive mode',
    'analyze verbose cairn.event; select pg_stat_reset()',
  ])('is refused: %s', async (sql) => {
    await expect(inOwn(sql)).rejects.toMatchObject({
      code: expect.stringMatching(/^(42501|42809|42602|58P01|0A000)$/),
    });
  });

  it('an append tells nothing of another tenant’s ids and streams', async () => {
    const append = {
      stream: FOREIGN_STREAM,
      actor: 'x',
      events: [{ type: 'Met', schemaVersion: 1, occurredAt: 0, payload: '{}' }],
    };
    const api = new PostgresEventStore({ url: database.services.api, applicationName: 'attacker' });
    const fresh = `own-${randomUUID()}`;
    // The other tenant's command, and a stream of the same name: neither is known here.
    const outcome = await api.append(fresh, { ...append, commandId: foreignCommand, expected: 'none' });
    expect(outcome).toMatchObject({ kind: 'appended', firstRevision: 0, positions: [1n] });
    expect(await store.findEvent(FOREIGN, eventId(foreignCommand, 0))).toMatchObject({
      position: 1n,
      actor: `${FOREIGN} nurse`,
    });
    await expect(api.tenants()).rejects.toMatchObject(denied);
    await api.close();
  });

  it('a plan that was prepared for one tenant answers for the next', async () => {
    const named = { name: 'peek', text: 'select distinct tenant from cairn.event' };
    for (const tenant of [FOREIGN, OWN, FOREIGN]) {
      const { rows } = await service.inTenant(tenant, (client) => client.query(named));
      expect(rows).toEqual([{ tenant }]);
    }
    expect((await service.pool.query(named)).rows).toEqual([]);
  });

  it('the statements of other sessions do not name their tenant, and are not shown to the role', async () => {
    const other = new Database({ url: database.services.api, role: 'cairn_service', applicationName: 'busy' });
    const own = new pg.Client({ connectionString: database.services.api });
    await own.connect();
    const look = (role: string) =>
      own
        .query<{ query: string }>(`set role ${role}`)
        .then(() => own.query<{ query: string }>(`select query from pg_stat_activity where application_name = 'busy'`))
        .then(({ rows }) => rows.map((row) => row.query).join());
    await other.inTenant(FOREIGN, async (client) => {
      expect(await look('none')).toContain('set_config');
      expect(await look('none')).not.toContain(FOREIGN);
      expect(await look('cairn_service')).toBe('<insufficient privilege>');
      await client.query('select payload from cairn.event where payload like $1', [`%${SECRET}%`]);
      expect(await look('none')).not.toContain(SECRET);
    });
    await own.end();
    await other.close();
  });

  it('what PostgreSQL counts and knows names no tenant and shows no value', async () => {
    const views = await query<{ name: string }>(
      database.url,
      `select c.relname as name from pg_class c where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'v'
         and c.relname ~ '^pg_(stat|statio|prepared|cursors|locks|seclabels|publication|replication|policies)' order by 1`,
    );
    expect(views.length).toBeGreaterThan(30);
    let readable = 0;
    for (const { name } of views) {
      const rows = await inOwn(`select * from pg_catalog.${name}`).catch((error: { code?: string }) => {
        expect(error.code).toMatch(/^(42501|55000)$/);
        return undefined;
      });
      if (rows === undefined) continue;
      readable++;
      const shown = JSON.stringify(rows);
      expect({ [name]: shown.includes(FOREIGN) || shown.includes(SECRET) }).toEqual({ [name]: false });
    }
    expect(readable).toBeGreaterThan(20);
    const known = await query<{ attname: string }>(
      database.url,
      `select attname from pg_stats where schemaname in ('cairn', 'read_model') and attname in ('tenant', 'stream', 'actor', 'scope')`,
    );
    expect(known).toEqual([]);
  });
});
