// npm test: everything that must hold, from a fresh clone. The last line is always `N passed, N failed, N skipped`,
// in which each check counts as one test; the exit code is 0 only when nothing failed.
//
// npm test -- --selectProjects unit -t window   runs only Jest, with these arguments
// npm run test:night                            the same with many more rounds of everything random
import { ensureBuilt } from './workspace/built.mjs';
import { runChecks } from './workspace/checks.mjs';
import { endWithParent } from './workspace/end-with-parent.mjs';
import { ensureInstalled } from './workspace/installed.mjs';
import { runJest } from './workspace/jest.mjs';
import { continueOnSuitableNode } from './workspace/node-runtime.mjs';

endWithParent();
const jestArguments = process.argv.slice(2).filter((each) => each !== '--night');
const totals = { passed: 0, failed: 0, skipped: 0 };
try {
  await ensureInstalled();
  await continueOnSuitableNode();
  if (jestArguments.length === 0) add(await runChecks());
  await ensureBuilt();
  add(await runJest(jestArguments, process.argv.includes('--night') ? { CAIRN_TEST_ROUNDS: 'night' } : {}));
} catch (error) {
  console.error(error.message);
  totals.failed += 1;
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);

function add({ passed, failed, skipped = 0 }) {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
}
