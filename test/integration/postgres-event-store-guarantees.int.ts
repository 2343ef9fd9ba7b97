import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresEventStore } from '@cairn/platform';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { anAppend, anEvent, newTenant, times } from '../contracts/event-store/store-under-test.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('event store on PostgreSQL', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let superuser: pg.Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    store = new PostgresEventStore({ url: database.url, applicationName: 'guarantees' });
    superuser = await connect(database.url);
  });
  afterAll(async () => {
    await Promise.all([store.close(), superuser.end()]);
    await database.drop();
  });

  describe('nobody changes what is recorded', () => {
    const roles = ['postgres', 'cairn_owner', 'cairn_service', 'cairn_projector'];
    const statements = [
      `update cairn.event set payload = '{}'`,
      'delete from cairn.event',
      'truncate cairn.event',
      'truncate cairn.event, cairn.log cascade',
      'delete from cairn.log',
      'truncate cairn.log cascade',
      `update cairn.log set tenant = 'other'`,
    ];
    it.each(roles.flatMap((role) => statements.map((statement) => [role, statement] as const)))(
      '%s: %s',
      async (role, sql) => {
        const tenant = newTenant();
        await store.append(tenant, anAppend());
        await expect(as(role, tenant, sql)).rejects.toMatchObject({ code: '42501' });
        expect(await store.readLog(tenant, { limit: 2 })).toHaveLength(1);
      },
    );

    it('not even where ordinary triggers are off', async () => {
      await store.append(newTenant(), anAppend());
      await superuser.query('set session_replication_role = replica');
      for (const sql of statements) await expect(superuser.query(sql)).rejects.toMatchObject({ code: '42501' });
      await superuser.query('reset session_replication_role');
    });

    it.each(['cairn_service', 'cairn_projector'])('%s appends through the function only', async (role) => {
      const tenant = newTenant();
      await expect(as(role, tenant, `insert into cairn.log (tenant) values ('${tenant}')`)).rejects.toMatchObject({
        code: '42501',
      });
      await expect(as(role, tenant, 'insert into cairn.event select * from cairn.event')).rejects.toMatchObject({
        code: '42501',
      });
      await expect(as(role, tenant, 'alter table cairn.event disable trigger all')).rejects.toMatchObject({
        code: '42501',
      });
    });
  });

  describe('row-level security', () => {
    it.each(['cairn_owner', 'cairn_service', 'cairn_projector'])('%s sees the events of one tenant', async (role) => {
      const [own, foreign] = [newTenant(), newTenant()];
      await store.append(own, anAppend());
      await store.append(foreign, anAppend());
      expect(await as(role, own, 'select distinct tenant from cairn.event')).toEqual([{ tenant: own }]);
      expect(await as(role, '', 'select tenant from cairn.event')).toEqual([]);
      expect(await as(role, own, `select tenant from cairn.event where tenant = '${foreign}'`)).toEqual([]);
    });

    it.each(['cairn_service', 'cairn_projector'])('%s without a tenant sees nothing', async (role) => {
      await store.append(newTenant(), anAppend());
      const client = await connect(database.url, `-c role=${role}`);
      expect((await client.query('select from cairn.event')).rowCount).toBe(0);
      expect((await client.query('select from cairn.log')).rowCount).toBe(0);
      await client.end();
    });

    it('leaves no tenant behind on a connection', async () => {
      const single = new PostgresEventStore({ url: database.url, applicationName: 'single', maxReaders: 1 });
      const own = newTenant();
      await single.append(own, anAppend());
      expect(await single.readLog(own, { limit: 1 })).toHaveLength(1);
      expect(await single.readLog(newTenant(), { limit: 1 })).toHaveLength(0);
      await single.close();
    });
  });

  it('positions have no gaps, whatever is refused on the way', async () => {
    const tenant = newTenant();
    await Promise.all(
      times(200, (index) =>
        store.append(
          tenant,
          anAppend({ stream: `s${index % 9}`, expected: (['any', 'none', 3] as const)[index % 3]! }),
        ),
      ),
    );
    const positions = (await store.readLog(tenant, { limit: 1_000 })).map((event) => event.position);
    expect(positions).toEqual(times(positions.length, (index) => BigInt(index + 1)));
  });

  it('reads in the order of an index, without sorting', async () => {
    const tenant = newTenant();
    await store.append(tenant, anAppend({ events: times(1_000, anEvent) }));
    await superuser.query('analyze cairn.event');
    const asked = await recordQueries(async () => {
      const reader = new PostgresEventStore({ url: database.url, applicationName: 'plans' });
      await reader.readLog(tenant, { from: 100n, limit: 500 });
      await reader.readLog(tenant, { from: 900n, limit: 500, direction: 'backwards' });
      await reader.readStream(tenant, 'enrich/participant/S4-0012', { from: 5 });
      await reader.readStream(tenant, 'enrich/participant/S4-0012', { from: 500, limit: 3, direction: 'backwards' });
      await reader.findEvent(tenant, randomUUID());
      await reader.close();
    });
    const selects = asked.filter((text) => text.includes('from cairn.event'));
    expect(selects).toHaveLength(5);
    const client = await connect(database.url, '-c role=cairn_service -c enable_seqscan=off -c enable_bitmapscan=off');
    for (const select of selects) {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (generic_plan) ${select}`);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toMatch(/Index.* Scan/);
      expect(plan).not.toMatch(/Sort|Seq Scan|Bitmap/);
    }
    await client.end();
  });

  it('looks up no more than it needs, even by plans made while the tables were empty', async () => {
    const fresh = await createTestDatabase();
    const admin = await connect(fresh.url);
    await admin.query('alter table cairn.event set (autovacuum_enabled = off)');
    await admin.query('alter table cairn.log set (autovacuum_enabled = off)');
    const before = await admin.query<{ scans: string }>(
      `select seq_scan as scans from pg_stat_user_tables where relname = 'event'`,
    );
    const filling = new PostgresEventStore({ url: fresh.url, applicationName: 'filling' });
    const tenant = newTenant();
    const expected = [...times(20, () => 'none'), ...times(180, (index) => Math.floor(index / 20))] as const;
    for (let round = 0; round < 10; round++) {
      await filling.append(tenant, anAppend({ stream: `round ${round}` }));
    }
    let appends = 10;
    for (let index = 0; index < expected.length; index += 20) {
      const outcomes = await Promise.all(
        times(20, (stream) =>
          filling.append(
            tenant,
            anAppend({ stream: `s${stream}`, expected: expected[index + stream] as 'none' | number }),
          ),
        ),
      );
      expect(new Set(outcomes.map((outcome) => outcome.kind))).toEqual(new Set(['appended']));
      appends += 20;
    }
    // A session reports what it did when it ends.
    await filling.close();
    await waitForStatistics(admin, appends);
    const { rows } = await admin.query<{ seq_scan: string; idx_tup_read: string }>(
      `select t.seq_scan, sum(i.idx_tup_read) as idx_tup_read
         from pg_stat_user_tables t join pg_stat_user_indexes i using (relid)
        where t.relname = 'event' group by t.seq_scan`,
    );
    // Making the indexes read the empty table.
    expect(rows[0]!.seq_scan).toBe(before.rows[0]!.scans);
    expect(Number(rows[0]!.idx_tup_read)).toBeLessThan(appends * 3);
    await admin.end();
    await fresh.drop();
  });

  it('can be copied to another database and go on there', async () => {
    const tenant = newTenant();
    const append = anAppend({ events: [anEvent('Zoë "quoted" \\ \t'), anEvent(2)] });
    await store.append(tenant, append);
    await store.append(tenant, anAppend({ stream: 'second' }));
    const copy = await createTestDatabase();
    const target = await connect(copy.url);
    for (const table of ['log', 'event']) {
      await pipeline(
        superuser.query(copyTo(`copy cairn.${table} to stdout`)),
        target.query(copyFrom(`copy cairn.${table} from stdin`)),
      );
    }
    await target.end();
    const restored = new PostgresEventStore({ url: copy.url, applicationName: 'restored' });
    expect(await restored.readLog(tenant, { limit: 10 })).toEqual(await store.readLog(tenant, { limit: 10 }));
    expect((await restored.append(tenant, append)).kind).toBe('repeated');
    expect(await restored.append(tenant, anAppend({ expected: 1 }))).toMatchObject({
      kind: 'appended',
      firstRevision: 2,
      positions: [4n],
    });
    await restored.close();
    await copy.drop();
  });

  /** Runs a statement as a role that sees one tenant. */
  async function as(role: string, tenant: string, sql: string): Promise<unknown[]> {
    await superuser.query('begin');
    try {
      const user = role === 'postgres' ? 'none' : role;
      await superuser.query(`set local role ${user}`);
      await superuser.query(`select set_config('cairn.tenant', $1, true)`, [tenant]);
      return (await superuser.query(sql)).rows as unknown[];
    } finally {
      await superuser.query('rollback');
    }
  }
});

async function connect(url: string, options = ''): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, options });
  await client.connect();
  return client;
}

/** The texts of all queries that a piece of work sends. */
async function recordQueries(work: () => Promise<void>): Promise<string[]> {
  const texts: string[] = [];
  const prototype = pg.Client.prototype as { query: (...args: unknown[]) => unknown };
  const original = prototype.query;
  prototype.query = function (this: unknown, ...args) {
    const [query] = args as [string | { text?: string }];
    texts.push(typeof query === 'string' ? query : (query.text ?? ''));
    return original.apply(this, args);
  };
  try {
    await work();
  } finally {
    prototype.query = original;
  }
  return texts;
}

async function waitForStatistics(client: pg.Client, inserted: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
    const { rows } = await client.query<{ inserted: string }>(
      `select n_tup_ins as inserted from pg_stat_user_tables where relname = 'event'`,
    );
    if (Number(rows[0]!.inserted) >= inserted) return;
    await client.query('select pg_sleep(0.02)');
  }
  throw new Error('PostgreSQL did not report its statistics');
}
