import os from 'node:os';
import pino from 'pino';
import { traceOfScope } from '../tracing/tracing.js';
import { describeError } from './describe-error.js';

export type LogLevel = pino.LevelWithSilent;

/**
 * A service's log, of the same form in each of them: a line of JSON for each thing. What may be in a line is said where it is written, field by field;
 * no request, no answer and no error is ever written as it is, since each may hold a token, a password or what somebody
 * recorded. JSON writes control characters as escapes, so nobody's name begins a line of its own.
 */
export const openLog = (service: string, level: LogLevel, destination?: pino.DestinationStream): pino.Logger =>
  pino(
    {
      ...{ level, serializers, hooks },
      base: { service, instance: `${os.hostname()}:${process.pid}` },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: traceOfScope,
    },
    destination ?? pino.destination(1),
  );

/** Errors under the names that libraries use for them; requests and answers, which they bind to lines, as nothing. */
const serializers = {
  err: describeError,
  error: describeError,
  req: () => undefined,
  res: () => undefined,
};

/** A line of an error that has no sentence of its own would be given the error's. */
const hooks: pino.LoggerOptions['hooks'] = {
  logMethod(given, write) {
    const [what, sentence] = given as readonly unknown[];
    if (hasError(what) && typeof sentence !== 'string') write.call(this, what, '');
    else write.apply(this, given);
  },
};

const hasError = (what: unknown): what is object =>
  typeof what === 'object' && what !== null && (what instanceof Error || 'err' in what);
