import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isIdentifier } from '@cairn/event-sourcing';
import { isTimeZone, Protocol } from '@cairn/registry';
import { z } from 'zod';
import { type Problem, problem } from './problem.js';

export const TRIAL_FILE = 'trial.json';

const TrialFile = z.object({
  id: z.string().refine(isIdentifier, 'is not an id: 1 to 100 characters, no control characters'),
  title: z.string().min(1),
  registration: z.string().min(1).optional(),
  timeZone: z.string().refine(isTimeZone, { message: 'is not a time zone like Europe/London', params: { zone: true } }),
  recruitmentFrom: z.iso.date().optional(),
  recruitmentTo: z.iso.date().optional(),
  ...Protocol.shape,
});

/** What `trial.json` says: the trial and the first version of its protocol. */
export interface TrialDescription {
  readonly id: string;
  readonly title: string;
  readonly registration?: string;
  readonly timeZone: string;
  readonly recruitmentFrom?: string;
  readonly recruitmentTo?: string;
  readonly protocol: Protocol;
}

export type TrialReading =
  | { readonly kind: 'read'; readonly trial: TrialDescription }
  | { readonly kind: 'faulty'; readonly problems: readonly Problem[] }
  /** There is no such file: the directory is not a bundle. */
  | { readonly kind: 'absent' };

/**
 * Reads a bundle's `trial.json`. Keys that are not part of the format are passed over; null and the empty text are
 * "not known", as an empty cell is: many programs write every key, whatever there is of it.
 */
export async function readTrialFile(directory: string): Promise<TrialReading> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(join(directory, TRIAL_FILE)));
  } catch (error) {
    if (error instanceof TypeError) return faulty(problem(TRIAL_FILE, {}, 'NOT_UTF8', 'The file is not UTF-8 text.'));
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
    return faulty(problem(TRIAL_FILE, {}, 'FILE_UNREADABLE', `The file could not be read: ${String(error)}.`));
  }
  let given: unknown;
  try {
    given = JSON.parse(text, (_key, value: unknown) => (value === null || value === '' ? undefined : value));
  } catch (error) {
    const line = lineOf(text, error as SyntaxError);
    const message = `The file is not JSON: ${(error as SyntaxError).message}.`;
    return faulty(problem(TRIAL_FILE, line === undefined ? {} : { line }, 'TRIAL_SYNTAX', message));
  }
  const read = TrialFile.safeParse(given);
  if (!read.success) return faulty(...read.error.issues.map(issueProblem));
  const { id, title, registration, timeZone, recruitmentFrom, recruitmentTo, ...protocol } = read.data;
  return {
    kind: 'read',
    trial: {
      id,
      title,
      timeZone,
      protocol,
      ...(registration !== undefined && { registration }),
      ...(recruitmentFrom !== undefined && { recruitmentFrom }),
      ...(recruitmentTo !== undefined && { recruitmentTo }),
    },
  };
}

const faulty = (...problems: readonly Problem[]): TrialReading => ({ kind: 'faulty', problems });

function issueProblem(issue: z.core.$ZodIssue): Problem {
  const path = issue.path.map(String).join('.');
  const isZone = issue.code === 'custom' && issue.params?.['zone'] === true;
  const message = `${path || 'The file'}: ${issue.message}.`;
  return problem(TRIAL_FILE, path ? { column: path } : {}, isZone ? 'TIME_ZONE_UNKNOWN' : 'TRIAL_VALUE', message);
}

/** V8 names the place of a syntax error in its message, by offset or by line, or not at all. */
function lineOf(text: string, error: SyntaxError): number | undefined {
  const line = /\(line (\d+)/.exec(error.message);
  if (line) return Number(line[1]);
  const offset = /at position (\d+)/.exec(error.message);
  return offset ? text.slice(0, Number(offset[1])).split('\n').length : undefined;
}
