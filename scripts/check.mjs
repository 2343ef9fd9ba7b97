// npm run check: lint, module boundaries, unused code, formatting, types and the committed schema; no tests.
import { runChecks } from './workspace/checks.mjs';
import { endWithParent } from './workspace/end-with-parent.mjs';
import { ensureInstalled } from './workspace/installed.mjs';
import { continueOnSuitableNode } from './workspace/node-runtime.mjs';

endWithParent();
try {
  await ensureInstalled();
  await continueOnSuitableNode();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const { failed } = await runChecks();
process.exit(failed === 0 ? 0 : 1);
