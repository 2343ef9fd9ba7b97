import type { BaseOptions, KurrentDBClient } from '@kurrent/kurrentdb-client';
import streamsGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import type { IStreamsClient } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import type {
  AppendReq,
  AppendResp,
  ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';

/**
 * The client's own way to its calls, which is not public; what is wrong with the public one is in README.md. It finds the
 * cluster, follows the leader, and knows the user.
 */
interface Inside {
  getGRPCClient(client: unknown, name: string): Promise<IStreamsClient>;
  GRPCStreamCreator<Stream>(
    client: unknown,
    name: string,
    create: (client: IStreamsClient) => Stream,
  ): () => Promise<Stream>;
  /** Headers, then deadline and user, in the transport's own types. */
  callArguments(options: BaseOptions): [never, never];
  createChannel: () => Promise<Channel>;
  handleError: (client: unknown, error: unknown) => Promise<void>;
}

interface Channel {
  close(): void;
}

/** Calls by one client; of a client that is given up, what is under way is cancelled, and its connections end. */
export class ClientInside {
  private readonly inside: Inside;
  private readonly channels: Channel[] = [];

  constructor(private readonly client: KurrentDBClient) {
    this.inside = client as unknown as Inside;
    const { createChannel, handleError } = this.inside;
    this.inside.createChannel = async () => {
      const channel = await createChannel();
      this.channels.push(channel);
      return channel;
    };
    // Nobody waits for it: where the cluster is not found meanwhile, it would be an unhandled rejection.
    this.inside.handleError = (failed, error) => handleError(failed, error).catch(() => undefined);
  }

  async append(requests: readonly AppendReq[], options: BaseOptions): Promise<AppendResp> {
    const call = this.inside.callArguments(options);
    const client = await this.inside.getGRPCClient(streamsGrpc.StreamsClient, 'append');
    try {
      return await new Promise<AppendResp>((resolve, reject) => {
        const sink = client.append(...call, (error, response) => (error ? reject(error) : resolve(response)));
        sink.on('error', reject);
        for (const request of requests) sink.write(request);
        sink.end();
      });
    } catch (error) {
      void this.inside.handleError(client, error);
      throw error;
    }
  }

  async read(request: ReadReq, options: BaseOptions, take: (response: ReadResp) => void): Promise<void> {
    const call = this.inside.callArguments(options);
    const reading = this.inside.GRPCStreamCreator(streamsGrpc.StreamsClient, 'read', (client) =>
      client.read(request, ...call),
    );
    const stream = await reading();
    return new Promise((resolve, reject) => {
      stream.on('data', take);
      stream.on('error', reject);
      stream.on('end', resolve);
    });
  }

  async end(): Promise<void> {
    await this.client.dispose();
    for (const channel of this.channels) channel.close();
  }
}
