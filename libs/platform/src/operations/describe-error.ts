/** What the log says of an error. */
export interface ErrorDescription {
  readonly type: string;
  readonly code?: string;
  /** Of a statement that the database refused. */
  readonly constraint?: string;
  /** Where in the code, innermost first. */
  readonly at: readonly string[];
  readonly cause?: ErrorDescription;
}

const MAX_FRAMES = 20;
const MAX_CAUSES = 5;
const NAME = /^[\w$.-]{1,80}$/;

/**
 * An error without its words. Messages of the database quote values, those of parsers quote what they could not read, and
 * clients put addresses with passwords into theirs; so the kind of the error, its code and the places in the code must do.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, at: [] };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return {
    type: named(error.name) ?? named(error.constructor.name) ?? 'Error',
    ...(named(code) !== undefined && { code: named(code)! }),
    ...(named(constraint) !== undefined && { constraint: named(constraint)! }),
    at: framesOf(error),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: describeError(error.cause, depth + 1) }),
  };
}

/** Only what has the form of a name: nothing that somebody typed. */
const named = (value: unknown): string | undefined =>
  typeof value === 'string' && NAME.test(value) ? value : undefined;

/** A stack begins with the message, which may have lines that look like frames. */
function framesOf({ stack = '', message }: Error): readonly string[] {
  const from = message === '' ? 0 : stack.indexOf(message) + message.length;
  if (from < message.length) return [];
  return stack
    .slice(from)
    .split('\n')
    .filter((line) => /^ +at /.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.trim());
}
