/**
 * A stand-in for KurrentDB: a gRPC server made of the client's own generated definitions, in this process. The adapter's client
 * talks to it over a port, as do services in processes of their own:
 *
 *     const kurrent = await startKurrentFake();               // or { port, nodes: 3, log }
 *     … KURRENTDB_URL=kurrent.url …
 *     kurrent.faults.unavailable = true;                      // see faults.ts for what can go wrong
 *     await kurrent.changeLeader();                           // of a cluster
 *     await kurrent.stop();                                   // kurrent.log lives on: start another server on it
 *
 * It does what the server's source says of appends (expected revision, repetition by event ids, 1 MiB at the most, a time for
 * each event), of reads (no positions in stream reads, inclusive forwards and exclusive backwards in `$all`), of "not leader"
 * and of subscriptions. It has no projections, links, deletion, scavenging, access rules or persistent subscriptions.
 */
import { randomUUID } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import gossipGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_grpc_pb.js';
import gossipPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_pb.js';
import type { ClusterInfo } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_pb.js';
import featuresGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
import featuresPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import type { SupportedMethods } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import sharedPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import type { Empty } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import streamsGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import { Faults } from './faults.js';
import { listen, type Listening } from './listening.js';
import { RecordedLog } from './recorded-log.js';
import { admit, type Node, streamsService } from './streams-service.js';

export interface KurrentFakeOptions {
  /** Of the first node; default any. Others get any. */
  readonly port?: number;
  /** Default 1. A cluster shares one log; its first node leads. */
  readonly nodes?: number;
  /** The log of a server that was stopped; default an empty one. */
  readonly log?: RecordedLog;
}

export interface KurrentFake {
  /** What `KURRENTDB_URL` is for it. */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  readonly log: RecordedLog;
  /** The next node leads from now on; the one before answers "not leader". */
  changeLeader(): void;
  /** Cuts every connection that there is. */
  dropConnections(): void;
  stop(): Promise<void>;
}

export async function startKurrentFake(options: KurrentFakeOptions = {}): Promise<KurrentFake> {
  const faults = new Faults();
  const log = options.log ?? new RecordedLog();
  const ports: number[] = [];
  let leader = 0;
  const servers: Listening[] = [];
  for (let index = 0; index < (options.nodes ?? 1); index++) {
    const node: Node = {
      faults,
      log,
      leaderElsewhere: () => (index === leader ? undefined : { host: '127.0.0.1', port: ports[leader]! }),
    };
    const server = new grpc.Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    server.addService(streamsGrpc.StreamsService, streamsService(node));
    server.addService(featuresGrpc.ServerFeaturesService, { getSupportedMethods: unary(node, supportedMethods) });
    server.addService(gossipGrpc.GossipService, { read: unary(node, () => members(ports, leader)) });
    const listening = await listen(server, index === 0 ? (options.port ?? 0) : 0);
    ports.push(listening.port);
    servers.push(listening);
  }
  const hosts = ports.map((port) => `127.0.0.1:${port}`);
  return {
    url: `kurrentdb://${hosts.join(',')}?tls=false`,
    port: ports[0]!,
    faults,
    log,
    changeLeader: () => {
      leader = (leader + 1) % ports.length;
    },
    dropConnections: () => servers.forEach((server) => server.cut()),
    stop: async () => {
      faults.clear();
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

type Unary<Response> = (call: grpc.ServerUnaryCall<Empty, Response>, callback: grpc.sendUnaryData<Response>) => void;

/** Any node answers, and anybody: these calls ask for no leader and no user. */
const unary =
  <Response>(node: Node, answer: () => Response): Unary<Response> =>
  (call, callback) => {
    admit(node, call, 'anybody').then(
      () => callback(null, answer()),
      (error: unknown) => callback(error as grpc.ServiceError),
    );
  };

function supportedMethods(): SupportedMethods {
  const methods = ['read', 'append'].map((name) =>
    new featuresPb.SupportedMethod().setMethodName(name).setServiceName('event_store.client.streams.streams'),
  );
  return new featuresPb.SupportedMethods().setEventStoreServerVersion('25.1.0').setMethodsList(methods);
}

function members(ports: readonly number[], leader: number): ClusterInfo {
  const { LEADER, FOLLOWER } = gossipPb.MemberInfo.VNodeState;
  const list = ports.map((port, index) => {
    const member = new gossipPb.MemberInfo();
    member.setInstanceId(new sharedPb.UUID().setString(randomUUID()));
    member.setTimeStamp(String(Date.now() * 10_000));
    member.setState(index === leader ? LEADER : FOLLOWER);
    member.setIsAlive(true);
    member.setHttpEndPoint(new gossipPb.EndPoint().setAddress('127.0.0.1').setPort(port));
    return member;
  });
  return new gossipPb.ClusterInfo().setMembersList(list);
}
