import { randomUUID } from 'node:crypto';
import { makeServiceLogins, migrate, type ServiceUrls } from '@cairn/platform';
import pg from 'pg';

export interface TestDatabase {
  /** As the server's superuser. */
  readonly url: string;
  /** As the services of the product connect. */
  readonly services: ServiceUrls;
  drop(): Promise<void>;
}

/** A migrated database of its own on the test server. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'];
  if (!server) throw new Error('TEST_DATABASE_URL is not set; run this file through jest');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  await migrate(url.toString());
  const services = await makeServiceLogins(url.toString());
  return { url: url.toString(), services, drop: () => administer(server, `drop database ${name} with (force)`) };
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
