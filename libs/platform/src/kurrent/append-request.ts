import sharedPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import streamsPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { AppendReq, AppendResp } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';

/** An event as it is handed over; its data is binary. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata?: string;
}

/** The last event of an append, or what the stream's last revision is where it should have been another. */
export type Written =
  | { readonly kind: 'written'; readonly position: bigint | undefined }
  | { readonly kind: 'wrong-version'; readonly actual: number | undefined };

/** @param after the stream's last revision; undefined: there must be no such stream */
export function appendRequests(
  stream: string,
  after: number | undefined,
  events: readonly ProposedEvent[],
): AppendReq[] {
  const options = new streamsPb.AppendReq.Options();
  options.setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(bytes(stream)));
  if (after === undefined) options.setNoStream(new sharedPb.Empty());
  else options.setRevision(String(after));
  return [new streamsPb.AppendReq().setOptions(options), ...events.map(proposed)];
}

export function written(response: AppendResp): Written {
  if (response.hasWrongExpectedVersion()) {
    const wrong = response.getWrongExpectedVersion()!;
    return {
      kind: 'wrong-version',
      actual: wrong.hasCurrentRevision() ? Number(wrong.getCurrentRevision()) : undefined,
    };
  }
  const position = response.getSuccess()?.getPosition();
  return { kind: 'written', position: position && BigInt(position.getCommitPosition()) };
}

function proposed({ id, type, data, metadata }: ProposedEvent): AppendReq {
  const message = new streamsPb.AppendReq.ProposedMessage();
  message.setId(new sharedPb.UUID().setString(id));
  message.getMetadataMap().set('type', type).set('content-type', 'application/octet-stream');
  message.setData(bytes(data));
  if (metadata !== undefined) message.setCustomMetadata(bytes(metadata));
  return new streamsPb.AppendReq().setProposedMessage(message);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
