import type { Position, TenantId } from '@cairn/event-sourcing';
import type { AlertFilter } from '@cairn/signals';
import { AlertReader } from './alert-reader.js';
import { AlertTail } from './alert-tail.js';
import { CatchingUp } from './catching-up.js';
import type { AlertSource } from './stored-alerts.js';
import { StreamLag, type StreamLagSeen } from './stream-lag.js';

/** A wake-up can be lost with a connection: the ends of logs that somebody follows are looked at that often in any case. */
const LOOK_EVERY_MS = 1_000;

interface FollowedLog {
  readonly tail: AlertTail;
  readonly catchingUp: CatchingUp;
  readonly readers: Set<AlertReader>;
}

export interface AlertFeedParts {
  readonly source: AlertSource;
  /** Calls when a tenant's log has grown. @returns what ends it */
  readonly onAppended: (listener: (tenant: TenantId) => void) => () => void;
  /**
   * Waited for before a group of a tenant's readers goes on, whom something new has woken, and before one that is behind is
   * handed a little of what is old. Each of the two takes turns with the other, however much there is of it.
   */
  readonly turn: (tenant: TenantId, of: 'new' | 'old') => Promise<void>;
  /** Alerts of a tenant that are kept in memory at the most; see `AlertTail`. */
  readonly kept?: number;
}

/** The alerts of every tenant that somebody follows. One log is read once, however many follow it. */
export class AlertFeed {
  private readonly tenants = new Map<TenantId, Promise<FollowedLog>>();
  private ending: (() => void) | undefined;
  private closed = false;
  private readonly all = new Set<AlertReader>();
  private readonly lag = new StreamLag();

  constructor(private readonly parts: AlertFeedParts) {}

  /** Readers there are. */
  get open(): number {
    return this.all.size;
  }

  /** How far they were behind, about a second ago. */
  get behind(): StreamLagSeen {
    return this.lag.seen;
  }

  /**
   * Follows a trial's alerts, from the end of the log as it is now where nothing else is said; to be closed by whoever
   * asked.
   * @throws the source's error
   */
  async follow(
    tenant: TenantId,
    { trial, filter, after }: { readonly trial: string; readonly filter: AlertFilter; readonly after?: Position },
  ): Promise<AlertReader> {
    const { source } = this.parts;
    const followed = { trial, filter, after: after ?? (await source.head(tenant)) };
    for (;;) {
      this.listen();
      const begun = this.tenants.get(tenant) ?? this.begin(tenant);
      this.tenants.set(tenant, begun);
      const { tail, catchingUp, readers } = await begun;
      // The last reader may have gone while this one waited, and the tail with it.
      if (this.tenants.get(tenant) !== begun) continue;
      const reader = new AlertReader(tenant, followed, source, tail, catchingUp, (closing) => {
        this.all.delete(closing);
        readers.delete(closing);
        this.forget(tenant, readers);
      });
      readers.add(reader);
      this.all.add(reader);
      if (this.closed) reader.close();
      return reader;
    }
  }

  /** Ends every reader. */
  async close(): Promise<void> {
    this.closed = true;
    this.ending?.();
    for (const followed of [...this.tenants.values()]) {
      for (const reader of [...((await followed.catch(() => undefined))?.readers ?? [])]) reader.close();
    }
  }

  private async begin(tenant: TenantId): Promise<FollowedLog> {
    const { source, turn, kept } = this.parts;
    try {
      const tail = await AlertTail.begin(tenant, source, () => turn(tenant, 'new'), kept);
      return { tail, catchingUp: new CatchingUp(() => turn(tenant, 'old')), readers: new Set() };
    } catch (error) {
      this.tenants.delete(tenant);
      throw error;
    }
  }

  private forget(tenant: TenantId, readers: Set<AlertReader>): void {
    if (readers.size === 0) this.tenants.delete(tenant);
    if (this.tenants.size > 0) return;
    this.ending?.();
    this.ending = undefined;
  }

  private listen(): void {
    if (this.ending || this.closed) return;
    const stopListening = this.parts.onAppended((tenant) => this.grown(tenant));
    const timer = setInterval(() => {
      for (const tenant of this.tenants.keys()) this.grown(tenant);
      this.lag.look(this.all);
    }, LOOK_EVERY_MS).unref();
    this.ending = () => {
      stopListening();
      clearInterval(timer);
      this.lag.look([]);
    };
  }

  /** What cannot be read now is read at the next look. */
  private grown(tenant: TenantId): void {
    this.tenants
      .get(tenant)
      ?.then(({ tail }) => tail.grown())
      .catch(() => undefined);
  }
}
