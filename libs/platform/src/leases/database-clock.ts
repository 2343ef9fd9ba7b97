import type { Instant } from '@cairn/event-sourcing';

/** A correction backwards of up to so many milliseconds is waited out; a larger one is followed at once. */
const WAITED_OUT_MS = 1_000;

/**
 * The time of the database, for everybody who works with it: measured with each renewal and carried on by the monotonic clock,
 * so that what the clock of a machine says, or when somebody sets it, makes no difference. Until it was measured it is the
 * machine's own.
 */
export class DatabaseClock {
  /** To be added to `performance.now()`; undefined: never measured. */
  private offset: number | undefined;
  private latest = -Infinity;

  /** Milliseconds since 1970. It stands still rather than go back a little. */
  readonly now = (): Instant => {
    if (this.offset === undefined) return Date.now();
    const time = Math.floor(performance.now() + this.offset);
    if (time < this.latest && this.latest - time <= WAITED_OUT_MS) return this.latest;
    this.latest = time;
    return time;
  };

  /**
   * Takes in what the database said between two moments of `performance.now()`. It said so at neither of them, but in between:
   * what is known already is believed as long as that fits.
   * @param time milliseconds since 1970
   */
  measured(time: number, asked: number, answered: number): void {
    const [least, most] = [time - answered, time - asked];
    if (this.offset !== undefined && this.offset >= least && this.offset <= most) return;
    this.offset = (least + most) / 2;
  }

  /** By how many seconds the machine's own clock is ahead of the database's; undefined until that was measured. */
  skewSeconds(): number | undefined {
    return this.offset === undefined ? undefined : (Date.now() - performance.now() - this.offset) / 1_000;
  }
}
