import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './root.mjs';

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program to its end and hands signals on to it, so that whoever ends this process ends the program too.
 * @param {{ env?: NodeJS.ProcessEnv, quiet?: boolean, ipc?: boolean, cwd?: string }} [options] `quiet` keeps the output
 * back, `ipc` opens a channel whose end tells the program that this process has died
 * @returns {Promise<{ code: number, output: string }>} the exit code (128 + n after signal n) and what was kept back
 */
export function run(command, args, options = {}) {
  const output = options.quiet ? 'pipe' : 'inherit';
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    env: options.env ?? process.env,
    stdio: [options.quiet ? 'ignore' : 'inherit', output, output, ...(options.ipc ? ['ipc'] : [])],
  });
  let kept = '';
  child.stdout?.on('data', (chunk) => (kept += chunk));
  child.stderr?.on('data', (chunk) => (kept += chunk));
  const forward = (signal) => void child.kill(signal);
  for (const signal of ENDING_SIGNALS) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const each of ENDING_SIGNALS) process.off(each, forward);
      resolve({ code: code ?? 128 + constants.signals[signal], output: kept });
    });
  });
}
