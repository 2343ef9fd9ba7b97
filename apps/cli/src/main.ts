import { readConfiguration } from './configuration.js';
import { explain, run } from './program.js';
import { outliveReaders } from './terminal.js';

const terminal = { out: process.stdout, err: process.stderr };
outliveReaders(terminal, () => process.exit(1));
try {
  process.exitCode = await run(process.argv.slice(2), readConfiguration(), terminal);
} catch (error) {
  process.exitCode = explain(error, terminal);
}
