import { setTimeout as wait } from 'node:timers/promises';
import {
  type Append,
  type AppendOutcome,
  checkAppend,
  EventStoreUnavailable,
  Fenced,
  InvalidAppend,
  isIdentifier,
  type TenantId,
} from '@cairn/event-sourcing';
import type pg from 'pg';
import type { LogStore } from '../log-store.js';
import {
  APPEND_FENCED_STATEMENT,
  APPEND_STATEMENT,
  type AppendAnswer,
  decodeOutcomes,
  encodeBatch,
} from './append-batch.js';
import { AppendQueue } from './append-queue.js';
import { isFenced, isForbidden, isWrongValue, messageOf } from './failure.js';
import { CALL_TIMEOUT, PostgresLog, type PostgresLogOptions } from './postgres-log.js';

export interface PostgresEventStoreOptions extends PostgresLogOptions {
  /** Told of each call that stores appends, and what it takes along. @returns to be called when it is over */
  readonly onBatch?: ((appends: readonly Append[], tenant: TenantId) => (() => void) | undefined) | undefined;
}

/** The database is a copy of the logs in KurrentDB, which are appended to there and nowhere else. */
export class LogIsCopy extends Error {
  override readonly name = 'LogIsCopy';
  constructor() {
    super('The database is a copy of the logs in KurrentDB: EVENT_STORE=kurrentdb goes with it.');
  }
}

/** The event store on PostgreSQL 15 or later; `migrate` must have run. */
export class PostgresEventStore extends PostgresLog implements LogStore {
  private readonly appenders: pg.Pool;
  private readonly queues = new Map<TenantId, AppendQueue>();

  private readonly onBatch: PostgresEventStoreOptions['onBatch'];

  constructor(options: PostgresEventStoreOptions) {
    super(options);
    this.onBatch = options.onBatch;
    // A server that no longer answers must not hold an append for ever.
    this.appenders = this.pool(2, { query_timeout: CALL_TIMEOUT + 5_000 });
  }

  async append(tenant: TenantId, append: Append): Promise<AppendOutcome> {
    if (!isIdentifier(tenant)) throw new InvalidAppend('a tenant is an identifier');
    checkAppend(append);
    if (this.closing.signal.aborted) throw new EventStoreUnavailable('the event store is closed');
    let queue = this.queues.get(tenant);
    if (!queue) {
      queue = new AppendQueue(
        async (appends) => {
          const done = this.onBatch?.(appends, tenant);
          try {
            return await this.store(tenant, appends);
          } finally {
            done?.();
          }
        },
        () => this.queues.delete(tenant),
      );
      this.queues.set(tenant, queue);
    }
    return queue.add(append);
  }

  /** @throws LogIsCopy */
  override async ping(): Promise<void> {
    await super.ping();
    if (await this.isCopy()) throw new LogIsCopy();
  }

  override async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort();
    while (this.queues.size > 0) await wait(5);
    await Promise.all([super.close(), this.appenders.end()]);
  }

  private async store(tenant: TenantId, appends: readonly Append[]): Promise<readonly (AppendOutcome | Error)[]> {
    try {
      const values = encodeBatch(tenant, appends);
      const fence = appends[0]!.fence;
      const query = fence
        ? { ...APPEND_FENCED_STATEMENT, values: [fence.service, fence.token, ...values] }
        : { ...APPEND_STATEMENT, values };
      const { rows } = await this.unlessUnavailable(() => this.appenders.query<AppendAnswer & unknown[]>(query));
      const outcomes = decodeOutcomes(appends, rows[0]!);
      if (outcomes.some((outcome) => outcome.kind === 'appended')) this.signal.appended(tenant);
      return outcomes;
    } catch (error) {
      if (error instanceof EventStoreUnavailable) return appends.map(() => error);
      if (isForbidden(error) && (await this.isCopy())) return appends.map(() => new LogIsCopy());
      if (isFenced(error)) return appends.map(() => new Fenced(messageOf(error)));
      if (appends.length === 1) return [isWrongValue(error) ? new InvalidAppend(messageOf(error)) : (error as Error)];
      // The server refused the whole for what is wrong with a part: the halves tell which.
      const half = appends.length >> 1;
      return [
        ...(await this.store(tenant, appends.slice(0, half))),
        ...(await this.store(tenant, appends.slice(half))),
      ];
    }
  }
}
