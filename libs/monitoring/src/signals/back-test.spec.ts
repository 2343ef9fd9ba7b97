import { describe, expect, it } from '@jest/globals';
import { SignalRule } from '@cairn/signals/rule';
import { backTest, type BackTestSignal } from './back-test.js';
import { at, contact, discharged, factsOf } from './measures/spec-trial.js';

const meeting = { what: 'contact', settings: ['community'] };
const gapOf = (withinDays: number): SignalRule =>
  SignalRule.parse({
    rule: 'meeting_gap',
    title: 'Gap',
    severity: 'warning',
    condition: { kind: 'absence', after: [meeting], expected: meeting, withinDays, during: 'window' },
  });
const meetings = (unit: string, ...on: readonly string[]) => on.map((day) => contact(unit, day, {}, `${unit} ${day}`));
const facts = factsOf([
  ...discharged('P1', '2017-03-05'),
  ...meetings('P1', '2017-03-06', '2017-03-17', '2017-04-30'),
  ...discharged('P2', '2017-03-05', 'S2'),
  ...meetings('P2', '2017-03-06', '2017-03-22'),
]);
const year = { from: at('2017-01-01'), to: at('2018-01-01') };
const causes = (signals: readonly BackTestSignal[]) => signals.map(({ cause }) => cause);

describe('a back-test', () => {
  it('says what a draft raises that the rule in force does not, and the other way round', () => {
    const stricter = backTest(gapOf(10), gapOf(14), facts, year);
    expect(causes(stricter.added)).toEqual(['P1 2017-03-06']);
    expect(causes(stricter.both)).toEqual(['P2 2017-03-06', 'P1 2017-03-17', 'P2 2017-03-22', 'P1 2017-04-30']);
    expect(stricter.removed).toEqual([]);
    expect(stricter.draft).toHaveLength(5);
    const milder = backTest(gapOf(14), gapOf(10), facts, year);
    expect([causes(milder.added), causes(milder.removed)]).toEqual([[], ['P1 2017-03-06']]);
  });

  it('sets a draft that is new beside nothing', () => {
    const result = backTest(gapOf(14), undefined, facts, year);
    expect(result.inForce).toEqual([]);
    expect(result.added).toEqual(result.draft);
    expect(result.sites[0]?.inForce.raised).toBe(0);
  });

  it('counts by site and local month, sites and months without any included', () => {
    const span = { from: at('2017-03-01T00:00:00Z'), to: at('2017-05-01T00:00:00Z') };
    const { sites } = backTest(gapOf(14), gapOf(14), facts, span);
    const months = (march: number, april: number, may: number) => [
      { month: '2017-03', raised: march },
      { month: '2017-04', raised: april },
      // The first hour of May has begun in London when the span ends.
      { month: '2017-05', raised: may },
    ];
    expect(sites).toEqual([
      {
        site: 'S1',
        draft: { raised: 1, openAtEnd: 0, months: months(0, 1, 0) },
        inForce: { raised: 1, openAtEnd: 0, months: months(0, 1, 0) },
      },
      {
        site: 'S2',
        draft: { raised: 2, openAtEnd: 1, months: months(1, 1, 0) },
        inForce: { raised: 2, openAtEnd: 1, months: months(1, 1, 0) },
      },
      {
        site: 'S3',
        draft: { raised: 0, openAtEnd: 0, months: months(0, 0, 0) },
        inForce: { raised: 0, openAtEnd: 0, months: months(0, 0, 0) },
      },
    ]);
  });

  it('takes what began within the span, as it stood at its end', () => {
    const span = { from: at('2017-03-31T23:00:00Z'), to: at('2017-04-30') };
    const { draft } = backTest(gapOf(14), undefined, facts, span);
    // The first begins with the span, and the meeting that mends it is at its end.
    expect(draft.map(({ cause, until, end }) => [cause, until, end])).toEqual([
      ['P1 2017-03-17', undefined, undefined],
      ['P2 2017-03-22', undefined, undefined],
    ]);
    // By the end of the span the next one has not begun.
    const before = { ...span, to: at('2017-04-05T23:00:00Z') };
    expect(causes(backTest(gapOf(14), undefined, facts, before).draft)).toEqual(['P1 2017-03-17']);
    const later = { ...span, from: span.from + 1 };
    expect(causes(backTest(gapOf(14), undefined, facts, later).draft)).toEqual(['P2 2017-03-22']);
  });

  it('takes gaps of other causes for others, though they overlap', () => {
    const afterDischarge = SignalRule.parse({
      ...gapOf(14),
      condition: { ...gapOf(14).condition, after: [{ what: 'discharge' }] },
    });
    const before = factsOf([...discharged('P1', '2017-03-05'), ...meetings('P1', '2017-03-04')]);
    const { added, removed, both } = backTest(gapOf(14), afterDischarge, before, year);
    expect([causes(added), causes(removed), both]).toEqual([['P1 2017-03-04'], ['discharge P1'], []]);
  });

  it('takes thresholds for the same where their times overlap', () => {
    const falling = (factor: number) =>
      SignalRule.parse({
        rule: 'contacts_falling',
        title: 'Falling',
        severity: 'notice',
        condition: { kind: 'trend', measure: 'contacts', direction: 'falling', overDays: 14, factor },
      });
    const many = factsOf([
      ...discharged('P1', '2017-01-20'),
      ...Array.from({ length: 40 }, (_, index) =>
        contact('P1', new Date(at('2017-01-21') + index * 86_400_000).toISOString()),
      ),
    ]);
    const result = backTest(falling(4), falling(2), many, year);
    expect(result.draft.length).toBeGreaterThan(0);
    expect(result.draft.map(({ from }) => from)).not.toEqual(result.inForce.map(({ from }) => from));
    expect([result.added, result.removed, result.both]).toEqual([[], [], result.draft]);
  });

  it('of no time has no month', () => {
    expect(backTest(gapOf(14), undefined, facts, { from: 5, to: 5 }).sites[0]?.draft.months).toEqual([]);
  });
});
