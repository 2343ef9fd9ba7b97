import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import streamsPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { Faults } from './faults.js';
import { appended, confirmed, eventRead, expectedOf, nameOf, notFound, proposedOf, wrongVersion } from './messages.js';
import type { Proposed, Recorded, RecordedLog } from './recorded-log.js';

/** What a node is asked before it answers: itself when it leads, otherwise where the leader is. */
export interface Node {
  readonly faults: Faults;
  readonly log: RecordedLog;
  /** Undefined: this node leads. */
  leaderElsewhere(): { readonly host: string; readonly port: number } | undefined;
}

const { BACKWARDS } = streamsPb.ReadReq.Options.ReadDirection;

type Read = grpc.ServerWritableStream<ReadReq, ReadResp>;
type Append = grpc.ServerReadableStream<AppendReq, AppendResp>;

/** The calls of the service `event_store.client.streams.Streams` that the adapter uses. */
export const streamsService = (node: Node) => ({
  read: (call: Read): void => void answerRead(node, call).catch((error: unknown) => fail(call, error)),
  append: (call: Append, callback: grpc.sendUnaryData<AppendResp>): void => {
    const requests: AppendReq[] = [];
    call.on('data', (request: AppendReq) => requests.push(request));
    call.on('error', () => undefined);
    call.on('end', () => {
      answerAppend(node, call, requests).then(
        (response) => callback(null, response),
        (error: unknown) => callback(error as grpc.ServiceError),
      );
    });
  },
});

/** Errors of a call are its end; one that was given up already has no end to tell. */
function fail(call: Read, error: unknown): void {
  if (!call.cancelled) call.emit('error', error);
}

/** Fails as a server fails: UNAVAILABLE, PERMISSION_DENIED or "not leader" with the leader's address. */
export async function admit(
  node: Node,
  call: { readonly metadata: grpc.Metadata; readonly cancelled: boolean },
  asked: 'leader' | 'anybody' = 'leader',
): Promise<void> {
  await node.faults.pass();
  if (node.faults.unavailable) throw status(grpc.status.UNAVAILABLE, 'Server Is Not Ready');
  if (asked === 'anybody') return;
  if (node.faults.accessDenied) {
    throw status(grpc.status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });
  }
  const leader = node.leaderElsewhere();
  if (leader && call.metadata.get('requires-leader')[0] === 'true') {
    throw status(grpc.status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': leader.host,
      'leader-endpoint-port': String(leader.port),
    });
  }
}

function status(code: grpc.status, details: string, trailers: Readonly<Record<string, string>> = {}): Error {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

async function answerAppend(node: Node, call: Append, requests: readonly AppendReq[]): Promise<AppendResp> {
  await admit(node, call);
  const [header, ...entries] = requests;
  const options = header!.getOptions()!;
  const stream = nameOf(options.getStreamIdentifier());
  const expected = expectedOf(options);
  const events: Proposed[] = entries.map((entry) => proposedOf(entry.getProposedMessage()!));
  const fault = node.faults.onAppend(stream);
  if (fault === 'refuse') throw status(grpc.status.UNAVAILABLE, 'Server Is Too Busy');
  if (fault === 'forget') return appended({ ...events[0]!, ...nowhere(stream, events.length) });
  const written = node.log.append(stream, expected, events);
  if (fault === 'lose') throw status(grpc.status.UNAVAILABLE, 'Connection reset');
  if (node.faults.answerDelay > 0) await wait(node.faults.answerDelay);
  switch (written.kind) {
    case 'written':
    case 'idempotent':
      return appended(written.last);
    case 'wrong-version':
      return wrongVersion(expected, written.current);
    case 'too-large':
      throw status(grpc.status.INVALID_ARGUMENT, `Maximum Append Size of ${written.limit} Exceeded.`, {
        exception: 'maximum-append-size-exceeded',
        'maximum-append-size': String(written.limit),
      });
  }
}

const nowhere = (stream: string, count: number) => ({
  stream,
  revision: BigInt(count - 1),
  position: 1n,
  end: 2n,
  created: 0n,
});

async function answerRead(node: Node, call: Read): Promise<void> {
  await admit(node, call);
  const options = call.request.getOptions()!;
  if (options.hasSubscription()) return follow(node, call, options);
  const events = options.hasAll() ? ofAll(node.log, options) : ofStream(node.log, options);
  if (events === undefined) call.write(notFound(nameOf(options.getStream()!.getStreamIdentifier())));
  for (const event of events ?? []) {
    if (call.cancelled) return;
    const more = call.write(eventRead(event, options, options.hasAll()));
    if (!more) await new Promise((resolve) => call.once('drain', resolve));
    if (node.faults.hang) await node.faults.pass();
  }
  call.end();
}

/** Forwards from an event on, backwards from before one: a position is where a record begins. */
function ofAll(log: RecordedLog, options: ReadReq.Options): Recorded[] {
  const all = options.getAll()!;
  const backwards = options.getReadDirection() === BACKWARDS;
  const from = all.hasPosition() ? BigInt(all.getPosition()!.getCommitPosition()) : undefined;
  const matches = filterOf(options);
  const limit = Number(options.getCount());
  const found: Recorded[] = [];
  const start = all.hasEnd() ? log.all.length : from === undefined ? 0 : firstFrom(log.all, from);
  if (backwards) {
    for (let index = start - 1; index >= 0 && found.length < limit; index--) {
      const event = log.all[index]!;
      if (matches(event)) found.push(event);
    }
  } else {
    for (let index = start; index < log.all.length && found.length < limit; index++) {
      const event = log.all[index]!;
      if (matches(event)) found.push(event);
    }
  }
  return found;
}

/** The index of the first event at or after a position. */
function firstFrom(all: readonly Recorded[], position: bigint): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle]!.position < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

function ofStream(log: RecordedLog, options: ReadReq.Options): readonly Recorded[] | undefined {
  const wanted = options.getStream()!;
  const events = log.stream(nameOf(wanted.getStreamIdentifier()));
  if (!events) return undefined;
  const limit = Number(options.getCount());
  const revision = wanted.hasRevision() ? Number(wanted.getRevision()) : undefined;
  if (options.getReadDirection() !== BACKWARDS)
    return events.slice(revision ?? (wanted.hasEnd() ? events.length : 0)).slice(0, limit);
  const end = wanted.hasStart() ? 1 : revision === undefined ? events.length : revision + 1;
  return events.slice(0, end).reverse().slice(0, limit);
}

function filterOf(options: ReadReq.Options): (event: Recorded) => boolean {
  const filter = options.getFilter();
  if (!filter) return () => true;
  const byStream = filter.hasStreamIdentifier();
  const expression = (byStream ? filter.getStreamIdentifier() : filter.getEventType())!;
  const subject = (event: Recorded): string => (byStream ? event.stream : event.type);
  const regex = expression.getRegex();
  if (regex !== '') {
    const compiled = new RegExp(regex);
    return (event) => compiled.test(subject(event));
  }
  const prefixes = expression.getPrefixList();
  return (event) => prefixes.some((prefix) => subject(event).startsWith(prefix));
}

/** A live subscription to `$all`: what is there from its position on, then what comes. */
async function follow(node: Node, call: Read, options: ReadReq.Options): Promise<void> {
  const matches = filterOf(options);
  const all = options.getAll()!;
  const from = all.hasPosition() ? BigInt(all.getPosition()!.getCommitPosition()) + 1n : 0n;
  const deliver = (events: readonly Recorded[]): void => {
    if (node.faults.unavailable || node.leaderElsewhere()) {
      fail(call, status(grpc.status.UNAVAILABLE, 'Server Is Not Ready'));
      return;
    }
    void node.faults.pass().then(() => {
      for (const event of events) if (!call.cancelled && matches(event)) call.write(eventRead(event, options, true));
    });
  };
  const forget = node.log.onStored(deliver);
  call.on('cancelled', forget);
  call.on('close', forget);
  call.on('error', forget);
  call.write(confirmed(randomUUID()));
  if (!all.hasEnd()) deliver(node.log.all.slice(firstFrom(node.log.all, from)));
}
