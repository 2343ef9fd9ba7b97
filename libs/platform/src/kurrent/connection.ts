import { setTimeout as wait } from 'node:timers/promises';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import { END, KurrentDBClient, streamNameFilter } from '@kurrent/kurrentdb-client';
import type { ReadReq } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import { appendRequests, type ProposedEvent, type Written, written } from './append-request.js';
import { ClientInside } from './client-inside.js';
import { connectionSettings, InvalidKurrentUrl, type KurrentUser } from './connection-settings.js';
import { DeadlinePassed, isNotLeader, refusalOf } from './failure.js';
import { rawEvent, type RawEvent } from './raw-event.js';

export interface KurrentConnectionOptions {
  readonly url: string;
  /** The name of the connection, for the server's log. */
  readonly applicationName: string;
  /** Milliseconds between attempts when the server is not there. When they are used up, `EventStoreUnavailable`. */
  readonly retryAfter?: readonly number[];
  /** Milliseconds that one attempt of an append, or of a read of some events, may take. */
  readonly deadline?: number;
}

const RETRY_AFTER = [20, 100, 300, 1_000, 2_000];
const DEADLINE = 4_000;
/** A read that may pass by much of `$all` before it finds something may take so many times as long. */
const SEARCH_FACTOR = 15;
/** Milliseconds that the transport has to tell that its deadline passed. */
const SLACK = 200;

/** A live subscription of the client. */
export type Subscription = ReturnType<KurrentDBClient['subscribeToAll']>;

/** Calls to KurrentDB, with deadlines of their own, repeated while the server or its leader is away. */
export class KurrentConnection {
  private client: KurrentDBClient;
  private inside: ClientInside;
  private readonly connection: string;
  private readonly call: { readonly requiresLeader: true; readonly credentials?: KurrentUser };
  private readonly retryAfter: readonly number[];
  private readonly deadline: number;
  private readonly renewals = new Set<() => void>();
  private closed = false;

  /** @throws InvalidKurrentUrl */
  constructor(options: KurrentConnectionOptions) {
    const { connection, user } = connectionSettings(options.url, options.applicationName);
    this.connection = connection;
    this.retryAfter = options.retryAfter ?? RETRY_AFTER;
    this.deadline = options.deadline ?? DEADLINE;
    this.call = { requiresLeader: true, ...(user && { credentials: user }) };
    this.client = this.connect();
    this.inside = new ClientInside(this.client);
  }

  /**
   * @param after the stream's last revision; undefined: there must be no such stream
   * @throws InvalidAppend, KurrentRefused, EventStoreUnavailable when it is not known whether the events were stored
   */
  append(stream: string, after: number | undefined, events: readonly ProposedEvent[]): Promise<Written> {
    const requests = appendRequests(stream, after, events);
    const { deadline } = this;
    return this.repeated(async () =>
      written(await this.within(deadline, this.inside.append(requests, { ...this.call, deadline }))),
    );
  }

  /**
   * @param pace `search` where much of `$all` may have to be passed by
   * @throws KurrentRefused, EventStoreUnavailable
   */
  read(request: ReadReq, pace: 'look' | 'search' = 'look'): Promise<readonly RawEvent[]> {
    const deadline = pace === 'search' ? this.deadline * SEARCH_FACTOR : this.deadline;
    return this.repeated(async () => {
      const events: RawEvent[] = [];
      const reading = this.inside.read(request, { ...this.call, deadline }, (response) => {
        const event = rawEvent(response);
        if (event) events.push(event);
      });
      await this.within(deadline, reading);
      return events;
    });
  }

  /** What is appended to streams from now on, until it fails or the client is another one: then whoever wants more begins again. */
  subscribe(prefix: string): Subscription {
    return this.client.subscribeToAll({
      ...this.call,
      fromPosition: END,
      filter: streamNameFilter({ prefixes: [prefix] }),
    });
  }

  /** Another client for everything that comes; what is under way has its time to end with the one that there was. */
  private renew(): void {
    if (this.closed) return;
    const before = this.inside;
    setTimeout(() => void before.end(), this.deadline).unref();
    this.client = this.connect();
    this.inside = new ClientInside(this.client);
    for (const listener of this.renewals) listener();
  }

  /** Calls when the client has become another one. @returns what ends it */
  onRenewed(listener: () => void): () => void {
    this.renewals.add(listener);
    return () => this.renewals.delete(listener);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.inside.end();
  }

  private connect(): KurrentDBClient {
    try {
      return KurrentDBClient.connectionString(this.connection);
    } catch {
      // The client's error holds the connection string, and with it the password.
      throw new InvalidKurrentUrl('the client does not take it');
    }
  }

  /** The transport's deadline does not cover finding the server. */
  private within<Result>(deadline: number, answer: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const passed = (): void => reject(new DeadlinePassed('KurrentDB did not answer in time'));
      const timer = setTimeout(passed, deadline + SLACK);
      answer.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  /** Calls again while the server is away; every call may be repeated without harm. */
  private async repeated<Result>(call: () => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt++) {
      const used = this.client;
      try {
        return await call();
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal) throw refusal;
        const delay = this.retryAfter[attempt];
        if (delay === undefined || this.closed) {
          throw new EventStoreUnavailable(`KurrentDB is not available: ${(error as Error).message}`, { cause: error });
        }
        await wait(delay);
        // One that hangs, or lost its way, is not waited for. To a new leader the client goes by itself.
        if (this.client === used && (attempt > 0 || error instanceof DeadlinePassed) && !isNotLeader(error))
          this.renew();
      }
    }
  }
}
