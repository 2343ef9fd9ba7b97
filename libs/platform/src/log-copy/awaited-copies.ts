import { EventStoreUnavailable, type Instant, type Position, type TenantId } from '@cairn/event-sourcing';

/** An event by its place in its stream. */
export interface Place {
  readonly stream: string;
  readonly revision: number;
}

/** Where the copy has an event. */
export interface Copied {
  readonly position: Position;
  readonly recordedAt: Instant;
}

/** Looks events of one tenant up in the copy: one answer for each, undefined for those that it does not have yet. */
export type LookUp = (tenant: TenantId, places: readonly Place[]) => Promise<readonly (Copied | undefined)[]>;

interface Waiting {
  readonly place: Place;
  readonly until: number;
  readonly resolve: (copied: Copied) => void;
  readonly reject: (error: unknown) => void;
}

/** Without a call, the copy is looked at so often. */
const LOOK_EVERY_MS = 200;

/**
 * Appends that wait until the copy has what they wrote. Those of a tenant are looked up together: one at a time, and what
 * comes meanwhile is the next one.
 */
export class AwaitedCopies {
  private readonly waiting = new Map<TenantId, Waiting[]>();
  /** Tenants that are being looked up, and whether they are to be again. */
  private readonly looking = new Map<TenantId, boolean>();
  private timer: NodeJS.Timeout | undefined;

  /** @param waitMs how long an append waits at the most */
  constructor(
    private readonly lookUp: LookUp,
    private readonly waitMs: number,
  ) {}

  /** @throws EventStoreUnavailable when the copy does not have it in time */
  copied(tenant: TenantId, place: Place): Promise<Copied> {
    return new Promise((resolve, reject) => {
      const one: Waiting = { place, until: performance.now() + this.waitMs, resolve, reject };
      const others = this.waiting.get(tenant);
      if (others) others.push(one);
      else this.waiting.set(tenant, [one]);
      this.timer ??= setInterval(() => this.lookAround(), LOOK_EVERY_MS);
      // It may have been copied before anybody waited for it.
      this.grown(tenant);
    });
  }

  /** To be called when the copy of a log has grown. */
  grown(tenant: TenantId): void {
    if (!this.waiting.has(tenant)) return;
    if (this.looking.has(tenant)) {
      this.looking.set(tenant, true);
      return;
    }
    this.looking.set(tenant, false);
    // What the same turn of the event loop adds is looked up along with it.
    queueMicrotask(() => void this.look(tenant));
  }

  /** Whoever still waits is told that the outcome is not known. */
  close(): void {
    for (const tenant of [...this.waiting.keys()]) this.settle(tenant, this.waiting.get(tenant)!, [], Infinity);
  }

  private lookAround(): void {
    for (const tenant of this.waiting.keys()) this.grown(tenant);
  }

  private async look(tenant: TenantId): Promise<void> {
    do {
      this.looking.set(tenant, false);
      const asked = [...(this.waiting.get(tenant) ?? [])];
      const found = await this.lookUp(
        tenant,
        asked.map(({ place }) => place),
      ).catch(() => []);
      this.settle(tenant, asked, found, performance.now());
    } while (this.looking.get(tenant));
    this.looking.delete(tenant);
  }

  private settle(
    tenant: TenantId,
    asked: readonly Waiting[],
    found: readonly (Copied | undefined)[],
    now: number,
  ): void {
    const settled = new Set<Waiting>();
    asked.forEach((one, index) => {
      const copied = found[index];
      if (copied) one.resolve(copied);
      else if (now >= one.until) one.reject(new EventStoreUnavailable('the copy of the log is behind'));
      else return;
      settled.add(one);
    });
    const rest = (this.waiting.get(tenant) ?? []).filter((one) => !settled.has(one));
    if (rest.length > 0) this.waiting.set(tenant, rest);
    else this.waiting.delete(tenant);
    if (this.waiting.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
