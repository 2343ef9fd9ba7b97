import type { Fact, Instant } from '@cairn/event-sourcing';
import type { SignalEvent } from './events.js';
import { type SignalAt, signalAt, type SignalDocument, signalsProjection } from './signals-projection.js';
import { signalsSpecimen } from './signals-specimen.js';

const day = (n: number): Instant => Date.UTC(2018, 0, 1 + n);
const [specimen] = signalsSpecimen;
const { until: _, ...data } = (specimen as Extract<SignalEvent, { type: 'SignalRaised' }>).data;
const { ruleVersion: _version, cause: _cause, numbers: _numbers, events: _events, ...of } = data;

/** Something that happened on a day, and was recorded on one. */
type Step = readonly [event: Pick<SignalEvent, 'type' | 'data'>, occurred: number, recorded?: number];

const folded = (...steps: readonly Step[]): SignalDocument =>
  steps
    .map(
      ([event, occurred, recorded = occurred], revision) =>
        ({
          ...specimen,
          ...event,
          revision,
          occurredAt: day(occurred),
          recordedAt: day(recorded),
        }) as Fact<SignalEvent>,
    )
    .reduce<SignalDocument | undefined>((document, event) => signalsProjection.evolve(document, event), undefined)!;

const raised = { type: 'SignalRaised', data } as const;
const cleared = { type: 'SignalCleared', data: { ...of, why: 'cause_gone' } } as const;
const returned = { type: 'SignalReturned', data: of } as const;
const assigned = { type: 'SignalAssigned', data: { ...of, person: 'ann' } } as const;
const resolved = { type: 'SignalResolved', data: { ...of, outcome: 'true_problem' } } as const;

const asOf = (document: SignalDocument, asOfDay: number, knownAt = Infinity): SignalAt | undefined =>
  signalAt(document, { asOf: day(asOfDay), knownAt: knownAt === Infinity ? Infinity : day(knownAt) });

describe('a signal', () => {
  const life = folded([raised, 0, 3], [assigned, 4], [cleared, 10, 12], [returned, 15], [resolved, 30]);

  it('is what it was at a moment', () => {
    expect([-1, 0, 4, 9, 10, 15, 30].map((at) => asOf(life, at)?.signal.kind)).toEqual([
      undefined,
      'raised',
      'assigned',
      'assigned',
      'cleared',
      'raised',
      'resolved',
    ]);
  });
  it('is what was known of it at a time', () => {
    expect([2, 3, 4, 11, 12].map((at) => asOf(life, 11, at)?.signal.kind)).toEqual([
      undefined,
      'raised',
      'assigned',
      'assigned',
      'cleared',
    ]);
  });
  it('stood from when it began until it was over, and again from when it returned', () => {
    expect(asOf(life, 9)!.stood).toEqual([{ from: day(0), until: undefined }]);
    expect(asOf(life, 14)!.stood).toEqual([{ from: day(0), until: day(10) }]);
    expect(asOf(life, 20)!.stood.at(-1)).toEqual({ from: day(15), until: undefined });
    expect(asOf(life, 40)!.stood).toEqual([
      { from: day(0), until: day(10) },
      { from: day(15), until: day(30) },
    ]);
    const neverSo = folded([raised, 5], [cleared, 2, 6]);
    expect(asOf(neverSo, 9)!.stood).toEqual([{ from: day(5), until: day(5) }]);
  });
  it('that was over before it was found stood until then', () => {
    const late = folded([{ ...raised, data: { ...data, until: '2018-01-15T00:00:00Z' } }, 0, 40]);
    expect(asOf(late, 13)!.signal.kind).toBe('raised');
    expect(asOf(late, 14)!.signal.kind).toBe('cleared');
    expect(asOf(late, 99)!.stood).toEqual([{ from: day(0), until: day(14) }]);
    expect(asOf(late, 99, 39)).toBeUndefined();
  });
  it('keeps who did what and when', () => {
    const { entries } = folded([raised, 0, 3]);
    expect(entries).toEqual([
      { type: 'SignalRaised', data, occurredAt: day(0), recordedAt: day(3), actor: specimen!.actor, id: specimen!.id },
    ]);
  });
});
