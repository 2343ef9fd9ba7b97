import type { SiteClassCutPoints } from '@cairn/registry/protocol';
import {
  mean,
  sampleCorrelation,
  sampleCovariance,
  sampleRankCorrelation,
  sampleVariance,
  sum,
} from 'simple-statistics';
import type { SiteEngagement } from './trial-engagement.js';

/** A site's fidelity and its engagement, in per cent of those with data. */
export interface FidelityPoint {
  readonly site: string;
  readonly fidelity: number;
  readonly engagement: number;
}

/** Where a site stands by the cut-points; `outlier` wins over the others. */
export type SiteClass = 'high_high' | 'low_low' | 'outlier' | 'unclassified';

/** A site among the others. */
export interface ClassifiedPoint extends FidelityPoint {
  /** Externally studentised: in units of the residuals' spread without this site. */
  readonly studentisedResidual: number | null;
  readonly class: SiteClass;
}

/** How fidelity and engagement go together over a trial's sites. Null is what the points do not determine. */
export interface FidelityAssociation {
  readonly pearson: number | null;
  readonly spearman: number | null;
  /** Percentage points of engagement per point of fidelity. */
  readonly slope: number | null;
  /** Per cent. */
  readonly intercept: number | null;
  readonly points: readonly ClassifiedPoint[];
}

/** The cut-points of a protocol that gives none. They are ours; the case study has none. */
export const defaultSiteClassCutPoints: SiteClassCutPoints = {
  high: { fidelity: 10.9, engagement: 75 },
  low: { fidelity: 9.0, engagement: 50 },
  outlierResidual: 3,
};

/**
 * The points of an engagement table: its sites that have a fidelity and at least one participant with data.
 * @param fidelityOf a site's fidelity, undefined where there is none
 */
export const fidelityPoints = (
  sites: readonly SiteEngagement[],
  fidelityOf: (site: string) => number | undefined,
): readonly FidelityPoint[] =>
  sites.flatMap(({ site, counts: { engaged, withData } }) => {
    const fidelity = fidelityOf(site);
    return fidelity === undefined || withData === 0 ? [] : [{ site, fidelity, engagement: (100 * engaged) / withData }];
  });

/** Two points always lie on a line; they say nothing. */
const MIN_POINTS = 3;
/** With three, the line without one of them has no residual left. */
const MIN_POINTS_FOR_RESIDUALS = 4;

/**
 * Least squares of engagement on fidelity, one point a site, unweighted as in the case study.
 * Fewer than three points, or all with the same fidelity: nothing is determined. All with the same engagement: the line
 * is, the correlations are not.
 */
export function fidelityAssociation(
  points: readonly FidelityPoint[],
  cutPoints: SiteClassCutPoints = defaultSiteClassCutPoints,
): FidelityAssociation {
  const fidelities = points.map((point) => point.fidelity);
  const engagements = points.map((point) => point.engagement);
  const determined = points.length >= MIN_POINTS && varies(fidelities);
  const slope = determined ? sampleCovariance(fidelities, engagements) / sampleVariance(fidelities) : null;
  const intercept = slope === null ? null : mean(engagements) - slope * mean(fidelities);
  const correlated = determined && varies(engagements);
  const residuals =
    slope === null || intercept === null
      ? points.map(() => null)
      : studentisedResiduals(points, (fidelity) => intercept + slope * fidelity);
  return {
    pearson: correlated ? within1(sampleCorrelation(fidelities, engagements)) : null,
    spearman: correlated ? within1(sampleRankCorrelation(fidelities, engagements)) : null,
    slope,
    intercept,
    points: points.map((point, index) => {
      const studentisedResidual = residuals[index] ?? null;
      return { ...point, studentisedResidual, class: classOf(point, studentisedResidual, cutPoints) };
    }),
  };
}

/**
 * Residual i over s₍ᵢ₎·√(1 − hᵢ), where hᵢ is the leverage and s₍ᵢ₎ the residuals' standard deviation of the line without
 * point i (n − 3 degrees of freedom). Null where the line must go through the point, or where the others lie on a line.
 */
function studentisedResiduals(
  points: readonly FidelityPoint[],
  predict: (fidelity: number) => number,
): readonly (number | null)[] {
  const n = points.length;
  if (n < MIN_POINTS_FOR_RESIDUALS) return points.map(() => null);
  const fidelities = points.map((point) => point.fidelity);
  const centre = mean(fidelities);
  const spread = sampleVariance(fidelities) * (n - 1);
  const residuals = points.map((point) => point.engagement - predict(point.fidelity));
  const squares = sum(residuals.map((residual) => residual ** 2));
  // Below this a sum of squares is rounding, not variation.
  const rounding = 1e-20 * Math.max(sum(points.map((point) => point.engagement ** 2)), Number.MIN_VALUE);
  return points.map((point, index) => {
    const residual = residuals[index]!;
    const notLeverage = 1 - 1 / n - (point.fidelity - centre) ** 2 / spread;
    if (notLeverage < 1e-12) return null;
    const squaresWithout = squares - residual ** 2 / notLeverage;
    if (squaresWithout <= rounding) return null;
    return residual / Math.sqrt((squaresWithout / (n - 3)) * notLeverage);
  });
}

/** An outlier is one whatever else it is. */
function classOf(
  { fidelity, engagement }: FidelityPoint,
  studentisedResidual: number | null,
  { high, low, outlierResidual }: SiteClassCutPoints,
): SiteClass {
  if (studentisedResidual !== null && Math.abs(studentisedResidual) > outlierResidual) return 'outlier';
  if (fidelity >= high.fidelity && engagement >= high.engagement) return 'high_high';
  if (fidelity <= low.fidelity && engagement <= low.engagement) return 'low_low';
  return 'unclassified';
}

/** Compared as given: the mean of equal numbers need not equal them, so their computed variance need not be 0. */
const varies = (values: readonly number[]): boolean => values.some((value) => value !== values[0]);

/** Rounding takes a perfect correlation past 1. */
const within1 = (correlation: number): number => Math.max(-1, Math.min(1, correlation));
