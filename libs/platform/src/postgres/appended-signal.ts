import type { TenantId } from '@cairn/event-sourcing';
import type { FanOut } from '../fan-out/fan-out.js';
import type { AppendedListener } from '../log-store.js';

/** Between two announcements of one process; readers elsewhere learn of an append this much later at the most. */
const ANNOUNCE_EVERY_MS = 10;
/** Between two calls of this process's listeners for one log: a crowd of appends is read in pages, not one by one. */
const TELL_EVERY_MS = 5;

/**
 * Tells readers that a log has grown: those in this process at once (a busy log's every few milliseconds), those elsewhere by the
 * fan-out. It is a hint and may be lost; readers look for themselves now and then. It is never announced inside the append: with
 * NOTIFY, PostgreSQL would then let all appending transactions of the database commit one after another.
 */
export class AppendedSignal {
  private readonly listeners = new Set<AppendedListener>();
  private readonly unannounced = new Set<TenantId>();
  /** Logs whose listeners were called a moment ago, and whether they have grown since. */
  private readonly told = new Map<TenantId, boolean>();
  private deafen: (() => void) | undefined;
  private announcing: NodeJS.Timeout | 'now' | undefined;
  private closed = false;

  /** @param tenants all that may have grown while nobody listened */
  constructor(
    private readonly fanOut: FanOut,
    private readonly tenants: () => Promise<readonly TenantId[]>,
  ) {}

  /** @returns what ends it */
  listen(listener: AppendedListener): () => void {
    // A wrapper of its own: the same function given twice is two listeners.
    const own: AppendedListener = (tenant) => listener(tenant);
    this.listeners.add(own);
    this.deafen ??= this.fanOut.listen('appended', {
      heard: (tenant) => this.tell(tenant),
      connected: () => void this.tellAll(),
    });
    return () => this.listeners.delete(own);
  }

  /** To be called after an append of this process has committed. */
  appended(tenant: TenantId): void {
    if (this.told.has(tenant)) this.told.set(tenant, true);
    else this.tellInTurn(tenant);
    this.unannounced.add(tenant);
    if (this.announcing === undefined && !this.closed) this.announce();
  }

  /** The fan-out is closed by whoever made it. */
  close(): void {
    this.closed = true;
    this.listeners.clear();
    this.deafen?.();
    if (typeof this.announcing === 'object') clearTimeout(this.announcing);
  }

  /** At once, and again when the log has grown meanwhile: who is alone does not wait. */
  private tellInTurn(tenant: TenantId): void {
    if (this.listeners.size === 0) return;
    this.told.set(tenant, false);
    this.tell(tenant);
    setTimeout(() => {
      const again = this.told.get(tenant);
      this.told.delete(tenant);
      if (again) this.tellInTurn(tenant);
    }, TELL_EVERY_MS).unref();
  }

  private tell(tenant: TenantId): void {
    for (const listener of this.listeners) listener(tenant);
  }

  /** What was announced while nobody listened. */
  private async tellAll(): Promise<void> {
    const tenants = await this.tenants().catch(() => []);
    for (const tenant of tenants) this.tell(tenant);
  }

  private announce(): void {
    this.announcing = 'now';
    const tenants = [...this.unannounced];
    this.unannounced.clear();
    void this.fanOut.announce('appended', tenants).then(() => {
      if (this.closed) return;
      this.announcing = setTimeout(() => {
        this.announcing = undefined;
        if (this.unannounced.size > 0) this.announce();
      }, ANNOUNCE_EVERY_MS).unref();
    });
  }
}
