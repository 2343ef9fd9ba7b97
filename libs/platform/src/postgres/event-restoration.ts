import {
  type EncodedEvent,
  type Envelope,
  EventStoreUnavailable,
  type Position,
  type TenantId,
} from '@cairn/event-sourcing';
import pg from 'pg';
import { recordedColumns } from './event-columns.js';
import { messageOf } from './failure.js';
import { LogNotEmpty, Restoration } from './restoration.js';

/** An event as it was recorded in another log: all but whose log it is and where in it. */
export type RestoredEvent = EncodedEvent & Omit<Envelope, 'tenant' | 'position'>;

/** Longest time that one page may take in the server, in milliseconds. */
const PAGE_TIMEOUT = 60_000;

/**
 * Brings an exported log back into an empty one, event by event as it was, in one transaction: until `commit`, nobody sees
 * anything of it, and whatever interrupts it leaves the log empty.
 */
export class EventRestoration extends Restoration {
  private head: Position = 0n;

  private constructor(
    client: pg.Client,
    private readonly tenant: TenantId,
  ) {
    super(client);
  }

  /**
   * @param url of a login that may become `cairn_restorer`
   * @throws EventStoreUnavailable when the server cannot be reached, or the login may not
   */
  static async begin(url: string, tenant: TenantId): Promise<EventRestoration> {
    const client = new pg.Client({
      connectionString: url,
      // Streams are looked up by their index, also in a table that the planner still takes for an empty one.
      options: `-c role=cairn_restorer -c enable_seqscan=off -c jit=off -c statement_timeout=${PAGE_TIMEOUT}`,
      application_name: 'cairn restore',
      connectionTimeoutMillis: 10_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('begin');
    } catch (error) {
      await client.end().catch(() => undefined);
      throw new EventStoreUnavailable(`nothing can be restored: ${messageOf(error)}`, { cause: error });
    }
    return new EventRestoration(client, tenant);
  }

  /**
   * The next events, in the order of their log.
   * @throws LogNotEmpty
   * @throws NoLog
   * @throws EventStoreUnavailable
   */
  async add(events: readonly RestoredEvent[]): Promise<void> {
    if (events.length === 0) return;
    const { rows } = await this.call<{ head: string | null }>(
      'select cairn.restore($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as head',
      [this.tenant, this.head, ...recordedColumns(events)],
    );
    const head = rows[0]!.head;
    if (head === null) throw new LogNotEmpty();
    this.head = BigInt(head);
  }
}
