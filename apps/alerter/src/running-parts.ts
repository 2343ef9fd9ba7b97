import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Part } from './part.js';

/** Pauses before a part that could not start is started again, in milliseconds; the last one is for ever. */
const AGAIN_AFTER = [250, 1_000, 4_000, 15_000, 60_000];

/** Parts at work. What keeps one from starting is told to the log and tried again; it holds up no other and no health check. */
export class RunningParts {
  private readonly stopping = new AbortController();
  private readonly started: Promise<void>[];

  /** @param againAfter pauses before further attempts, in milliseconds */
  constructor(
    private readonly parts: readonly Part[],
    private readonly logger: Pick<Logger, 'error'>,
    private readonly againAfter: readonly number[] = AGAIN_AFTER,
  ) {
    this.started = parts.map((part) => this.keepStarting(part));
  }

  /** Ends each after what is under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.started);
    const ends = await Promise.allSettled(this.parts.map((part) => part.stop()));
    for (const end of ends) {
      if (end.status === 'rejected') this.logger.error({ err: end.reason }, 'a part did not end as it should');
    }
  }

  private async keepStarting(part: Part): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        return await part.start();
      } catch (error) {
        this.logger.error({ part: part.name, err: error }, 'a part could not start; it is tried again after a pause');
        const wait = this.againAfter[Math.min(attempt, this.againAfter.length - 1)];
        await pause(wait, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
