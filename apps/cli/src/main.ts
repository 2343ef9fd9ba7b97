import { readConfiguration } from './configuration.js';
import { explain, run } from './program.js';

const terminal = { out: process.stdout, err: process.stderr };
// `cairn report … | head` closes the pipe early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
try {
  process.exitCode = await run(process.argv.slice(2), readConfiguration(), terminal);
} catch (error) {
  process.exitCode = explain(error, terminal);
}
