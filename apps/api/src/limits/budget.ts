import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** What may be spent within a window of time, by key. Windows begin with the first that is spent. */
export class Budget {
  /** The library's limiters have one amount each; tenants with the same limit share one. */
  private readonly limiters = new Map<number, RateLimiterMemory>();

  constructor(private readonly seconds: number) {}

  /**
   * Spends, also beyond what there is.
   * @returns how long it takes until the debt is paid, in milliseconds; 0 when there was enough
   */
  async spend(key: string, amount: number, allowed: number): Promise<number> {
    try {
      await this.limiter(allowed).consume(key, amount);
      return 0;
    } catch (spent) {
      if (!(spent instanceof RateLimiterRes)) throw spent;
      const windows = Math.floor((spent.consumedPoints - 1) / allowed) - 1;
      return spent.msBeforeNext + Math.max(0, windows) * this.seconds * 1_000;
    }
  }

  private limiter(points: number): RateLimiterMemory {
    let limiter = this.limiters.get(points);
    if (!limiter) this.limiters.set(points, (limiter = new RateLimiterMemory({ points, duration: this.seconds })));
    return limiter;
  }
}
