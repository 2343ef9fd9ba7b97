import type { Instant } from '@cairn/event-sourcing';

/** A record that counts towards a part of a measure through a time. */
export interface Counted<Part extends string> {
  readonly part: Part;
  readonly from: Instant;
  /** Exclusive; where it is not later than `from`, the record counts at no time. */
  readonly until: Instant;
  /** How much it counts; absent: 1. */
  readonly amount?: number;
  readonly record: { readonly event: string; readonly occurredAt: Instant };
}

export type Counts<Part extends string> = Readonly<Record<Part, number>>;

/** What is counted from an instant on. */
export interface CountStep<Part extends string> {
  readonly at: Instant;
  readonly counts: Counts<Part>;
}

/** The counts from each instant on at which one of them changes, or could; the earliest first. */
export function countSteps<Part extends string>(
  parts: readonly Part[],
  counted: Iterable<Counted<Part>>,
): readonly CountStep<Part>[] {
  const changes = new Map<Instant, Record<Part, number>>();
  const none = Object.fromEntries(parts.map((part) => [part, 0])) as Record<Part, number>;
  const change = (at: Instant, part: Part, amount: number): void => {
    if (!Number.isFinite(at)) return;
    let changed = changes.get(at);
    if (!changed) changes.set(at, (changed = { ...none }));
    changed[part] += amount;
  };
  for (const { part, from, until, amount = 1 } of counted) {
    if (until <= from) continue;
    change(from, part, amount);
    change(until, part, -amount);
  }
  const counts = { ...none };
  return [...changes]
    .sort(([a], [b]) => a - b)
    .map(([at, changed]) => {
      for (const part of parts) counts[part] += changed[part];
      return { at, counts: { ...counts } };
    });
}

/** What counts towards some parts at an instant. */
export const countedAt = <Part extends string>(
  counted: readonly Counted<Part>[],
  parts: readonly Part[],
  at: Instant,
): readonly Counted<Part>['record'][] =>
  counted
    .filter(({ part, from, until }) => from <= at && at < until && parts.includes(part))
    .map(({ record }) => record);
