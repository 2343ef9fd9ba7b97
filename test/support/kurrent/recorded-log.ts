/** An event as a client hands it over. */
export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event in the log. */
export interface Recorded extends Proposed {
  readonly stream: string;
  readonly revision: bigint;
  /** Where its record begins in the log; the next one begins at `end`. */
  readonly position: bigint;
  readonly end: bigint;
  /** Ticks of 100 ns since 1970, one clock reading for each event, as the server takes it. */
  readonly created: bigint;
}

export type Expected = 'any' | 'no_stream' | 'stream_exists' | bigint;

export type Written =
  | { readonly kind: 'written' | 'idempotent'; readonly last: Recorded }
  | { readonly kind: 'wrong-version'; readonly current: bigint | undefined }
  | { readonly kind: 'too-large'; readonly limit: number };

/** What a server takes at the most in one append when nobody configured it otherwise: 1 MiB. */
const MAX_APPEND_SIZE = 1_024 * 1_024;
/** A record's frame beside names, data and metadata; its exact size does not matter, only that positions have gaps. */
const FRAME = 61;

/** The log of a server, in memory: it outlives the servers that are started on it, as files would. */
export class RecordedLog {
  readonly all: Recorded[] = [];
  private readonly streams = new Map<string, Recorded[]>();
  private readonly listeners = new Set<(events: readonly Recorded[]) => void>();
  private lastCreated = 0n;
  /** A server has written its own records before the first client comes. */
  private end = 1_024n;

  stream(name: string): readonly Recorded[] | undefined {
    return this.streams.get(name);
  }

  /** Checks and stores as the server's index writer: see IndexWriter.CheckCommit of the server's source. */
  append(stream: string, expected: Expected, events: readonly Proposed[]): Written {
    let size = 0;
    for (const event of events) size += 2 * event.type.length + event.data.length + event.metadata.length;
    if (size > MAX_APPEND_SIZE) return { kind: 'too-large', limit: MAX_APPEND_SIZE };
    const known = this.streams.get(stream) ?? [];
    const current = known.at(-1)?.revision;
    const wrong = { kind: 'wrong-version', current } as const;
    if (expected === 'stream_exists' && current === undefined) return wrong;
    if (expected === 'any' || expected === 'stream_exists') {
      const before = known.find((event) => event.id === events[0]!.id);
      if (before) return this.repeatedAt(known, before.revision, events) ?? wrong;
    } else {
      const after = expected === 'no_stream' ? -1n : expected;
      const last = current ?? -1n;
      if (after > last) return wrong;
      if (after < last) return this.repeatedAt(known, after + 1n, events) ?? wrong;
    }
    return { kind: 'written', last: this.store(stream, events).at(-1)! };
  }

  /** @returns what ends it */
  onStored(listener: (events: readonly Recorded[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The same events again at the same place are taken for a repetition; a part of them, or others, are not. */
  private repeatedAt(known: readonly Recorded[], revision: bigint, events: readonly Proposed[]): Written | undefined {
    const there = known.slice(Number(revision), Number(revision) + events.length);
    if (there.length < events.length || there.some((event, index) => event.id !== events[index]!.id)) return undefined;
    return { kind: 'idempotent', last: there.at(-1)! };
  }

  private store(stream: string, events: readonly Proposed[]): Recorded[] {
    const known = this.streams.get(stream) ?? [];
    const stored = events.map((event, index) => {
      const position = this.end;
      this.end += BigInt(FRAME + stream.length + event.type.length + event.data.length + event.metadata.length);
      const created = BigInt(Date.now()) * 10_000n;
      this.lastCreated = created > this.lastCreated ? created : this.lastCreated + 1n;
      const revision = BigInt(known.length + index);
      return { ...event, stream, revision, position, end: this.end, created: this.lastCreated };
    });
    known.push(...stored);
    this.streams.set(stream, known);
    this.all.push(...stored);
    for (const listener of this.listeners) listener(stored);
    return stored;
  }
}
