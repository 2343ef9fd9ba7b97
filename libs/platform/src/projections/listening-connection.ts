import pg from 'pg';
import type { DatabaseRole } from '../postgres/database.js';

const RECONNECT_AFTER_MS = [50, 200, 1_000, 2_000];

export interface ListeningOptions {
  readonly url: string;
  readonly role: DatabaseRole;
  readonly applicationName: string;
  readonly channel: string;
  readonly heard: (payload: string | undefined) => void;
  /** After every connect, the first one too: what was said before was not heard. */
  readonly connected: () => void;
}

/** One connection that listens to a channel and is made again whenever it is lost. */
export class ListeningConnection {
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private opening: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly options: ListeningOptions) {}

  /** Tries to connect once; when that fails it goes on trying by itself. */
  open(): Promise<void> {
    this.opening ??= this.connect(0).finally(() => (this.opening = undefined));
    return this.opening;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await this.opening;
    await this.client?.end().catch(() => undefined);
  }

  private async connect(attempt: number): Promise<void> {
    const { url, role, applicationName, channel, heard, connected } = this.options;
    const client = new pg.Client({
      connectionString: url,
      options: `-c role=${role}`,
      application_name: applicationName,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    client.on('error', () => undefined);
    client.on('notification', ({ payload }) => heard(payload));
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch {
      await client.end().catch(() => undefined);
      this.connectLater(attempt + 1);
      return;
    }
    if (this.closed) return void (await client.end().catch(() => undefined));
    this.client = client;
    client.once('end', () => {
      this.client = undefined;
      this.connectLater(0);
    });
    connected();
  }

  private connectLater(attempt: number): void {
    if (this.closed) return;
    const after = RECONNECT_AFTER_MS[Math.min(attempt, RECONNECT_AFTER_MS.length - 1)]!;
    this.retry = setTimeout(() => {
      this.opening ??= this.connect(attempt).finally(() => (this.opening = undefined));
    }, after).unref();
  }
}
