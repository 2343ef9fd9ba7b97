import { Writable } from 'node:stream';
import { readConfiguration } from '../../apps/cli/src/configuration.js';
import { run } from '../../apps/cli/src/program.js';

/** Runs command lines of `cairn` in this process, as somebody. */
export const cairnAs =
  ({ url, token }: { readonly url: string; readonly token: string }) =>
  (...args: readonly string[]) =>
    cairn({ CAIRN_URL: url, CAIRN_TOKEN: token }, ...args);

/** Runs a command line of `cairn` in this process. */
export async function cairn(environment: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const written = { out: '', err: '' };
  const into = (name: 'out' | 'err') =>
    new Writable({
      decodeStrings: false,
      write: (text, _encoding, done) => {
        written[name] += String(text);
        done();
      },
    });
  const exitCode = await run(args, readConfiguration(environment), { out: into('out'), err: into('err') });
  return { exitCode, ...written };
}

/** What `cairn import --format json` prints. */
export function readImportOutput(out: string) {
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { problem?: ImportProblem; summary?: ImportSummary });
  return {
    problems: lines.flatMap(({ problem }) => problem ?? []),
    summary: lines.find(({ summary }) => summary)!.summary!,
  };
}

export interface ImportProblem {
  readonly file: string;
  readonly line?: number;
  readonly column?: string;
  readonly code: string;
}

export interface ImportSummary {
  readonly rows: number;
  readonly accepted: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly eventsAdded: number;
  readonly position: string;
  readonly seconds: number;
}
