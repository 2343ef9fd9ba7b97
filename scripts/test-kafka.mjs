// npm run test:kafka: what holds of alert streams on a real Kafka, which is fetched and started for it. The last line is
// always `N passed, N failed, N skipped`; the exit code is 0 only when nothing failed. Without Java 17, Maven (the first
// time) and kcat it says so and fails.
//
// npm run test:kafka -- -t order     runs only some, with these arguments for Jest
// npm run test:kafka -- --night      with many more rounds of everything random
import { brokerJars } from './kafka/jars.mjs';
import { findKcat } from './kafka/kcat.mjs';
import { requireJava } from './kafka/programs.mjs';
import { readKafkaSettings } from './kafka/settings.mjs';
import { ensureBuilt } from './workspace/built.mjs';
import { endWithParent } from './workspace/end-with-parent.mjs';
import { ensureInstalled } from './workspace/installed.mjs';
import { runJest } from './workspace/jest.mjs';
import { continueOnSuitableNode } from './workspace/node-runtime.mjs';
import { inRoot } from './workspace/root.mjs';

endWithParent();
let totals = { passed: 0, failed: 1, skipped: 0 };
try {
  // First what may be missing: it takes a second to say so.
  const java = await requireJava();
  await ensureInstalled();
  await continueOnSuitableNode();
  await ensureBuilt();
  const { dir } = readKafkaSettings();
  const jars = await brokerJars(dir, { say: (line) => console.log(`kafka: ${line}`) });
  const kcat = await findKcat(dir);
  const jestArguments = process.argv.slice(2).filter((each) => each !== '--night');
  totals = await runJest(['--config', inRoot('jest.kafka.config.js'), ...jestArguments], {
    CAIRN_TEST_KAFKA: JSON.stringify({ java, jars, kcat }),
    ...(process.argv.includes('--night') && { CAIRN_TEST_ROUNDS: 'night' }),
  });
} catch (error) {
  console.error(error.message);
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);
