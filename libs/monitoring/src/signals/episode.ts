import type { Instant } from '@cairn/event-sourcing';
import type { SignalNumbers, SignalSubject } from '@cairn/signals/events';

/**
 * A time through which a rule's condition holds of a subject. What is on record says when it begins, and it may begin in
 * the future: it will, unless something is recorded before.
 *
 * *Causal*: with only what had occurred before an instant, the episodes that began before it are the same, but for `until`,
 * `numbers` and `events`.
 */
export interface Episode {
  readonly subject: SignalSubject;
  readonly site: string;
  /** The same for the same cause: ids of records in their first version, never of amendments. */
  readonly cause: string;
  /** From this instant on. */
  readonly from: Instant;
  /** Exclusive, later than `from`; undefined while nothing on record ends it. */
  readonly until: Instant | undefined;
  /** What ends it. */
  readonly end: 'cause_gone' | 'over' | undefined;
  readonly numbers: SignalNumbers;
  /** Ids of the events that hold what contributed, the earliest first; 50 at the most. */
  readonly events: readonly string[];
}
