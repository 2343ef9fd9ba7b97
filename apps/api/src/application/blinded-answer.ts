import { isNeutral, type ParticipantEvent, participantEventTypes } from '@cairn/delivery';
import { type CommandOutcome, EventCatalogue, type RecordedEvent } from '@cairn/event-sourcing';

type Accepted = Extract<CommandOutcome, { kind: 'accepted' }>;

const participantEvents = new EventCatalogue(participantEventTypes);
const isOfParticipant = new Set<string>(participantEventTypes.map(({ type }) => type));

/**
 * What a blinded person is told of their command: positions are times of recording in milliseconds, revisions count what is
 * recorded in every arm alike, and the id is the one that they gave. The real ones count what only one arm has.
 * @param stream all events of the command's stream that the person might know of, or all where they are not blinded
 */
export function blindedAnswer({ events }: Accepted, commandId: string, stream: readonly RecordedEvent[]): Accepted {
  const rank = new Map(stream.map(({ id }, index) => [id, index]));
  const last = events.at(-1) ?? stream.at(-1);
  return {
    kind: 'accepted',
    position: BigInt(last?.recordedAt ?? 0),
    events: events.map((event) => ({
      ...event,
      commandId,
      position: BigInt(event.recordedAt),
      revision: rank.get(event.id) ?? 0,
    })),
  };
}

/** Of a stream, what is recorded whichever arm a participant is in. Only participants have arms. */
export function neutralEvents(stream: readonly RecordedEvent[]): readonly RecordedEvent[] {
  if (!stream.some(({ type }) => isOfParticipant.has(type))) return stream;
  const decoded = new Map(
    stream.map((event) => [event.id, participantEvents.decode(event) as unknown as ParticipantEvent]),
  );
  return stream.filter(({ id }) => isNeutral(decoded.get(id)!, (event) => decoded.get(event)));
}
