import type { DeliveryEvent } from '@cairn/delivery/events';
import { type Fact, type Instant, parseInstant, type Position } from '@cairn/event-sourcing';

/** What a site records, without the corrections of it. */
export type RecordEvent = Exclude<DeliveryEvent, { readonly type: `${string}Voided` | `${string}Amended` }>;

interface Version {
  /** Id of the event that holds this version, by which it is voided or amended. */
  readonly event: string;
  /** Id of the event that recorded it first. */
  readonly record: string;
  /** Where the event of this version is in the log. */
  readonly position: Position;
  /** When the first version was recorded: an amendment makes no late entry of a timely one. */
  readonly firstRecordedAt: Instant;
}

/** A record as one event has it: as it was first recorded, or as an amendment made it. */
export type RecordVersion<E extends RecordEvent = RecordEvent> = E extends RecordEvent ? E & Version : never;

/** A version of one type. */
export type VersionOf<Type extends RecordEvent['type']> = RecordVersion<Extract<RecordEvent, { type: Type }>>;

/**
 * The versions that stand after some events, in the order of the log. A void strikes the version that it names; an
 * amendment strikes one too, and is itself the next. A correction of something that is not there strikes nothing.
 */
export function standingVersions(events: readonly Fact<DeliveryEvent>[]): readonly RecordVersion[] {
  const versions = new Map<string, RecordVersion>();
  const struck = new Set<string>();
  for (const event of events) {
    switch (event.type) {
      case 'ParticipantRecordVoided':
      case 'SiteRecordVoided':
      case 'TrainingVoided':
        struck.add(event.data.event);
        break;
      case 'ParticipantRecordAmended':
      case 'SiteRecordAmended':
      case 'TrainingAmended': {
        const { event: target, record } = event.data;
        struck.add(target);
        const before = versions.get(target);
        const version = { ...record, occurredAt: instantOf(record.occurredAt) } as RecordEvent;
        versions.set(event.id, versionOf(version, event, before));
        break;
      }
      default:
        versions.set(event.id, versionOf(event, event));
    }
  }
  return [...versions.values()].filter((version) => !struck.has(version.event));
}

const versionOf = (
  { type, occurredAt, data }: RecordEvent,
  { id, position, recordedAt }: Fact<DeliveryEvent>,
  before?: RecordVersion,
): RecordVersion =>
  ({
    type,
    occurredAt,
    data,
    event: id,
    position,
    record: before?.record ?? id,
    firstRecordedAt: before?.firstRecordedAt ?? recordedAt,
  }) as RecordVersion;

/** A time inside an event's data; its shape makes sure that it is one. */
export function instantOf(timestamp: string): Instant {
  const instant = parseInstant(timestamp);
  if (instant === undefined) throw new Error(`Not an RFC 3339 timestamp: ${timestamp}`);
  return instant;
}

/** The versions of one type. */
export const ofType = <Type extends RecordEvent['type']>(
  versions: readonly RecordVersion[],
  type: Type,
): readonly VersionOf<Type>[] => versions.filter((version): version is VersionOf<Type> => version.type === type);

/** The earliest that happened; of two at the same time, the one recorded first. */
export function earliestOf<V extends RecordVersion>(versions: readonly V[]): V | undefined {
  let found: V | undefined;
  for (const version of versions) if (found === undefined || version.occurredAt < found.occurredAt) found = version;
  return found;
}
