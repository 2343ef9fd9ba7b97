import { type Fact, type Instant, parseInstant, type Projection } from '@cairn/event-sourcing';
import { type SignalEvent, signalEventTypes } from './events.js';
import { evolveSignal, isStanding, noSignal, type Signal } from './signal.js';
import { signalsSpecimen } from './signals-specimen.js';

/** Something that became of a signal, as it was recorded. */
export type SignalEntry = SignalEvent & Pick<Fact<SignalEvent>, 'id' | 'recordedAt' | 'actor'>;

/** A signal with all that became of it, in the order in which it was recorded. */
export interface SignalDocument {
  readonly entries: readonly SignalEntry[];
}

/** The read model `signals`: of each signal everything that was recorded, so that it can be asked for as of any moment. */
export const signalsProjection: Projection<SignalDocument, SignalEvent> = {
  name: 'signals',
  version: 1,
  eventTypes: signalEventTypes.map(({ type }) => type),
  keyOf: ({ data: { trial, signal } }) => ({ scope: trial, id: signal }),
  evolve: (document, event) => ({ entries: [...(document?.entries ?? []), entryOf(event)] }),
  specimen: signalsSpecimen,
};

const entryOf = ({ type, occurredAt, data, id, recordedAt, actor }: Fact<SignalEvent>): SignalEntry =>
  ({ type, occurredAt, data, id, recordedAt, actor }) as SignalEntry;

type RaisedEntry = Extract<SignalEntry, { readonly type: 'SignalRaised' }>;

/** A signal as it stood at a moment, and how it came to that. */
export interface SignalAt {
  readonly signal: Exclude<Signal, { kind: 'none' }>;
  readonly raised: RaisedEntry;
  /** What became of it by then, the first being that it was raised. */
  readonly entries: readonly SignalEntry[];
  /** When it stood, the first time first; there may be no time between `from` and `until`, if it was never so. */
  readonly stood: readonly [StandingTime, ...StandingTime[]];
}

/** A time through which a signal stood. */
export interface StandingTime {
  /** When what it tells of began, or began again. */
  readonly from: Instant;
  /** Exclusive; undefined while it stands. */
  readonly until: Instant | undefined;
}

/**
 * A signal as it stood at a moment: what had happened by `asOf`, as far as it was recorded by `knownAt`, both inclusive.
 * @returns undefined when it was not raised by then
 */
export function signalAt(
  { entries: all }: SignalDocument,
  { asOf, knownAt }: { readonly asOf: Instant; readonly knownAt: Instant },
): SignalAt | undefined {
  const entries = all.filter(({ occurredAt, recordedAt }) => occurredAt <= asOf && recordedAt <= knownAt);
  const [raised] = entries;
  if (raised?.type !== 'SignalRaised') return undefined;
  const over = raised.data.until === undefined ? undefined : parseInstant(raised.data.until)!;
  // What was found only when it was over stood all the same until then.
  const first: SignalEntry = over !== undefined && over > asOf ? standing(raised) : raised;
  const stood: StandingTime[] = [
    { from: raised.occurredAt, until: over !== undefined && over <= asOf ? over : undefined },
  ];
  let signal: Signal = evolveSignal(noSignal, first);
  for (const entry of entries.slice(1)) {
    const stands = isStanding(signal);
    signal = evolveSignal(signal, entry);
    if (stands && !isStanding(signal)) {
      const { from } = stood.pop()!;
      stood.push({ from, until: Math.max(from, entry.occurredAt) });
    }
    if (!stands && isStanding(signal)) stood.push({ from: entry.occurredAt, until: undefined });
  }
  if (signal.kind === 'none') return undefined;
  return { signal, raised, entries, stood: stood as [StandingTime, ...StandingTime[]] };
}

const standing = (raised: RaisedEntry): RaisedEntry => {
  const { until: _, ...data } = raised.data;
  return { ...raised, data };
};
