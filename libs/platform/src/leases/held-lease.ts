import type { Fence, TenantId } from '@cairn/event-sourcing';
import type pg from 'pg';
import { guardLease } from './guard-lease.js';
import type { Lease } from './lease.js';

/**
 * A lease that this process has taken. It knows by itself when it may have ended: at a moment of the process's monotonic clock that is
 * before the database would give it away, so that a process which cannot reach the database, or was stopped, stops by itself.
 */
export class HeldLease implements Lease {
  private readonly ending = new AbortController();
  private readonly underWay = new Set<Promise<unknown>>();
  private isLost = false;

  /** @param heldUntil by `performance.now()` */
  constructor(
    readonly tenant: TenantId,
    readonly fence: Fence,
    private heldUntil: number,
  ) {}

  get signal(): AbortSignal {
    return this.ending.signal;
  }

  isHeld(): boolean {
    return !this.isLost && performance.now() < this.heldUntil;
  }

  /** The database knows best: while nobody else has taken it, what is written under it does no harm, however late. */
  guard(client: pg.ClientBase): Promise<void> {
    return guardLease(client, this.tenant, this.fence);
  }

  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const running = work();
    this.underWay.add(running);
    try {
      return await running;
    } finally {
      this.underWay.delete(running);
    }
  }

  renew(heldUntil: number): void {
    this.heldUntil = heldUntil;
  }

  /** Nothing more is to be begun. */
  end(): void {
    this.ending.abort();
  }

  /** Somebody else has it, or soon will. */
  lose(): void {
    this.isLost = true;
    this.ending.abort();
  }

  /** When nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }
}
