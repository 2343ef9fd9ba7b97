import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DirectoryInUse } from './directory-lease.js';

/** PostgreSQL ends by itself when its parent has ended; that long it is left alone. */
const LEFT_ALONE_MS = 5_000;
const GIVEN_UP_MS = 60_000;
const LOOK_EVERY_MS = 25;

/**
 * Ends what a killed process left behind in a data directory, which must be leased: then nobody alive answers for it.
 * A lock file that names no process of this directory is removed, since PostgreSQL itself would take any process with
 * that number for a running server.
 * @throws DirectoryInUse when processes in it cannot be ended
 */
export async function endWhatWasLeftBehind(data: string): Promise<void> {
  const lockFile = path.join(data, 'postmaster.pid');
  const begun = Date.now();
  for (let told = false; ;) {
    const running = processesIn(data, lockFile);
    if (running.length === 0) break;
    const waited = Date.now() - begun;
    if (waited > GIVEN_UP_MS) {
      throw new DirectoryInUse(`${data} is in use by PostgreSQL (process ${running.join(', ')}), which does not stop`);
    }
    if (waited > LEFT_ALONE_MS && !told) {
      told = true;
      const server = serverOf(lockFile);
      // To the server SIGINT says "stop now, cleanly"; to a session that has lost its server, SIGTERM says the same.
      for (const pid of running) signal(pid, pid === server ? 'SIGINT' : 'SIGTERM');
    }
    await wait(LOOK_EVERY_MS);
  }
  fs.rmSync(lockFile, { force: true });
}

/** Every process of PostgreSQL works in its data directory. Without /proc only the server itself can be looked for. */
function processesIn(data: string, lockFile: string): number[] {
  if (process.platform !== 'linux') {
    const server = serverOf(lockFile);
    return server !== undefined && signal(server, 0) ? [server] : [];
  }
  const real = fs.realpathSync(data);
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && workingDirectory(name) === real)
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

function workingDirectory(pid: string): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // Gone meanwhile, or another user's: not a server that could have been ours.
    return undefined;
  }
}

function serverOf(lockFile: string): number | undefined {
  if (!fs.existsSync(lockFile)) return undefined;
  const pid = Number.parseInt(fs.readFileSync(lockFile, 'utf8'), 10);
  return pid > 0 ? pid : undefined;
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
