import { EventStoreUnavailable } from '@cairn/event-sourcing';
import type pg from 'pg';
import { isPassing, isWrongValue, messageOf } from './failure.js';

/** The log of the tenant holds something already. */
export class LogNotEmpty extends Error {
  override readonly name = 'LogNotEmpty';
  constructor() {
    super('the log of the tenant is not empty');
  }
}

/** What was to be restored is no log: times of record fall, a stream has a gap, an id comes twice. */
export class NoLog extends Error {
  override readonly name = 'NoLog';
}

/** One transaction of a connection of its own, in which something is brought back: all of it or nothing. */
export abstract class Restoration {
  protected constructor(private readonly client: pg.Client) {}

  /** From here on it is there, for everybody. */
  async commit(): Promise<void> {
    await this.call('commit', []);
    await this.client.end();
  }

  /** Nothing of it has been. */
  async abandon(): Promise<void> {
    await this.client.query('rollback').catch(() => undefined);
    await this.client.end().catch(() => undefined);
  }

  /**
   * @throws NoLog when the server refuses the values
   * @throws EventStoreUnavailable
   */
  protected async call<Row extends object>(text: string, values: readonly unknown[]): Promise<pg.QueryResult<Row>> {
    try {
      return await this.client.query<Row>(text, [...values]);
    } catch (error) {
      if (isPassing(error)) throw new EventStoreUnavailable(messageOf(error), { cause: error });
      if (isWrongValue(error)) throw new NoLog(messageOf(error), { cause: error });
      throw error;
    }
  }
}
