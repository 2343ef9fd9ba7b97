import type { Instant } from '@cairn/event-sourcing';

/** A time with a beginning, and an end that is not in it. */
export interface Span {
  readonly from: Instant;
  readonly until: Instant;
  /** Tells several spans of one subject apart, by what began them; empty for the first one. */
  readonly key: string;
}

/** The parts of spans that lie in another one. */
export const within = ({ from, until }: Omit<Span, 'key'>, spans: readonly Span[]): readonly Span[] =>
  spans
    .map((span) => ({ ...span, from: Math.max(from, span.from), until: Math.min(until, span.until) }))
    .filter((span) => span.from < span.until);

/** Spans as few as they can be: what overlaps or touches is one, with the key of what begins it. */
export function merged(spans: readonly Span[]): readonly Span[] {
  const merging: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from || (a.key < b.key ? -1 : Number(a.key > b.key)))) {
    const last = merging.at(-1);
    if (last === undefined || span.from > last.until) merging.push(span);
    else merging[merging.length - 1] = { ...last, until: Math.max(last.until, span.until) };
  }
  return merging;
}

/** Always, for what is limited by nothing. */
export const ALWAYS: Span = { from: -Infinity, until: Infinity, key: '' };
