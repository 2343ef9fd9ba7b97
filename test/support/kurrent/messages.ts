import sharedPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import streamsPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { StreamIdentifier } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import type { Expected, Proposed, Recorded } from './recorded-log.js';

/** What a server says where a stream is read: its events have no position there, which is written as the largest one. */
const NO_POSITION = (2n ** 64n - 1n).toString();

export const nameOf = (identifier: StreamIdentifier | undefined): string =>
  Buffer.from(identifier!.getStreamName_asU8()).toString('utf8');

export function expectedOf(options: AppendReq.Options): Expected {
  if (options.hasRevision()) return BigInt(options.getRevision());
  if (options.hasNoStream()) return 'no_stream';
  return options.hasStreamExists() ? 'stream_exists' : 'any';
}

export function proposedOf(message: AppendReq.ProposedMessage): Proposed {
  const map = message.getMetadataMap();
  return {
    id: message.getId()!.getString(),
    type: map.get('type')!,
    contentType: map.get('content-type')!,
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

export function appended(last: Recorded): AppendResp {
  const position = new streamsPb.AppendResp.Position();
  position.setCommitPosition(last.position.toString());
  position.setPreparePosition(last.position.toString());
  const success = new streamsPb.AppendResp.Success();
  success.setCurrentRevision(last.revision.toString());
  success.setPosition(position);
  return new streamsPb.AppendResp().setSuccess(success);
}

export function wrongVersion(expected: Expected, current: bigint | undefined): AppendResp {
  const wrong = new streamsPb.AppendResp.WrongExpectedVersion();
  if (current === undefined) wrong.setCurrentNoStream(new sharedPb.Empty());
  else wrong.setCurrentRevision(current.toString());
  if (expected === 'any') wrong.setExpectedAny(new sharedPb.Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new sharedPb.Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new sharedPb.Empty());
  else wrong.setExpectedRevision(expected.toString());
  return new streamsPb.AppendResp().setWrongExpectedVersion(wrong);
}

/** @param options says in which form ids are wanted: the client's two halves want two. */
export function eventRead(event: Recorded, options: ReadReq.Options, positioned: boolean): ReadResp {
  const position = positioned ? event.position.toString() : NO_POSITION;
  const recorded = new streamsPb.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(uuid(event.id, options.getUuidOption()?.hasString() ?? false));
  recorded.setStreamIdentifier(identifier(event.stream));
  recorded.setStreamRevision(event.revision.toString());
  recorded.setCommitPosition(position);
  recorded.setPreparePosition(position);
  recorded.setData(event.data);
  recorded.setCustomMetadata(event.metadata);
  const map = recorded.getMetadataMap();
  map.set('type', event.type);
  map.set('content-type', event.contentType);
  map.set('created', event.created.toString());
  const read = new streamsPb.ReadResp.ReadEvent();
  read.setEvent(recorded);
  if (positioned) read.setCommitPosition(position);
  else read.setNoPosition(new sharedPb.Empty());
  return new streamsPb.ReadResp().setEvent(read);
}

export function notFound(stream: string): ReadResp {
  const missing = new streamsPb.ReadResp.StreamNotFound().setStreamIdentifier(identifier(stream));
  return new streamsPb.ReadResp().setStreamNotFound(missing);
}

export const confirmed = (id: string): ReadResp =>
  new streamsPb.ReadResp().setConfirmation(new streamsPb.ReadResp.SubscriptionConfirmation().setSubscriptionId(id));

const identifier = (stream: string): StreamIdentifier =>
  new sharedPb.StreamIdentifier().setStreamName(new TextEncoder().encode(stream));

function uuid(id: string, asText: boolean) {
  const result = new sharedPb.UUID();
  if (asText) return result.setString(id);
  const bits = Buffer.from(id.replaceAll('-', ''), 'hex');
  const structured = new sharedPb.UUID.Structured();
  structured.setMostSignificantBits(bits.readBigInt64BE(0).toString());
  structured.setLeastSignificantBits(bits.readBigInt64BE(8).toString());
  return result.setStructured(structured);
}
