import fs from 'node:fs/promises';
import path from 'node:path';
import { query } from '../bench/laboratory.js';
import { cpuOf } from '../bench/service.js';

/** What a PostgreSQL on this machine has used: milliseconds of a core, and bytes of its own log. */
export interface PostgresUse {
  readonly cpu: number;
  readonly wal: number;
}

/** Of all its processes, those that have ended too. @param url of a superuser */
export async function postgresUse(url: string): Promise<PostgresUse> {
  const { rows } = await query(
    url,
    `select current_setting('data_directory') as directory, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as wal`,
  );
  const { directory, wal } = rows[0] as { readonly directory: string; readonly wal: number };
  const first = (await fs.readFile(path.join(directory, 'postmaster.pid'), 'utf8')).split('\n')[0];
  const postmaster = await cpuOf(Number(first));
  let cpu = postmaster.own + postmaster.endedChildren;
  for (const pid of await childrenOf(Number(first))) cpu += (await cpuOf(pid)).own;
  return { cpu, wal };
}

async function childrenOf(pid: number): Promise<number[]> {
  const lists = await fs.readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return lists.split(' ').filter(Boolean).map(Number);
}

/** Bytes of relations, with their indexes and what is stored beside their rows. */
export async function sizes(
  url: string,
): Promise<Readonly<Record<'log' | 'indexes' | 'readModels' | 'proofs', number>>> {
  const { rows } = await query(
    url,
    `select
       pg_table_size('cairn.event')::float8 as log,
       pg_indexes_size('cairn.event')::float8 as indexes,
       coalesce(sum(pg_total_relation_size(c.oid)) filter (
         where n.nspname in ('read_model', 'alerting')), 0)::float8 as "readModels",
       coalesce(sum(pg_total_relation_size(c.oid)) filter (
         where n.nspname = 'cairn' and c.relname in ('checkpoint', 'tile', 'notary')), 0)::float8 as proofs
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r'`,
  );
  return rows[0] as Readonly<Record<'log' | 'indexes' | 'readModels' | 'proofs', number>>;
}
