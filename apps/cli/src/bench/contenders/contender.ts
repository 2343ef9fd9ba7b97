/** One event for one stream, as every contender is asked to append it. */
export interface Entry {
  /** A UUID, new for each append. */
  readonly id: string;
  readonly stream: string;
  /** How many events the stream has; `any` when the writer does not know and does not care. */
  readonly expected: number | 'any';
  readonly payload: Payload;
}

/** The same JSON object as text and as value: each contender takes the form that its interface asks for. */
export interface Payload {
  readonly text: string;
  readonly value: Record<string, unknown>;
}

export type Deliver = (id: string, stream: string, revision: number) => void;

/** A store that takes part in the comparison: it appends, and it lets a reader follow its log, in its own way. */
export interface Contender {
  readonly name: string;
  /** @returns `refused` when the store says that the stream is not as expected; durable otherwise */
  append(entry: Entry): Promise<'appended' | 'refused'>;
  /** Delivers what was appended since the last call, and what comes, until the signal ends it. */
  follow(deliver: Deliver, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Connections of each contender that takes a number of them. */
export const POOL_SIZE = 32;
/** Events in a page of each follower. */
export const PAGE_SIZE = 1_000;
/** Milliseconds that a follower which has to poll waits after an empty page. */
export const POLL_EVERY_MS = 5;
