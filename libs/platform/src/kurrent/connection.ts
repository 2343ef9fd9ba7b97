import { setTimeout as wait } from 'node:timers/promises';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import {
  type AppendStreamState,
  type BaseOptions,
  END,
  type EventData,
  KurrentDBClient,
  streamNameFilter,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client';
import streamsGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import type { IStreamsClient } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import type { ReadReq, ReadResp } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
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

const NOBODY: KurrentUser = { username: '', password: '' };

/** A live subscription of the client. */
export type Subscription = ReturnType<KurrentDBClient['subscribeToAll']>;

/** The last event of an append, or what the stream's last revision is where it should have been another. */
export type Written =
  | { readonly kind: 'written'; readonly position: bigint | undefined }
  | { readonly kind: 'wrong-version'; readonly actual: number | undefined };

/**
 * The client's own way to its calls. Its public reads go through another client written in Rust, which cuts times of record
 * down to seconds, takes no deadline, cannot be cancelled, and never connects again once it has not found the cluster.
 */
interface Inside {
  GRPCStreamCreator<Stream>(
    client: unknown,
    name: string,
    create: (client: IStreamsClient) => Stream,
  ): () => Promise<Stream>;
  callArguments(
    options: BaseOptions,
  ): Parameters<IStreamsClient['read']> extends [unknown, ...infer Rest] ? Rest : never;
  getChannel(): Promise<{ close(): void }>;
}

/** Calls to KurrentDB, with deadlines of their own, repeated while the server or its leader is away. */
export class KurrentConnection {
  private client: KurrentDBClient;
  private readonly connection: string;
  private readonly call: { readonly requiresLeader: true; readonly credentials?: KurrentUser };
  private readonly retryAfter: readonly number[];
  private readonly deadline: number;
  private readonly renewals = new Set<() => void>();
  private closed = false;

  /** @throws InvalidKurrentUrl */
  constructor(options: KurrentConnectionOptions) {
    const { connection, user, insecure } = connectionSettings(options.url, options.applicationName);
    this.connection = connection;
    this.retryAfter = options.retryAfter ?? RETRY_AFTER;
    this.deadline = options.deadline ?? DEADLINE;
    // With a user for the call, the client sends each append by itself, with a deadline that the transport keeps. Without,
    // all share one stream whose end is an unhandled rejection for every append that waits in it. A server without TLS has
    // no users and is told none. Over TLS without a user, the client's certificate says who calls.
    const credentials = user ?? (insecure ? NOBODY : undefined);
    this.call = { requiresLeader: true, ...(credentials && { credentials }) };
    this.client = this.connect();
  }

  /** @throws InvalidAppend, KurrentRefused, EventStoreUnavailable when it is not known whether the events were stored */
  append(stream: string, streamState: AppendStreamState, events: EventData[]): Promise<Written> {
    return this.repeated(async () => {
      const options = { ...this.call, streamState, deadline: this.deadline };
      try {
        const { position } = await this.within(this.deadline, this.client.appendToStream(stream, events, options));
        return { kind: 'written', position: position?.commit };
      } catch (error) {
        if (!(error instanceof WrongExpectedVersionError)) throw error;
        const { actualState } = error;
        return { kind: 'wrong-version', actual: typeof actualState === 'bigint' ? Number(actualState) : undefined };
      }
    });
  }

  /**
   * @param pace `search` where much of `$all` may have to be passed by
   * @throws KurrentRefused, EventStoreUnavailable
   */
  read(request: ReadReq, pace: 'look' | 'search' = 'look'): Promise<readonly RawEvent[]> {
    const deadline = pace === 'search' ? this.deadline * SEARCH_FACTOR : this.deadline;
    return this.repeated(async () => {
      const reading = this.openRead(request, deadline);
      const events: RawEvent[] = [];
      const collected = reading.then(
        (stream) =>
          new Promise<readonly RawEvent[]>((resolve, reject) => {
            stream.on('data', (response: ReadResp) => {
              const event = rawEvent(response);
              if (event) events.push(event);
            });
            stream.on('error', reject);
            stream.on('end', () => resolve(events));
          }),
      );
      return this.within(deadline, collected);
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

  /** Another client for everything that comes; what is under way ends with the one that there was. */
  renew(): void {
    if (this.closed) return;
    void end(this.client, this.deadline);
    this.client = this.connect();
    for (const listener of this.renewals) listener();
  }

  /** Calls when the client has become another one. @returns what ends it */
  onRenewed(listener: () => void): () => void {
    this.renewals.add(listener);
    return () => this.renewals.delete(listener);
  }

  async close(): Promise<void> {
    this.closed = true;
    await end(this.client, 0);
  }

  private connect(): KurrentDBClient {
    try {
      return KurrentDBClient.connectionString(this.connection);
    } catch {
      // The client's error holds the connection string, and with it the password.
      throw new InvalidKurrentUrl('the client does not take it');
    }
  }

  private openRead(request: ReadReq, deadline: number) {
    const inside = this.client as unknown as Inside;
    const options = inside.callArguments({ ...this.call, deadline });
    return inside.GRPCStreamCreator(streamsGrpc.StreamsClient, 'read', (client) => client.read(request, ...options))();
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

/** @param grace milliseconds for what is under way */
async function end(client: KurrentDBClient, grace: number): Promise<void> {
  if (grace > 0) await wait(grace, undefined, { ref: false });
  await client.dispose();
  await (client as unknown as Inside).getChannel().then(
    (channel) => channel.close(),
    () => undefined,
  );
}
