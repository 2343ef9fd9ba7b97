import type { ReadResp } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';

/** An event as the server gives it. */
export interface RawEvent {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  /** Of its record in `$all`; undefined where a stream was read. */
  readonly position: bigint | undefined;
  /** When the server took it, in milliseconds. Each event of an append has its own. */
  readonly created: number;
  readonly data: Buffer;
  readonly metadata: Buffer;
}

/** What the server says for "no position". */
const NO_POSITION = 2n ** 64n - 1n;
const TICKS_PER_MILLISECOND = 10_000n;

/** The event of an answer to a read; undefined for answers that hold none. */
export function rawEvent(response: ReadResp): RawEvent | undefined {
  const recorded = response.getEvent()?.getEvent();
  if (!recorded) return undefined;
  const properties = recorded.getMetadataMap();
  const position = BigInt(recorded.getCommitPosition());
  return {
    stream: Buffer.from(recorded.getStreamIdentifier()!.getStreamName_asU8()).toString('utf8'),
    revision: Number(recorded.getStreamRevision()),
    id: recorded.getId()!.getString(),
    type: properties.get('type') ?? '',
    position: position === NO_POSITION ? undefined : position,
    created: Number(BigInt(properties.get('created') ?? 0) / TICKS_PER_MILLISECOND),
    data: Buffer.from(recorded.getData_asU8()),
    metadata: Buffer.from(recorded.getCustomMetadata_asU8()),
  };
}
