import { type Instant, parseInstant } from '@cairn/event-sourcing';
import type { DeliveryEvent } from './events.js';
import type { ParticipantFact } from './participant.js';
import type { SiteRecordFact } from './site-record.js';
import type { TrainingFact } from './training.js';

/** A record in one of its versions: as it was made, or as an amendment left it. */
export type DeliveryFact = ParticipantFact | SiteRecordFact | TrainingFact;

/** A version as an amendment holds it, where its time is text. */
interface HeldVersion {
  readonly type: string;
  readonly occurredAt: string;
  readonly data: unknown;
}

/** The same in the shape that an event has. */
type Version<Held extends HeldVersion> = Held extends HeldVersion
  ? { readonly type: Held['type']; readonly occurredAt: Instant; readonly data: Held['data'] }
  : never;

/** The version that an amendment puts in the place of the one that it names, in the shape of a record just made. */
export const amendedVersion = <Held extends HeldVersion>({ record }: { readonly record: Held }): Version<Held> =>
  ({ ...record, occurredAt: parseInstant(record.occurredAt)! }) as unknown as Version<Held>;

/** The version that an event holds; undefined for a void, which holds none. */
export function versionIn(event: DeliveryEvent): DeliveryFact | undefined {
  switch (event.type) {
    case 'ParticipantRecordVoided':
    case 'SiteRecordVoided':
    case 'TrainingVoided':
      return undefined;
    case 'ParticipantRecordAmended':
      return amendedVersion(event.data);
    case 'SiteRecordAmended':
      return amendedVersion(event.data);
    case 'TrainingAmended':
      return amendedVersion(event.data);
    default: {
      const { type, occurredAt, data } = event;
      return { type, occurredAt, data } as DeliveryFact;
    }
  }
}
