import fs from 'node:fs';
import path from 'node:path';
import { startEmbeddedPostgres } from '../embedded-postgres.js';
import { DirectoryInUse } from './directory-lease.js';

/**
 * The embedded PostgreSQL of a data folder, for somebody who wants to work beside the services: the one that is running, or
 * one that is started and ends with `release`.
 * @throws DirectoryInUse when the folder is in use by something that is not to be reached
 */
export async function useEmbeddedPostgres(
  dir: string,
): Promise<{ readonly url: string; readonly release: () => Promise<void> }> {
  try {
    const own = await startEmbeddedPostgres({ dir });
    return { url: own.url, release: () => own.stop() };
  } catch (error) {
    if (!(error instanceof DirectoryInUse)) throw error;
    const sockets = socketsOf(path.join(path.resolve(dir), 'pgdata', 'postmaster.pid'));
    if (sockets === undefined) throw error;
    const url = `postgres://postgres@localhost/cairn?host=${encodeURIComponent(sockets)}`;
    return { url, release: () => Promise.resolve() };
  }
}

/** PostgreSQL writes where it listens to the fifth line of its lock file. */
function socketsOf(lockFile: string): string | undefined {
  try {
    const line = fs.readFileSync(lockFile, 'utf8').split('\n')[4];
    return line === '' ? undefined : line;
  } catch {
    return undefined;
  }
}
