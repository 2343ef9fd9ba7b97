import type { ServerResponse } from 'node:http';
import type { Identity } from '../identity/identity.js';

/** A stream of server-sent events that is being served. */
export interface ServedStream {
  readonly identity: Identity;
  readonly response: ServerResponse;
  /** Whether roles still allow it. */
  mayGoOn(): Promise<boolean>;
  /** To be called when it is not served any more. */
  end(): void;
}

export interface StreamTimes {
  /** Milliseconds between two looks at whether streams may go on. */
  readonly look: number;
  /** A comment is sent where nothing was for so many milliseconds: what lies between would close a silent connection. */
  readonly heartbeat: number;
  /** Whoever has read nothing for so many milliseconds is gone. */
  readonly patience: number;
}

const TIMES: StreamTimes = { look: 1_000, heartbeat: 15_000, patience: 60_000 };

interface Kept {
  readonly stream: ServedStream;
  sentAt: number;
  /** Since when nothing could be written; undefined while it can. */
  fullSince: number | undefined;
}

/**
 * Streams of server-sent events that are open. One ends with its token, when roles allow it no longer, and when the service
 * does, each time with a comment, so that whoever is there knows that it was ended and not broken off.
 */
export class OpenStreams {
  private readonly open = new Set<Kept>();
  private timer: NodeJS.Timeout | undefined;
  private looking = false;

  constructor(
    private readonly times: StreamTimes = TIMES,
    private readonly clock: () => number = Date.now,
  ) {}

  /** @returns writes to the stream, and waits until there is room for more; false when it has ended */
  serve(stream: ServedStream): (text: string) => boolean | Promise<boolean> {
    const kept: Kept = { stream, sentAt: this.clock(), fullSince: undefined };
    const { response } = stream;
    this.open.add(kept);
    this.timer ??= setInterval(() => void this.look(), this.times.look).unref();
    response.once('close', () => {
      this.open.delete(kept);
      stream.end();
      if (this.open.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    });
    return (text) => {
      if (response.writableEnded || response.destroyed) return false;
      kept.sentAt = this.clock();
      return response.write(text) || this.drained(kept);
    };
  }

  /** Ends all of them. */
  close(): void {
    for (const kept of this.open) this.end(kept, 'going away');
  }

  /** For the timer: looks at each of them once. */
  async look(): Promise<void> {
    // A store that answers slowly is not asked once more meanwhile.
    if (this.looking) return;
    this.looking = true;
    for (const kept of this.open) {
      const { identity, response } = kept.stream;
      const now = this.clock();
      if (now >= identity.expiresAt) this.end(kept, 'token expired');
      // What cannot be told now is told at the next look; until then nothing new can be read either.
      else if (!(await kept.stream.mayGoOn().catch(() => true))) this.end(kept, 'roles ended');
      else if (kept.fullSince !== undefined && now - kept.fullSince >= this.times.patience) response.destroy();
      else if (kept.fullSince === undefined && now - kept.sentAt >= this.times.heartbeat) {
        kept.sentAt = now;
        response.write(': still here\n\n');
      }
    }
    this.looking = false;
  }

  private drained(kept: Kept): Promise<boolean> {
    const { response } = kept.stream;
    kept.fullSince ??= this.clock();
    return new Promise((resolve) => {
      const settle = (): void => {
        response.off('drain', settle);
        response.off('close', settle);
        kept.fullSince = undefined;
        resolve(!response.writableEnded && !response.destroyed);
      };
      response.once('drain', settle);
      response.once('close', settle);
    });
  }

  private end(kept: Kept, why: string): void {
    this.open.delete(kept);
    kept.stream.end();
    const { response } = kept.stream;
    // What was not read until now never will be, and would keep the connection.
    if (kept.fullSince !== undefined) response.destroy();
    else response.end(`: ${why}\n\n`);
  }
}
