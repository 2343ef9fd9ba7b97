import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InvalidLogin, makeLoginsOf, migrate, PostgresEventStore, waitForSchema } from '@cairn/platform';
import pg from 'pg';
import { anAppend, newTenant, times } from '../contracts/event-store/store-under-test.js';

describe('migrate', () => {
  let server: pg.Client;
  const made: string[] = [];
  const users: string[] = [];
  beforeAll(async () => {
    server = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] });
    await server.connect();
  });
  afterAll(async () => {
    for (const name of made) await server.query(`drop database ${name} with (force)`);
    for (const user of users) {
      await server.query(`drop owned by ${user}`);
      await server.query(`drop role ${user}`);
    }
    await server.end();
  });

  it('may be run by many processes at once', async () => {
    const url = await newDatabase();
    await Promise.all(times(4, () => migrate(url)));
    await works(url);
  });

  it('may be run for many databases of one server at once', async () => {
    const urls = [await newDatabase(), await newDatabase(), await newDatabase(), await newDatabase()];
    await Promise.all(urls.map((url) => migrate(url)));
    await Promise.all(urls.map(works));
  });

  it('changes nothing the second time', async () => {
    const url = await newDatabase();
    await migrate(url);
    const before = await query(url, 'select * from public.cairn_migration order by number');
    await migrate(url);
    expect(await query(url, 'select * from public.cairn_migration order by number')).toEqual(before);
    await works(url);
  });

  it('needs no superuser, but a user who may act as the roles', async () => {
    await migrate(await newDatabase());
    const user = await newUser();
    await server.query(`grant cairn_owner, cairn_service, cairn_projector, cairn_alerter to ${user}`);
    const url = await newDatabase(user);
    await migrate(url);
    await works(url);
  });

  it('says what a user must be able to do', async () => {
    await migrate(await newDatabase());
    const url = await newDatabase(await newUser());
    await expect(migrate(url)).rejects.toMatchObject({
      name: 'MigrationFailed',
      message: expect.stringMatching(/0001_roles.*must own the database and be able to create roles/),
    });
    expect(await query(url, 'select * from public.cairn_migration')).toEqual([]);
  });

  it('refuses a database that cannot hold every script', async () => {
    const url = await newDatabase(
      'current_user',
      `encoding 'LATIN1' locale_provider libc locale 'C' template template0`,
    );
    await expect(migrate(url)).rejects.toMatchObject({
      name: 'MigrationFailed',
      message: expect.stringContaining('encoded in UTF8'),
    });
  });

  it('refuses a database that newer code has migrated', async () => {
    const url = await newDatabase();
    await migrate(url);
    await query(url, `insert into public.cairn_migration (number, name) values (9999, 'from the future')`);
    await expect(migrate(url)).rejects.toMatchObject({
      name: 'MigrationFailed',
      message: expect.stringContaining('run newer code'),
    });
  });

  it('makes the logins that services have, with the passwords of their URLs', async () => {
    const url = await newDatabase();
    await migrate(url);
    const as = (login: string, password: string): string => {
      const own = new URL(url);
      [own.username, own.password] = [login, encodeURIComponent(password)];
      return own.toString();
    };
    const api = `api_${randomUUID().slice(0, 8)}`;
    users.push(api);
    expect(await makeLoginsOf(url, { api: as(api, 'one') })).toEqual([api]);
    expect(await makeLoginsOf(url, { api: as(api, "t'wo %") })).toEqual([api]);
    const held = `select rolinherit, (select array_agg(r.rolname::text) from pg_auth_members m join pg_roles r on r.oid = m.roleid
      where m.member = own.oid) as roles, rolpassword like 'SCRAM-SHA-256$4096:%' as hashed from pg_authid own where rolname = $1`;
    expect((await server.query(held, [api])).rows).toEqual([
      { rolinherit: false, roles: ['cairn_service'], hashed: true },
    ]);
    await waitForSchema({ url: as(api, "t'wo %"), role: 'cairn_service', applicationName: 'test' }, 10);
    await expect(makeLoginsOf(url, { api: url })).rejects.toThrow(InvalidLogin);
    await expect(makeLoginsOf(url, { api: 'postgres://anna:100%@host/cairn' })).rejects.toThrow(InvalidLogin);
    await expect(makeLoginsOf(url, { api: as(api, 'x'), alerter: as(api, 'x') })).rejects.toThrow('two services');
  });

  it('is waited for in words', async () => {
    const url = await newDatabase();
    const options = { url, role: 'cairn_service' as const, applicationName: 'test' };
    await expect(waitForSchema(options, 0.2)).rejects.toThrow('it has no tables of Cairn');
    await migrate(url);
    await query(url, 'delete from public.cairn_migration where number = 4');
    await expect(waitForSchema(options, 0.2)).rejects.toThrow('migrations that have not run: 0004_isolation.sql');
    await query(url, `insert into public.cairn_migration (number, name) values (4, ''), (9999, 'from the future')`);
    await waitForSchema(options, 10);
  });

  async function newDatabase(owner = 'current_user', more = ''): Promise<string> {
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    await server.query(`create database ${name} ${owner === 'current_user' ? '' : `owner ${owner}`} ${more}`);
    made.push(name);
    const url = new URL(process.env['TEST_DATABASE_URL']!);
    url.pathname = `/${name}`;
    if (owner !== 'current_user') url.username = owner;
    return url.toString();
  }

  async function newUser(): Promise<string> {
    const name = `user_${randomUUID().replaceAll('-', '')}`;
    await server.query(`create role ${name} login`);
    users.push(name);
    return name;
  }
});

async function works(url: string): Promise<void> {
  const store = new PostgresEventStore({ url, applicationName: 'works' });
  expect(await store.append(newTenant(), anAppend())).toMatchObject({ kind: 'appended' });
  await store.close();
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}
