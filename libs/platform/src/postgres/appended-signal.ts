import type { TenantId } from '@cairn/event-sourcing';
import pg from 'pg';
import type { AppendedListener } from '../log-store.js';

const CHANNEL = 'cairn_appended';
/** Between two announcements of one process; readers elsewhere learn of an append this much later at the most. */
const ANNOUNCE_EVERY_MS = 10;
/** Between two calls of this process's listeners for one log: a crowd of appends is read in pages, not one by one. */
const TELL_EVERY_MS = 5;
const RECONNECT_AFTER_MS = [50, 200, 1_000];

/**
 * Tells readers that a log has grown: those in this process at once (a busy log's every few milliseconds), those elsewhere by NOTIFY. It is a hint and may be
 * lost with a connection; readers look for themselves now and then. NOTIFY never runs inside the append, because
 * PostgreSQL would then let all appending transactions of the database commit one after another.
 */
export class AppendedSignal {
  private readonly listeners = new Set<AppendedListener>();
  private readonly unannounced = new Set<TenantId>();
  /** Logs whose listeners were called a moment ago, and whether they have grown since. */
  private readonly told = new Map<TenantId, boolean>();
  private client: pg.Client | undefined;
  private connecting: Promise<void> | undefined;
  private announcing: NodeJS.Timeout | 'now' | undefined;
  private reconnecting: NodeJS.Timeout | undefined;
  private closed = false;

  /**
   * @param config of the one connection, opened at first need
   * @param tenants all that may have grown while nobody listened
   */
  constructor(
    private readonly config: pg.ClientConfig,
    private readonly tenants: () => Promise<readonly TenantId[]>,
  ) {}

  /** @returns what ends it */
  listen(listener: AppendedListener): () => void {
    // A wrapper of its own: the same function given twice is two listeners.
    const own: AppendedListener = (tenant) => listener(tenant);
    this.listeners.add(own);
    void this.connect();
    return () => this.listeners.delete(own);
  }

  /** To be called after an append of this process has committed. */
  appended(tenant: TenantId): void {
    if (this.told.has(tenant)) this.told.set(tenant, true);
    else this.tellInTurn(tenant);
    this.unannounced.add(tenant);
    if (this.announcing === undefined && !this.closed) this.announce();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.listeners.clear();
    if (typeof this.announcing === 'object') clearTimeout(this.announcing);
    clearTimeout(this.reconnecting);
    await this.connecting;
    const client = this.client;
    this.client = undefined;
    await client?.end().catch(() => undefined);
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

  private announce(): void {
    this.announcing = 'now';
    const tenants = [...this.unannounced];
    this.unannounced.clear();
    void this.connect()
      .then(() => this.client?.query('select pg_notify($1, tenant) from unnest($2::text[]) tenant', [CHANNEL, tenants]))
      // Readers elsewhere then find it by their own looking.
      .catch(() => undefined)
      .then(() => {
        if (this.closed) return;
        this.announcing = setTimeout(() => {
          this.announcing = undefined;
          if (this.unannounced.size > 0) this.announce();
        }, ANNOUNCE_EVERY_MS).unref();
      });
  }

  private connect(): Promise<void> {
    if (this.client || this.closed) return Promise.resolve();
    this.connecting ??= this.open().finally(() => (this.connecting = undefined));
    return this.connecting;
  }

  private async open(attempt = 0): Promise<void> {
    const client = new pg.Client(this.config);
    client.on('error', () => undefined);
    client.on('notification', ({ channel, payload, processId }) => {
      const own = processId === (client as unknown as { processID: number }).processID;
      if (channel === CHANNEL && payload !== undefined && !own) this.tell(payload);
    });
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
    } catch {
      await client.end().catch(() => undefined);
      this.reconnect(attempt + 1);
      return;
    }
    client.once('end', () => {
      if (this.client !== client) return;
      this.client = undefined;
      this.reconnect(0);
    });
    if (this.closed) return void (await client.end());
    this.client = client;
    // What was announced while nobody listened.
    if (this.listeners.size > 0) {
      await this.tenants().then(
        (tenants) => tenants.forEach((tenant) => this.tell(tenant)),
        () => undefined,
      );
    }
  }

  private reconnect(attempt: number): void {
    if (this.closed || this.reconnecting) return;
    this.reconnecting = setTimeout(
      () => {
        this.reconnecting = undefined;
        if (this.client || this.connecting) return;
        this.connecting = this.open(attempt).finally(() => (this.connecting = undefined));
      },
      RECONNECT_AFTER_MS[Math.min(attempt, RECONNECT_AFTER_MS.length - 1)],
    ).unref();
  }
}
