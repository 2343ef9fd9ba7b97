/** Remembers one ring until somebody waits for it, so that what happens while the waiter works is not missed. */
export class Bell {
  private ringing = false;
  private answer: (() => void) | undefined;

  ring(): void {
    this.ringing = true;
    this.answer?.();
  }

  /** Until it rings, or has rung since the last wait, or so many milliseconds have passed. */
  async rung(withinMs: number): Promise<void> {
    if (!this.ringing) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        this.answer = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.answer = undefined;
    }
    this.ringing = false;
  }
}
