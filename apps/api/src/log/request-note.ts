import type { IncomingMessage } from 'node:http';
import type { TraceScope } from '@cairn/platform/tracing';
import type { Identity } from '../identity/identity.js';
import type { ImportTotals } from '../import/import-record.js';

/** What becomes known of a request while it is answered, for the one line that the log has of it. */
export interface RequestNote {
  readonly id: string;
  identity?: Identity;
  /** Of a GraphQL request. */
  operation?: { readonly kind: string; readonly name: string | undefined };
  /** The code of what went wrong, or of why nothing was recorded. */
  code?: string;
  /** Which trace it belongs to, as far as that is known. */
  traced?: TraceScope;
  /** Of an import that came to its end. */
  imported?: Omit<ImportTotals, 'position'>;
}

const notes = new WeakMap<IncomingMessage, RequestNote>();

/** The note of a request; the first time that it is asked for it is a new one. */
export function noteOf(request: IncomingMessage): RequestNote {
  let note = notes.get(request);
  if (!note) notes.set(request, (note = { id: crypto.randomUUID() }));
  return note;
}

const NOTE = Symbol('request note');

/** Lets those find a request's note who know only the context that was made for it, or a copy of that. */
export const noted = <Context extends object>(request: IncomingMessage, context: Context): Context =>
  Object.assign(context, { [NOTE]: noteOf(request) });

export const noteOfContext = (context: object): RequestNote | undefined => (context as { [NOTE]?: RequestNote })[NOTE];
