import { type CommandOutcome, type Instant, type RecordedEvent } from '@cairn/event-sourcing';

type Accepted = Extract<CommandOutcome, { kind: 'accepted' }>;

/** A command's stream as whoever gave the command may know it. */
export interface KnownStream {
  /** Which of the events it is that may be known of, from 0. */
  rankOf(event: string): number | undefined;
  /** When the last of them was recorded. */
  readonly recordedAt: Instant | undefined;
}

/** A stream that may be known of as a whole. */
export const wholeStream = (stream: readonly RecordedEvent[]): KnownStream => {
  const ranks = new Map(stream.map(({ id }, index) => [id, index]));
  return { rankOf: (event) => ranks.get(event), recordedAt: stream.at(-1)?.recordedAt };
};

/**
 * What a blinded person is told of their command: positions are times of recording in milliseconds, revisions count what is
 * recorded in every arm alike, and the id is the one that they gave. The real ones count what only one arm has.
 */
export function blindedAnswer({ events }: Accepted, commandId: string, stream: KnownStream): Accepted {
  return {
    kind: 'accepted',
    position: BigInt(events.at(-1)?.recordedAt ?? stream.recordedAt ?? 0),
    events: events.map((event) => ({
      ...event,
      commandId,
      position: BigInt(event.recordedAt),
      revision: stream.rankOf(event.id) ?? 0,
    })),
  };
}
