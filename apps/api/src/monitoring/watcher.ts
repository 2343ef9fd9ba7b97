/** Remembers one wake-up until somebody waits for it, so that nothing is missed in between and nothing piles up. */
export class Watcher {
  private woken = false;
  private waiting: (() => void) | undefined;
  private closed = false;

  constructor(
    private readonly onClose: () => void,
    /** Waited for before whoever watches goes on: many may have been woken at once. */
    private readonly turn?: () => Promise<void>,
  ) {}

  wake(): void {
    this.woken = true;
    this.waiting?.();
  }

  /**
   * Until it is woken, or was since the last wait, or so many milliseconds have passed.
   * @returns false when it is closed
   */
  async next(withinMs?: number): Promise<boolean> {
    if (!this.woken && !this.closed) {
      await new Promise<void>((resolve) => {
        const timer = withinMs === undefined ? undefined : setTimeout(resolve, Math.min(withinMs, MAX_TIMER_MS));
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.waiting = undefined;
    }
    if (!this.closed) await this.turn?.();
    this.woken = false;
    return !this.closed;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.waiting?.();
    this.onClose();
  }
}

/** Longer timers fire at once. Waking early does no harm: the answer is then looked at and found to be the same. */
const MAX_TIMER_MS = 2 ** 31 - 1;
