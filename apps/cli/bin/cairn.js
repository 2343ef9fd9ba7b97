#!/usr/bin/env node
// `npx cairn …`: sees to a build and to the right Node, then hands over to the command line itself.
import { ensureBuilt } from '../../../scripts/workspace/built.mjs';
import { whyNotInstalled } from '../../../scripts/workspace/installed.mjs';
import { continueOnSuitableNode } from '../../../scripts/workspace/node-runtime.mjs';

try {
  const missing = whyNotInstalled();
  if (missing) throw new Error(`Dependencies are not up to date (${missing}); run npm ci first.`);
  await continueOnSuitableNode();
  await ensureBuilt({ quiet: true });
} catch (error) {
  console.error(`cairn: ${error.message}`);
  process.exit(2);
}
await import('../dist/main.js');
