import { setTimeout as wait } from 'node:timers/promises';
import type { Viewer } from '@cairn/access';
import type { Alert, RecordedAlert } from '@cairn/signals';
import { forbidden, isUnavailable } from '../graphql/errors.js';
import type { AlertReader } from './alert-reader.js';
import type { AlertSight } from './alert-sight.js';

const RETRY_AFTER_MS = 1_000;

/** Whoever follows, with the roles that they hold when this is asked. */
export interface Follower {
  readonly trial: string;
  viewer(): Promise<Viewer>;
}

/**
 * A trial's alerts as far as whoever follows may see them. That is asked for each alert when it is sent; it ends with an
 * error when roles allow none any more. A database that is away for a while ends nothing.
 *
 * Not a generator: `return()` of a generator waits for what it is waiting for, here perhaps for ever.
 */
export class VisibleAlerts implements AsyncIterableIterator<Alert> {
  private readonly ended = new AbortController();

  constructor(
    private readonly reader: AlertReader,
    private readonly follower: Follower,
    private readonly sight: Pick<AlertSight, 'covers'>,
  ) {}

  /** @throws a typed error (FORBIDDEN) */
  async next(): Promise<IteratorResult<Alert, undefined>> {
    try {
      for (;;) {
        const recorded = await this.whenReachable(() => this.reader.next());
        if (!recorded) return { done: true, value: undefined };
        if (await this.whenReachable(async () => this.isVisible(recorded)))
          return { done: false, value: recorded.alert };
      }
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Alert, undefined>> {
    this.ended.abort();
    this.reader.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async isVisible(recorded: RecordedAlert): Promise<boolean> {
    const viewer = await this.follower.viewer();
    const { trial } = this.follower;
    if (!viewer.seesTrial(trial) || viewer.reach('openSignals', trial).kind === 'sealed') throw forbidden();
    return this.sight.covers(viewer, recorded);
  }

  /** @returns undefined when it was ended meanwhile */
  private async whenReachable<Result>(ask: () => Promise<Result>): Promise<Result | undefined> {
    for (;;) {
      if (this.ended.signal.aborted) return undefined;
      try {
        return await ask();
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        await wait(RETRY_AFTER_MS, undefined, { signal: this.ended.signal }).catch(() => undefined);
      }
    }
  }
}
