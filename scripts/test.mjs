// npm test: everything that must hold, from a fresh clone. The last line is always `N passed, N failed, N skipped`,
// in which each check counts as one test; the exit code is 0 only when nothing failed.
//
// npm test -- --selectProjects unit -t window   runs only Jest, with these arguments
// npm run test:night                            the same with many more rounds of everything random
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureBuilt } from './workspace/built.mjs';
import { runChecks } from './workspace/checks.mjs';
import { endWithParent } from './workspace/end-with-parent.mjs';
import { ensureInstalled } from './workspace/installed.mjs';
import { continueOnSuitableNode, withFirstOnPath } from './workspace/node-runtime.mjs';
import { inRoot } from './workspace/root.mjs';
import { run } from './workspace/run.mjs';

endWithParent();
const jestArguments = process.argv.slice(2).filter((each) => each !== '--night');
const totals = { passed: 0, failed: 0, skipped: 0 };
try {
  await ensureInstalled();
  await continueOnSuitableNode();
  if (jestArguments.length === 0) add(await runChecks());
  await ensureBuilt();
  add(await runJest());
} catch (error) {
  console.error(error.message);
  totals.failed += 1;
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);

async function runJest() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-totals-'));
  const file = path.join(folder, 'totals.json');
  const env = { ...withFirstOnPath(process.execPath), CAIRN_TEST_TOTALS: file };
  if (process.argv.includes('--night')) env.CAIRN_TEST_ROUNDS = 'night';
  const jest = [
    '--experimental-vm-modules',
    '--no-warnings=ExperimentalWarning',
    inRoot('node_modules/jest/bin/jest.js'),
  ];
  const { code } = await run(process.execPath, [...jest, ...jestArguments], { env });
  const counted = fs.existsSync(file)
    ? JSON.parse(fs.readFileSync(file, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0 };
  fs.rmSync(folder, { recursive: true });
  // Jest also fails without a failed test: a set-up that throws, a pattern that nothing matches, a crash.
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  return counted;
}

function add({ passed, failed, skipped = 0 }) {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
}
