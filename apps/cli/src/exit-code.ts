/** What the process ends with; scripts rely on it. */
export const ExitCode = { done: 0, rowsRefused: 1, badUsage: 2, serverUnreachable: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The command line, or what it points at, is not something to work with. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The server cannot be reached, went away, or could not do its part. */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable';
}
