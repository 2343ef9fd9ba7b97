import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { inRoot } from '../workspace/root.mjs';

/** A service that never answered in this time does not work, in milliseconds. */
const START_LIMIT = 60_000;
/** How long a service may take to finish what it is doing, in milliseconds. */
const STOP_LIMIT = 10_000;
/** Pauses before the restarts of a service that died, in milliseconds; after the last one it is given up. */
const RESTART_AFTER = [250, 1_000, 2_000, 4_000, 8_000];
/** A service that ran this long is well again: its next death counts as its first, in milliseconds. */
const WELL_AFTER = 60_000;

const END_WITH_PARENT = pathToFileURL(inRoot('scripts', 'supervisor', 'preload-end-with-parent.mjs')).href;

/**
 * One of the product's processes: started, watched, restarted a few times when it dies, stopped.
 * @param {{ name: string, script: string, flags: readonly string[], healthUrl: string, env: NodeJS.ProcessEnv,
 *   say: (line: string) => void, onProcess: () => void }} options `onProcess` is called whenever the process changes
 */
export function service({ name, script, flags, healthUrl, env, say, onProcess }) {
  let child;
  let ended;
  let stopping = false;
  const givenUp = Promise.withResolvers();

  const launch = () => {
    const began = Date.now();
    // Detached: a Ctrl-C in the terminal must not reach the service, the supervisor stops it when it is its turn.
    child = spawn(process.execPath, [...flags, '--enable-source-maps', '--import', END_WITH_PARENT, script], {
      env,
      cwd: inRoot(),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    });
    ended = new Promise((resolve) => {
      child.once('error', (error) => resolve({ how: error.message, ranFor: 0 }));
      child.once('exit', (code, signal) => resolve({ how: signal ?? `exit code ${code}`, ranFor: Date.now() - began }));
    });
    onProcess();
  };

  const isHealthy = async () => {
    try {
      return (await fetch(healthUrl, { signal: AbortSignal.timeout(2_000) })).ok;
    } catch {
      return false;
    }
  };

  const keepRunning = async () => {
    for (let deaths = 0; ;) {
      const { how, ranFor } = await ended;
      if (stopping) return;
      deaths = ranFor > WELL_AFTER ? 1 : deaths + 1;
      if (deaths > RESTART_AFTER.length) {
        givenUp.resolve(`${name} died ${deaths} times, the last time with ${how}; giving up.`);
        return;
      }
      const pause = RESTART_AFTER[deaths - 1];
      say(`${name} ended unexpectedly (${how}); starting it again in ${pause / 1000} s.`);
      await sleep(pause);
      if (stopping) return;
      launch();
    }
  };

  return {
    name,
    pid: () => child?.pid,
    /** Resolves to a sentence when the service has died too often. */
    givenUp: givenUp.promise,

    /** Resolves when the service answers; throws when it ends before that: restarting would only repeat it. */
    async start() {
      launch();
      const early = ended.then(({ how }) => {
        throw new Error(`${name} ended while starting (${how}); its own message is above.`);
      });
      early.catch(() => undefined);
      const deadline = Date.now() + START_LIMIT;
      while (!(await Promise.race([isHealthy(), early]))) {
        if (Date.now() > deadline)
          throw new Error(`${name} did not answer ${healthUrl} within ${START_LIMIT / 1000} s.`);
        await Promise.race([sleep(25), early]);
      }
      void keepRunning();
    },

    /** @returns {Promise<boolean>} whether it ended by itself within its time; otherwise it was killed */
    async stop() {
      stopping = true;
      if (!child) return true;
      child.kill('SIGTERM');
      const limit = new AbortController();
      const tooLate = sleep(STOP_LIMIT, 'too late', { signal: limit.signal }).catch(() => undefined);
      const outcome = await Promise.race([ended, tooLate]);
      limit.abort();
      if (outcome !== 'too late') return true;
      say(`${name} did not end within ${STOP_LIMIT / 1000} s and is killed.`);
      child.kill('SIGKILL');
      await ended;
      return false;
    },
  };
}
