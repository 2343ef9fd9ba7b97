/** Whoever follows alerts, as far as it is of interest how far behind they are. */
export interface LaggingReader {
  /** Positions between it and the last alert on record; 0n when it has taken everything. */
  readonly behind: bigint;
}

/** How far those who follow alerts are behind, for operators. */
export interface StreamLagSeen {
  readonly readers: number;
  /** How many of them. */
  readonly behind: number;
  /** Of the slowest, in positions. */
  readonly events: number;
  /** For how long the one has been behind that has been so for longest. */
  readonly seconds: number;
}

const NOBODY: StreamLagSeen = { readers: 0, behind: 0, events: 0, seconds: 0 };

/** Looks now and then at all who follow; since when somebody is behind is known as exactly as that. */
export class StreamLag {
  private readonly since = new WeakMap<LaggingReader, number>();
  private last = NOBODY;

  /** @param clock in milliseconds */
  constructor(private readonly clock: () => number = () => performance.now()) {}

  get seen(): StreamLagSeen {
    return this.last;
  }

  /** @param all readers that there are */
  look(all: Iterable<LaggingReader>): void {
    const now = this.clock();
    let [readers, behind, events, seconds] = [0, 0, 0n, 0];
    for (const reader of all) {
      readers++;
      if (reader.behind === 0n) {
        this.since.delete(reader);
        continue;
      }
      const since = this.since.get(reader) ?? now;
      this.since.set(reader, since);
      behind++;
      if (reader.behind > events) events = reader.behind;
      seconds = Math.max(seconds, (now - since) / 1_000);
    }
    this.last = { readers, behind, events: Number(events), seconds };
  }
}
