import fs from 'node:fs';

/** How often a process that npm started looks whether npm is still there, in milliseconds. */
const LOOK_EVERY = 250;

/**
 * Ends this process, by SIGTERM to itself, when its parent is gone: a parent killed by SIGKILL cannot tell its children.
 * A parent that opened a channel is gone when the channel closes. npm opens none, so there the parent's id is watched.
 * Without either nothing is watched: `node scripts/start.mjs &` may outlive its shell.
 */
export function endWithParent() {
  const end = () => process.kill(process.pid, 'SIGTERM');
  if (process.channel) {
    process.once('disconnect', end);
    // Listening must not keep a process alive that has nothing else to do.
    process.channel.unref();
  }
  if (process.channel || !process.env.npm_lifecycle_event || process.platform === 'win32') return;
  const parent = process.ppid;
  if (!isPackageManager(parent)) {
    end();
    return;
  }
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, LOOK_EVERY);
  watch.unref();
}

/** Whether npm is still the parent: it may have died before this process came to look, which then belongs to init. */
function isPackageManager(pid) {
  try {
    return /npm|yarn|node|bun/.test(fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return pid !== 1;
  }
}
