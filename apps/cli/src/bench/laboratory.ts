import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { migrate, startEmbeddedPostgres } from '@cairn/platform';
import pg from 'pg';

/** A PostgreSQL of its own, as the product starts it, with everything that reaches the disk reaching the disk. */
export interface Laboratory {
  /** A new, empty database. @returns its URL, over the server's unix socket */
  createDatabase(purpose: string): Promise<string>;
  /** A new database with Cairn's schema. */
  createCairn(purpose: string): Promise<string>;
  close(): Promise<void>;
}

export async function openLaboratory(): Promise<Laboratory> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'cairn-bench-'));
  // Started by root, the server runs as another user, who must be able to come this far.
  await chmod(dir, 0o755);
  const server = await startEmbeddedPostgres({ dir, settings: { max_connections: '250' } });
  return laboratoryOn(server.url, async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });
}

/**
 * A laboratory on a server that others use too: its databases have names of their own.
 * @param url of any database of the server
 */
export function laboratoryOn(url: string, close?: () => Promise<void>): Laboratory {
  const created: string[] = [];
  const createDatabase = async (purpose: string): Promise<string> => {
    const name = `bench_${purpose}_${randomUUID().slice(0, 8)}`;
    await query(url, `create database ${name}`);
    created.push(name);
    const own = new URL(url);
    own.pathname = `/${name}`;
    return own.toString();
  };
  return {
    createDatabase,
    createCairn: async (purpose) => {
      const own = await createDatabase(purpose);
      await migrate(own);
      return own;
    },
    close:
      close ??
      (async () => {
        for (const name of created) await query(url, `drop database ${name} with (force)`);
      }),
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
