// npm run test:kurrentdb: what every event store keeps, and what the adapter for KurrentDB keeps beyond it, on a real KurrentDB
// of yours, 25.0 or later. The last line is always `N passed, N failed, N skipped`; the exit code is 0 only when nothing failed.
//
// KURRENTDB_URL=kurrentdb://admin:changeit@host:2113?tls=true npm run test:kurrentdb
// npm run test:kurrentdb -- -t limits     runs only some, with these arguments for Jest
//
// The user must read $all. Tenants with random names are left behind, a few megabytes.
import { ensureInstalled } from './workspace/installed.mjs';
import { endWithParent } from './workspace/end-with-parent.mjs';
import { runJest } from './workspace/jest.mjs';
import { continueOnSuitableNode } from './workspace/node-runtime.mjs';
import { inRoot } from './workspace/root.mjs';

endWithParent();
let totals = { passed: 0, failed: 1, skipped: 0 };
if (process.env.KURRENTDB_URL) {
  try {
    await ensureInstalled();
    await continueOnSuitableNode();
    totals = await runJest(['--config', inRoot('jest.kurrentdb.config.js'), ...process.argv.slice(2)]);
  } catch (error) {
    console.error(error.message);
  }
} else {
  console.error(
    'KURRENTDB_URL is missing: it names the server to run on, as kurrentdb://admin:changeit@host:2113?tls=true',
  );
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);
