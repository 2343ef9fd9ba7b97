import { Writable } from 'node:stream';
import { readConfiguration } from './configuration.js';
import { run } from './program.js';

/** Runs a command line in this process, for specs, with nothing in the environment. */
export async function runCommand(...args: readonly string[]) {
  const written = { out: '', err: '' };
  const into = (name: 'out' | 'err') =>
    new Writable({
      decodeStrings: false,
      write: (text, _encoding, done) => {
        written[name] += String(text);
        done();
      },
    });
  const exitCode = await run(args, readConfiguration({}), { out: into('out'), err: into('err') });
  return { exitCode, ...written };
}
