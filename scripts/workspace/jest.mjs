import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { withFirstOnPath } from './node-runtime.mjs';
import { inRoot } from './root.mjs';
import { run } from './run.mjs';

/**
 * Runs Jest to its end.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env] beside this process's own
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function runJest(args, env = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-totals-'));
  const file = path.join(folder, 'totals.json');
  const jest = [
    '--experimental-vm-modules',
    '--no-warnings=ExperimentalWarning',
    '--disable-warning=TimeoutNegativeWarning',
    inRoot('node_modules/jest/bin/jest.js'),
  ];
  const { code } = await run(process.execPath, [...jest, ...args], {
    env: { ...withFirstOnPath(process.execPath), ...env, CAIRN_TEST_TOTALS: file },
  });
  const counted = fs.existsSync(file)
    ? JSON.parse(fs.readFileSync(file, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0 };
  fs.rmSync(folder, { recursive: true });
  // Jest also fails without a failed test: a set-up that throws, a pattern that nothing matches, a crash.
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  return counted;
}
