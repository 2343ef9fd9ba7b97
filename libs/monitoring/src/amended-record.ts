import { amendedVersion } from '@cairn/delivery/events';
import type { DomainEvent, Fact } from '@cairn/event-sourcing';

interface Held {
  readonly type: string;
  readonly occurredAt: string;
  readonly data: unknown;
}

/** An event by which one version of a record takes the place of another. */
type Amending<Record extends Held = Held> = Fact<
  DomainEvent<string, { readonly event: string; readonly record: Record }>
>;

/** The record as if it had been made in this version, by the amendment, when that was recorded. */
export type AmendedRecord<Event extends Amending> =
  Event extends Amending<infer Record>
    ? Record extends Held
      ? Fact<DomainEvent<Record['type'], Record['data']>>
      : never
    : never;

/**
 * What a fold takes in after it has voided the version that the amendment names (`withVoid`): an amendment is a void and a
 * record in one.
 */
export const amendedRecord = <Event extends Amending>(event: Event): AmendedRecord<Event> =>
  ({ ...event, ...amendedVersion(event.data) }) as unknown as AmendedRecord<Event>;
