/** Spenders that are remembered; who has paid is forgotten first. */
const MAX_SPENDERS = 10_000;

/**
 * A budget that flows evenly (the generic cell rate algorithm): what is spent beyond a short burst is owed at once, so that
 * a large spender is spread over the second instead of taking the first half of it.
 */
export class Pace {
  /** By spender, when all that was spent will have been paid. */
  private readonly paidAt = new Map<string, number>();

  /**
   * @param burst milliseconds' worth of the budget that may be spent at once
   * @param now milliseconds of a clock that only goes forward
   */
  constructor(
    private readonly burst: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Spends, also beyond what there is.
   * @param perSecond what flows in
   * @returns milliseconds until the debt is paid; 0 when there is none
   */
  spend(key: string, amount: number, perSecond: number): number {
    const now = this.now();
    const paidAt = Math.max(now, this.paidAt.get(key) ?? now) + (amount / perSecond) * 1_000;
    this.paidAt.delete(key);
    this.paidAt.set(key, paidAt);
    if (this.paidAt.size > MAX_SPENDERS) this.paidAt.delete(this.paidAt.keys().next().value!);
    return Math.max(0, paidAt - now - this.burst);
  }
}
