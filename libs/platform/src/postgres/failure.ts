/** SQLSTATE classes and codes after which the same call may succeed: the connection, the server or a lock was lost. */
const PASSING = /^(08|57P|53|40|58|55P03|25006|57014)/;
/** Texts of errors that the driver raises itself, without a code. */
const DRIVER =
  /connection terminated|connection ended|client has encountered a connection error|timeout|not queryable/i;

/** Whether a failed call is the world's fault (lost connection, server going down, no room), not the call's. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isPassing);
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return DRIVER.test(error.message);
  // A SQLSTATE has five characters and comes with a severity; anything else is the operating system's (ECONNRESET, ENOENT).
  return 'severity' in error ? PASSING.test(code) : true;
}

/** Whether the server refused the values themselves: a data exception or a broken constraint. */
export function isWrongValue(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^(22|23|54)/.test(code);
}
