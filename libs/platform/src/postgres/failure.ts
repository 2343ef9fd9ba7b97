/** SQLSTATE classes and codes after which the same call may succeed: the connection, the server or a lock was lost. */
const PASSING = /^(08|57P|53|40|58|55P03|25006|57014)/;
/** Errors of the operating system, and those of a socket of Node's that has ended meanwhile. */
const SYSTEM = /^(E[A-Z]+$|ERR_STREAM_|ERR_SOCKET_)/;
/** Texts of errors that the driver raises itself, without a code. */
const DRIVER =
  /connection terminated|connection ended|client has encountered a connection error|timeout|not queryable/i;

/** What is known of a failed call: an error of PostgreSQL has a severity, one of the operating system only a code. */
interface Failure {
  readonly message: string;
  readonly code?: unknown;
  readonly severity?: unknown;
  /** Of an AggregateError: one per address that was tried. */
  readonly errors?: readonly unknown[];
}

const failureOf = (error: unknown): Failure =>
  typeof error === 'object' && error !== null && 'message' in error ? (error as Failure) : { message: String(error) };

/** Whether a failed call is the world's fault (lost connection, server going down, no room), not the call's. */
export function isPassing(error: unknown): boolean {
  const { code, severity, errors, message } = failureOf(error);
  if (errors) return errors.some(isPassing);
  if (typeof code !== 'string') return DRIVER.test(message);
  return severity === undefined ? SYSTEM.test(code) : PASSING.test(code);
}

/** Whether the server refused the values themselves: a data exception, a broken constraint or a limit. */
export function isWrongValue(error: unknown): boolean {
  const { code, severity } = failureOf(error);
  return severity !== undefined && typeof code === 'string' && /^(22|23|54)/.test(code);
}

/** Whether the server refused an append because of its fence. */
export const isFenced = (error: unknown): boolean => failureOf(error).code === 'CA001';

/** Whether an append was refused because its login may not append: to a copy of another store nobody may. */
export const isForbidden = (error: unknown): boolean => failureOf(error).code === '42501';

export function messageOf(error: unknown): string {
  const { message, errors } = failureOf(error);
  return message === '' && errors ? errors.map(messageOf).join('; ') : message;
}
