import { describe, expect, it } from '@jest/globals';
import { countsOf } from './engagement-counts.js';
import { fidelityAssociation, type FidelityPoint, fidelityPoints } from './fidelity-association.js';

const points = (...pairs: readonly (readonly [number, number])[]): FidelityPoint[] =>
  pairs.map(([fidelity, engagement], index) => ({ site: `S${index + 1}`, fidelity, engagement }));

/** Table 2 of the case study, BMC Health Services Research 2024, 24:1050. */
const table2 = points(
  [10.4, (100 * 61) / 89],
  [11.0, (100 * 39) / 76],
  [11.2, (100 * 27) / 34],
  [9.0, (100 * 8) / 17],
  [10.9, (100 * 16) / 20],
  [7.9, (100 * 6) / 20],
  [9.7, (100 * 6) / 9],
);

describe('fidelity and engagement in the case study', () => {
  const association = fidelityAssociation(table2);

  it('have the golden numbers', () => {
    expect(association.pearson).toBeCloseTo(0.8162479430728106, 10);
    expect(association.spearman).toBeCloseTo(0.7142857142857143, 10);
    expect(association.slope).toBeCloseTo(12.339135030099987, 10);
    expect(association.intercept).toBeCloseTo(-63.140142198809635, 10);
    const residuals = association.points.map((point) => point.studentisedResidual!);
    expect(residuals[1]).toBeCloseTo(-5.703527891225428, 10);
    expect(residuals.toSpliced(1, 1).every((residual) => Math.abs(residual) < 1.04)).toBe(true);
  });

  it('have the classes', () => {
    const sites = (wanted: string) => association.points.filter((p) => p.class === wanted).map((p) => p.site);
    expect(sites('high_high')).toEqual(['S3', 'S5']);
    expect(sites('low_low')).toEqual(['S4', 'S6']);
    expect(sites('outlier')).toEqual(['S2']);
    expect(sites('unclassified')).toEqual(['S1', 'S7']);
  });

  it("go by the trial's own cut-points, and an outlier is one first", () => {
    const all = { high: { fidelity: 0, engagement: 0 }, low: { fidelity: 0, engagement: 0 }, outlierResidual: 5.8 };
    expect(fidelityAssociation(table2, all).points.every((point) => point.class === 'high_high')).toBe(true);
    const strict = fidelityAssociation(table2, { ...all, outlierResidual: 5.7 });
    expect(strict.points.filter((point) => point.class === 'outlier').map((point) => point.site)).toEqual(['S2']);
  });
});

describe('an association that the points do not determine', () => {
  const nothing = { pearson: null, spearman: null, slope: null, intercept: null };

  it.each([
    ['no point', points()],
    ['one point', points([9, 50])],
    ['two points', points([9, 50], [10, 60])],
    ['all of one fidelity', points([10.1, 50], [10.1, 60], [10.1, 70], [10.1, 90])],
  ])('is null: %s', (_case, given) => {
    const association = fidelityAssociation(given);
    expect(association).toMatchObject(nothing);
    expect(association.points.map((point) => point.studentisedResidual)).toEqual(given.map(() => null));
  });

  it('has a line and no correlation when all are engaged alike', () => {
    const association = fidelityAssociation(points([8, 30], [9, 30], [10, 30], [11, 30]));
    expect(association).toMatchObject({ pearson: null, spearman: null, slope: 0, intercept: 30 });
    expect(association.points.every((point) => point.studentisedResidual === null)).toBe(true);
  });

  it('has no residual for three points, for a line through all, and where one is off a line of the others', () => {
    for (const given of [
      points([8, 30], [9, 60], [10, 50]),
      points([8, 30], [9, 40], [10, 50], [11, 60], [12, 70]),
      points([0.1, 0.3], [0.2, 0.6], [0.3, 0.9], [0.7, 2.1]),
    ]) {
      const association = fidelityAssociation(given);
      expect(association.points.map((point) => point.studentisedResidual)).toEqual(given.map(() => null));
      expect(Math.abs(association.pearson!)).toBeLessThanOrEqual(1);
    }
    const off = fidelityAssociation(points([8, 30], [9, 40], [10, 90], [11, 60], [12, 70]));
    expect(off.points[2]!.studentisedResidual).toBeNull();
    expect(off.points[0]!.studentisedResidual).not.toBeNull();
  });

  it('has no residual where the line must go through the point', () => {
    const association = fidelityAssociation(points([8, 30], [8, 40], [8, 35], [8, 20], [11, 90]));
    expect(association.points[4]!.studentisedResidual).toBeNull();
    expect(association.points[0]!.studentisedResidual).not.toBeNull();
  });

  it('shares ranks among ties', () => {
    // Ranks 1, 2.5, 2.5, 4 and 1.5, 1.5, 3, 4: covariance 3.75, variances 4.5 and 4.5.
    expect(fidelityAssociation(points([8, 10], [9, 10], [9, 20], [10, 30])).spearman).toBeCloseTo(3.75 / 4.5, 12);
  });
});

describe('the points', () => {
  it('are the sites with a fidelity and somebody with data', () => {
    const counts = (engaged: number, notEngaged: number) =>
      countsOf({ randomised: 9, offered: 9, engaged, notYet: 0, notEngaged });
    const rows = [
      { site: 'S1', counts: counts(3, 1) },
      { site: 'S2', counts: counts(0, 0) },
      { site: 'S3', counts: counts(1, 1) },
    ];
    expect(fidelityPoints(rows, (site) => (site === 'S3' ? undefined : 9))).toEqual([
      { site: 'S1', fidelity: 9, engagement: 75 },
    ]);
  });
});
