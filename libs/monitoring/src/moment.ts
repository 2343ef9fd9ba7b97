import type { Instant } from '@cairn/event-sourcing';

/**
 * From where a read model is looked at: what had happened by `asOf` (occurredAt), as far as it had been recorded by
 * `knownAt` (recordedAt). Both ends are inclusive.
 */
export interface Moment {
  readonly asOf: Instant;
  /** `Infinity` for everything that is recorded. */
  readonly knownAt: Instant;
}

/**
 * The present as a live table shows it. `knownAt` is not `now`: the store's clock may be a little ahead of the reader's,
 * and what has just been recorded must not be hidden for that long.
 */
export const present = (now: Instant): Moment => ({ asOf: now, knownAt: Infinity });

/** Something that was recorded, and perhaps declared void later. */
export interface RecordedFact {
  /** Id of the event. */
  readonly event: string;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  /** When its void was recorded; from then on it counts for nothing. */
  readonly voidedAt?: Instant;
}

/** Whether a fact was on record, and not voided, at `knownAt`. */
export const isKnown = (fact: RecordedFact, knownAt: Instant): boolean =>
  fact.recordedAt <= knownAt && !(fact.voidedAt !== undefined && fact.voidedAt <= knownAt);

/** The facts that count at a moment, in the order in which they were recorded. */
export const factsAt = <F extends RecordedFact>(facts: readonly F[], moment: Moment): readonly F[] =>
  facts.filter((fact) => fact.occurredAt <= moment.asOf && isKnown(fact, moment.knownAt));

/** When each fact, and each void of one, was recorded. */
export const timesOfRecord = (facts: readonly RecordedFact[]): readonly Instant[] =>
  facts.flatMap(({ recordedAt, voidedAt }) => (voidedAt === undefined ? [recordedAt] : [recordedAt, voidedAt]));

/** The first instant from which on every fact is known as it is today. */
export function lastChange(facts: readonly RecordedFact[]): Instant {
  let last = -Infinity;
  for (const fact of facts) last = Math.max(last, fact.recordedAt, fact.voidedAt ?? -Infinity);
  return last;
}

/**
 * The facts after a void was recorded. A void of something that is not among them changes nothing, and of two voids the
 * first one holds.
 */
export const withVoid = <F extends RecordedFact>(
  facts: readonly F[],
  event: string,
  recordedAt: Instant,
): readonly F[] =>
  facts.map((fact) => (fact.event === event && fact.voidedAt === undefined ? { ...fact, voidedAt: recordedAt } : fact));
