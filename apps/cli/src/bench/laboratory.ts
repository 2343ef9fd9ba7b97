import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { migrate, startEmbeddedPostgres } from '@cairn/platform';
import pg from 'pg';

/** A PostgreSQL of its own, as the product starts it, with everything that reaches the disk reaching the disk. */
export interface Laboratory {
  /** A new, empty database. @returns its URL, over the server's unix socket */
  createDatabase(name: string): Promise<string>;
  /** A new database with Cairn's schema. */
  createCairn(name: string): Promise<string>;
  close(): Promise<void>;
}

export async function openLaboratory(): Promise<Laboratory> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'cairn-bench-'));
  // Started by root, the server runs as another user, who must be able to come this far.
  await chmod(dir, 0o755);
  const server = await startEmbeddedPostgres({ dir, settings: { max_connections: '200' } });
  return laboratoryOn(server.url, async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });
}

/** @param url of a database of a running server */
export function laboratoryOn(url: string, close: () => Promise<void>): Laboratory {
  const urlFor = (database: string): string => {
    const other = new URL(url);
    other.pathname = `/${database}`;
    return other.toString();
  };
  const createDatabase = async (name: string): Promise<string> => {
    await query(url, `create database ${name}`);
    return urlFor(name);
  };
  return {
    createDatabase,
    createCairn: async (name) => {
      const created = await createDatabase(name);
      await migrate(created);
      return created;
    },
    close,
  };
}

/** Runs statements on a connection of their own. */
export async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}
