import type { IncomingMessage } from 'node:http';
import type { Identity } from '../identity/identity.js';

/** What becomes known of a request while it is answered, for the one line that the log has of it. */
export interface RequestNote {
  readonly id: string;
  identity?: Identity;
  /** Of a GraphQL request. */
  operation?: { readonly kind: string; readonly name: string | undefined };
  /** The code of what went wrong, or of why nothing was recorded. */
  code?: string;
}

const notes = new WeakMap<object, RequestNote>();

/** The note of a request; the first time that it is asked for it is a new one. */
export function noteOf(request: IncomingMessage): RequestNote {
  let note = notes.get(request);
  if (!note) notes.set(request, (note = { id: crypto.randomUUID() }));
  return note;
}

/** Lets those find a request's note who know only the context that was made for it. */
export function noted<Context extends object>(request: IncomingMessage, context: Context): Context {
  notes.set(context, noteOf(request));
  return context;
}

export const noteOfContext = (context: object): RequestNote | undefined => notes.get(context);
