import type { ApolloServerPlugin } from '@apollo/server';
import type { SealReason, Viewer } from '@cairn/access';
import type { WithheldText } from '../free-text/free-text.js';
import type { RequestContext } from './context.js';

/** Where it is kept who looked at what is sealed to most, and who was refused it. */
export interface ConductRecord {
  sealedRead(look: {
    readonly viewer: Viewer;
    readonly trial: string;
    readonly field: string;
    readonly participant?: string;
    readonly participants: number;
    readonly by: Basis;
  }): Promise<void>;
  sealedReadRefused(look: {
    readonly viewer: Viewer;
    readonly trial: string;
    readonly field: string;
    readonly reason: SealReason;
  }): Promise<void>;
}

/** By which right somebody looks. */
export type Basis = 'role' | 'unblinding';

type Path = readonly (string | number)[];

/** Why a field of an answer is null: it is not for the viewer, or it is a text that nobody can read, or not now. */
export type NullReason = SealReason | WithheldText;

/** A field of an answer that is null because of something else than the data. */
export interface Sealed {
  readonly path: Path;
  readonly reason: NullReason;
}

interface Look {
  readonly participants: Set<string>;
  readonly recorded: Promise<void>;
}

/** What one request shows of what is sealed to most, and what it keeps back. */
export class Disclosures {
  private sealed: Sealed[] = [];
  private readonly looks = new Map<string, Look>();
  private readonly refusals = new Map<string, Promise<void>>();

  constructor(private readonly conduct: ConductRecord) {}

  /** Notes that the null at the path is there because of the viewer, not because of the data. */
  seal(path: Path, reason: NullReason): void {
    this.sealed.push({ path, reason });
  }

  /** What was sealed since this was asked last, by path: resolvers finish in no fixed order. */
  takeSealed(): readonly Sealed[] {
    const taken = this.sealed.sort((a, b) => byPath(a.path, b.path));
    this.sealed = [];
    return taken;
  }

  /**
   * Records that the viewer looks at a participant's field; it may be shown once this has resolved. What is looked at in
   * one go, as a page of a list, is one record with its count.
   */
  look(viewer: Viewer, trial: string, field: string, participant: string, by: Basis): Promise<void> {
    return this.lookAtAll(viewer, trial, field, [participant], by);
  }

  /** The same of what tells of several at once, or of nobody by name: that it was looked at is recorded all the same. */
  lookAtAll(viewer: Viewer, trial: string, field: string, participants: Iterable<string>, by: Basis): Promise<void> {
    const key = JSON.stringify([trial, field, by]);
    const open = this.looks.get(key) ?? this.open(key, viewer, trial, field, by);
    for (const participant of participants) open.participants.add(participant);
    return open.recorded;
  }

  /** Records that the viewer was refused a field; once in a request, however many of them it names. */
  refused(viewer: Viewer, trial: string, field: string, reason: SealReason): Promise<void> {
    const key = JSON.stringify([trial, field, reason]);
    const recorded = this.refusals.get(key) ?? this.conduct.sealedReadRefused({ viewer, trial, field, reason });
    this.refusals.set(key, recorded);
    return recorded;
  }

  private open(key: string, viewer: Viewer, trial: string, field: string, by: Basis): Look {
    const participants = new Set<string>();
    // Resolvers of one list run before the event loop turns.
    const turned = new Promise<void>((resolve) => setImmediate(resolve));
    const recorded = turned.then(() => {
      this.looks.delete(key);
      const [participant] = participants;
      return this.conduct.sealedRead({
        viewer,
        trial,
        field,
        ...(participants.size === 1 && { participant: participant! }),
        participants: participants.size,
        by,
      });
    });
    const look = { participants, recorded };
    this.looks.set(key, look);
    return look;
  }
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly path?: Path | undefined }[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * A result with what was sealed in it, for clients that tell "nothing" from "not for you". Nothing of it may depend on which
 * field was resolved sooner: what is below the null that a refused field left is not told, and errors are in the order of
 * their paths.
 */
export function withSealed<Result extends Answer>(result: Result, disclosures: Disclosures): Result {
  const sealed = disclosures.takeSealed().filter(({ path }) => isThere(result.data, path));
  if (sealed.length === 0 && !result.errors) return result;
  return {
    ...result,
    ...(result.errors && { errors: result.errors.toSorted((a, b) => byPath(a.path ?? [], b.path ?? [])) }),
    ...(sealed.length > 0 && { extensions: { ...result.extensions, sealed } }),
  };
}

/** Whether an answer has a place for what is at the path. */
function isThere(data: unknown, path: Path): boolean {
  let found = data;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return false;
    found = (found as Readonly<Record<string | number, unknown>>)[key];
  }
  return true;
}

/** Tells HTTP clients what was sealed in their answer. */
export const sealedFields: ApolloServerPlugin<RequestContext> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response: { body }, contextValue }) => {
      if (body.kind === 'single') body.singleResult = withSealed(body.singleResult, contextValue.disclosures);
    },
  }),
};

function byPath(a: Path, b: Path): number {
  for (let n = 0; n < Math.min(a.length, b.length); n++) {
    const [left, right] = [a[n]!, b[n]!];
    if (left === right) continue;
    return typeof left === 'number' && typeof right === 'number' ? left - right : String(left) < String(right) ? -1 : 1;
  }
  return a.length - b.length;
}
