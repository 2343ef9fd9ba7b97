import fs from 'node:fs';

/**
 * A process that another run may look for later. Process ids are used again, so on Linux the time it began goes along.
 * @typedef {{ pid: number, began: string }} ProcessIdentity
 */

/** @returns {ProcessIdentity} */
export const identify = (pid) => ({ pid, began: beganAt(pid) });

/** Whether exactly this process still runs; a zombie, dead but not yet collected by its parent, does not. */
export function isRunning({ pid, began }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if (error.code !== 'EPERM') return false;
  }
  return beganAt(pid) === began;
}

/** The start time of /proc/<pid>/stat, in clock ticks since boot; empty where there is no /proc. */
function beganAt(pid) {
  let stat;
  try {
    stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
  // The second field is the program's name in parentheses and may hold spaces, so count after the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? 'gone' : fields[19];
}
