import pg from 'pg';
import { POOL_SIZE } from './contender.js';

/** The connections of a contender that takes a number of them. */
export function openPool(url: string, options?: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE, ...(options !== undefined && { options }) });
  // The server may end before the last idle connection has.
  pool.on('error', () => undefined);
  return pool;
}
