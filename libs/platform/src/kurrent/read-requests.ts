import sharedPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import streamsPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { ReadReq } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';

export type Direction = 'forwards' | 'backwards';

/** Which part of a stream. */
export interface StreamRead {
  readonly stream: string;
  readonly direction: Direction;
  /** Inclusive; undefined: from its start, or backwards from its end. */
  readonly from: number | undefined;
  readonly limit: number;
}

/** Which part of `$all`. */
export interface AllRead {
  readonly direction: Direction;
  /** Forwards inclusive, backwards exclusive, as the server has it; undefined: from the start, or backwards from the end. */
  readonly from: bigint | undefined;
  readonly limit: number;
  /** Streams by what their names begin with, or by a regular expression for their names. */
  readonly streams: { readonly prefix: string } | { readonly regex: string };
}

const empty = () => new sharedPb.Empty();

export function streamRead({ stream, direction, from, limit }: StreamRead): ReadReq {
  const part = new streamsPb.ReadReq.Options.StreamOptions();
  part.setStreamIdentifier(new sharedPb.StreamIdentifier().setStreamName(new TextEncoder().encode(stream)));
  if (from !== undefined) part.setRevision(String(from));
  else if (direction === 'forwards') part.setStart(empty());
  else part.setEnd(empty());
  const options = optionsOf(direction, limit);
  options.setStream(part);
  options.setNoFilter(empty());
  return new streamsPb.ReadReq().setOptions(options);
}

export function allRead({ direction, from, limit, streams }: AllRead): ReadReq {
  const part = new streamsPb.ReadReq.Options.AllOptions();
  if (from !== undefined) {
    // Every event of ours was committed by its own record: both positions are the same.
    const position = new streamsPb.ReadReq.Options.Position();
    part.setPosition(position.setCommitPosition(String(from)).setPreparePosition(String(from)));
  } else if (direction === 'forwards') part.setStart(empty());
  else part.setEnd(empty());
  const expression = new streamsPb.ReadReq.Options.FilterOptions.Expression();
  if ('prefix' in streams) expression.addPrefix(streams.prefix);
  else expression.setRegex(streams.regex);
  const filter = new streamsPb.ReadReq.Options.FilterOptions();
  filter.setStreamIdentifier(expression);
  filter.setCount(empty());
  filter.setCheckpointintervalmultiplier(1);
  const options = optionsOf(direction, limit);
  options.setAll(part);
  options.setFilter(filter);
  return new streamsPb.ReadReq().setOptions(options);
}

function optionsOf(direction: Direction, limit: number): ReadReq.Options {
  const { FORWARDS, BACKWARDS } = streamsPb.ReadReq.Options.ReadDirection;
  const options = new streamsPb.ReadReq.Options();
  options.setReadDirection(direction === 'forwards' ? FORWARDS : BACKWARDS);
  options.setResolveLinks(false);
  options.setCount(String(limit));
  options.setUuidOption(new streamsPb.ReadReq.Options.UUIDOption().setString(empty()));
  return options;
}
