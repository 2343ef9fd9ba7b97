import { describe, expect, it } from '@jest/globals';
import { present } from './moment.js';
import {
  fidelityProjection,
  type FidelityAssessment,
  nextAssessment,
  type SiteAssessments,
  siteFidelity,
} from './site-fidelity.js';
import { specimenId } from './specimen.js';

const instrument = { instrument: 'index', minimum: 3, maximum: 12, notBeforeMonthsOfDelivery: 6 };
const later = Date.parse('2020-01-01T00:00:00Z');
let events = 0;
const assessed = (on: string, rated: Partial<FidelityAssessment>): FidelityAssessment => ({
  event: `event ${events++}`,
  occurredAt: Date.parse(on),
  recordedAt: Date.parse(on),
  instrument: 'index',
  rater: 'R1',
  ...rated,
});
const seen = (
  assessments: readonly FidelityAssessment[],
  how: { readonly itemAggregation?: 'sum' | 'mean'; readonly openedOn?: string; readonly asOf?: number } = {},
) =>
  siteFidelity(
    { assessments },
    how.openedOn,
    {
      timeZone: 'Europe/London',
      protocol: { fidelity: { ...instrument, ...(how.itemAggregation && { itemAggregation: how.itemAggregation }) } },
    },
    present(how.asOf ?? later),
  );
const items = [
  { item: 'trust', value: 2 },
  { item: 'choice', value: 3 },
];

describe("a site's fidelity", () => {
  it('is the mean over the raters of the latest day', () => {
    const assessments = [
      assessed('2017-11-05T00:00:00Z', { total: 10 }),
      assessed('2018-05-04T23:30:00Z', { total: 9 }),
      assessed('2018-05-05T09:00:00Z', { total: 8, rater: 'R2' }),
      assessed('2018-06-01T09:00:00Z', { total: 3, instrument: 'another' }),
    ];
    expect(seen(assessments)).toEqual({ value: 8.5, assessedOn: '2018-05-05', raters: ['R1', 'R2'], early: false });
    expect(seen(assessments, { asOf: Date.parse('2018-01-01T00:00:00Z') })?.value).toBe(10);
    expect(seen(assessments, { asOf: 0 })).toBeUndefined();
  });

  it("takes a rater's last word of the day", () => {
    const assessments = [
      assessed('2018-05-05T11:00:00Z', { total: 9 }),
      assessed('2018-05-05T09:00:00Z', { total: 4 }),
    ];
    expect(seen(assessments)?.value).toBe(9);
  });

  it('makes a total of items only where the protocol says how', () => {
    const assessments = [assessed('2018-05-05T09:00:00Z', { items })];
    expect(seen(assessments)).toBeUndefined();
    expect(seen(assessments, { itemAggregation: 'sum' })?.value).toBe(5);
    expect(seen(assessments, { itemAggregation: 'mean' })?.value).toBe(2.5);
    expect(seen([assessed('2018-05-05T09:00:00Z', { items, total: 7 })], { itemAggregation: 'sum' })?.value).toBe(7);
    expect(seen([assessed('2018-05-05T09:00:00Z', { items: [] })], { itemAggregation: 'sum' })).toBeUndefined();
  });

  it('is early before the months of delivery have passed', () => {
    const early = (on: string): boolean | undefined =>
      seen([assessed(on, { total: 9 })], { openedOn: '2017-08-31' })?.early;
    expect(early('2018-02-27T12:00:00Z')).toBe(true);
    expect(early('2018-02-28T00:00:00Z')).toBe(false);
    expect(seen([assessed('2018-02-27T12:00:00Z', { total: 9 })])?.early).toBe(false);
  });

  it('is nothing without an instrument', () => {
    const trial = { timeZone: 'UTC', protocol: {} };
    expect(
      siteFidelity({ assessments: [assessed('2018-01-01T00:00:00Z', { total: 9 })] }, undefined, trial, present(later)),
    ).toBeUndefined();
  });

  it('can next change when an assessment with a later time has come', () => {
    const [first, second] = [assessed('2018-01-01T00:00:00Z', {}), assessed('2018-02-01T00:00:00Z', {})];
    expect(nextAssessment({ assessments: [second, first] }, present(0))).toBe(first.occurredAt);
    expect(nextAssessment({ assessments: [second, first] }, present(first.occurredAt))).toBe(second.occurredAt);
    expect(nextAssessment({ assessments: [second, first] }, present(second.occurredAt))).toBeUndefined();
  });
});

describe('the assessments of a site', () => {
  it('are one document, of which a voided one no longer counts and of an amended one its last version', () => {
    const document = fidelityProjection.specimen.reduce<SiteAssessments | undefined>(
      (folded, event) => fidelityProjection.evolve(folded, event),
      undefined,
    )!;
    expect(fidelityProjection.specimen.map((event) => fidelityProjection.keyOf(event))).toEqual(
      fidelityProjection.specimen.map(() => ({ scope: 'trial', id: 'site' })),
    );
    expect(new Set(fidelityProjection.specimen.map((event) => event.type))).toEqual(
      new Set(fidelityProjection.eventTypes),
    );
    expect(document.assessments.map(({ event, voidedAt }) => [event, voidedAt])).toEqual([
      [specimenId(0), fidelityProjection.specimen[2]!.recordedAt],
      [specimenId(1), fidelityProjection.specimen[5]!.recordedAt],
      [specimenId(5), undefined],
    ]);
    expect(document.assessments[2]).toMatchObject({ occurredAt: 0, total: 9, items: [{ item: 'item', value: 3 }] });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });
});
