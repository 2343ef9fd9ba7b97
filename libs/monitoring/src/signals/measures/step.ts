import type { Instant } from '@cairn/event-sourcing';
import type { SignalNumbers } from '@cairn/signals/events';

/** What a measure says from an instant on, until its next step. */
export interface Step {
  readonly at: Instant;
  /** Null where it is not defined. */
  readonly value: number | null;
  /** What it is made of; it says nothing below `atLeast` of a rule. */
  readonly denominator: number;
  /** What it is made of, by name. */
  readonly numbers: SignalNumbers;
  /** The records that contributed; worked out only where it is asked for. */
  readonly records: () => readonly Contributing[];
}

/** The version of a record that contributed. */
export interface Contributing {
  readonly event: string;
  readonly occurredAt: Instant;
}

const MOST_EVENTS = 50;

/** Ids of what contributed, the earliest first; of more than 50 the latest. */
export const eventsOf = (records: readonly Contributing[]): readonly string[] =>
  [...records]
    .sort((a, b) => a.occurredAt - b.occurredAt || (a.event < b.event ? -1 : 1))
    .slice(-MOST_EVENTS)
    .map(({ event }) => event);

/** A time through which steps are beyond something. */
export interface Run<S> {
  /** The step with which it begins. */
  readonly first: S;
  /** When the next step is that is not; undefined when there is none. */
  readonly until: Instant | undefined;
}

/** The longest times through which steps, given in their order, are beyond something. */
export function runsBeyond<S extends { readonly at: Instant }>(
  steps: readonly S[],
  isBeyond: (step: S) => boolean,
): readonly Run<S>[] {
  const runs: Run<S>[] = [];
  let first: S | undefined;
  for (const step of steps) {
    if (isBeyond(step)) {
      first ??= step;
    } else if (first) {
      runs.push({ first, until: step.at });
      first = undefined;
    }
  }
  return first ? [...runs, { first, until: undefined }] : runs;
}

/** A hundred times a share; null of nothing. Exact where the percentage is a whole number. */
export const perCent = (part: number, whole: number): number | null => (whole === 0 ? null : (100 * part) / whole);
