// npm run test:cluster: what holds of several instances of every service while they are paused, cut off, killed and upgraded,
// and while what they stand on fails. The last line is always `N passed, N failed, N skipped`; the exit code is 0 only when
// nothing failed.
//
// npm run test:cluster -- -t paused     runs only some, with these arguments for Jest
// npm run test:cluster -- --night       with many more rounds of everything random
import { ensureBuilt } from './workspace/built.mjs';
import { endWithParent } from './workspace/end-with-parent.mjs';
import { ensureInstalled } from './workspace/installed.mjs';
import { runJest } from './workspace/jest.mjs';
import { continueOnSuitableNode } from './workspace/node-runtime.mjs';
import { inRoot } from './workspace/root.mjs';

endWithParent();
let totals = { passed: 0, failed: 1, skipped: 0 };
try {
  await ensureInstalled();
  await continueOnSuitableNode();
  await ensureBuilt();
  const jestArguments = process.argv.slice(2).filter((each) => each !== '--night');
  const rounds = process.argv.includes('--night') ? { CAIRN_TEST_ROUNDS: 'night' } : {};
  totals = await runJest(['--config', inRoot('jest.cluster.config.js'), ...jestArguments], rounds);
} catch (error) {
  console.error(error.message);
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);
