import { InvalidAppend } from '@cairn/event-sourcing';

/** KurrentDB answers, and refuses: the user of `KURRENTDB_URL` may not, or the server is not one for Cairn. */
export class KurrentRefused extends Error {
  override readonly name = 'KurrentRefused';
}

/** The call took longer than it may; nobody knows what became of it. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** Codes of gRPC after which the same call would fail again. */
const REFUSALS = new Map<unknown, string>([
  [7, 'the user may not: reading $all needs the group $admins or an access list of its own'],
  [9, 'a stream was deleted, which nobody may do'],
  [12, 'the server does not know the call'],
  [16, 'the user or the password is wrong'],
]);
const INVALID_ARGUMENT = 3;

/** An error of gRPC. What exactly the server says is in its trailers. */
interface Failure {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly metadata?: { get(key: string): readonly (string | Buffer)[] };
}

/**
 * What a failed call means to the caller: an error to throw when the server refuses it; undefined when the same call may
 * succeed later. Everything that is not known to be a refusal passes: a call may always be sent again.
 */
export function refusalOf(error: unknown): Error | undefined {
  const { code, message } = error as Failure;
  const limit = trailer(error, 'maximum-append-size');
  if (limit !== undefined) {
    return new InvalidAppend(`the server takes appends of at most ${limit} bytes: see its MaxAppendSize`);
  }
  if (code === INVALID_ARGUMENT) return new InvalidAppend(String(message));
  const why = REFUSALS.get(code);
  return why === undefined ? undefined : new KurrentRefused(`KurrentDB refuses: ${why}`);
}

/** Whether the node is one that does not lead; the client goes to the leader by itself. */
export const isNotLeader = (error: unknown): boolean => trailer(error, 'exception') === 'not-leader';

const trailer = (error: unknown, key: string): string | undefined =>
  (error as Failure).metadata?.get(key)[0]?.toString();
