// npm start: from a fresh clone to a running Cairn. Ctrl-C, SIGTERM and SIGHUP end it in order, with exit code 0;
// 1 means that something could not be started, died for good, or had to be killed.
import { ensureBuilt } from './workspace/built.mjs';
import { endWithParent } from './workspace/end-with-parent.mjs';
import { ensureInstalled } from './workspace/installed.mjs';
import { continueOnSuitableNode } from './workspace/node-runtime.mjs';

endWithParent();
try {
  await ensureInstalled();
  await continueOnSuitableNode();
  await ensureBuilt();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const { supervise } = await import('./supervisor/supervise.mjs');
process.exit(await supervise());
