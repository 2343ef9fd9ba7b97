import type { Instant } from '@cairn/event-sourcing';
import type { EngagementCounts, Proportion } from './engagement-counts.js';
import { localDay, startOfDay } from './intervention-window.js';
import type { SiteEngagement } from './trial-engagement.js';

/*
 * A site beside the others. What is published of another site depends on that site alone, on days and in steps that
 * nobody can choose, and whatever is added up is added up from what is published. So there is nothing to subtract: not
 * one's own site, not a colluding one, not yesterday's answer, not another definition's.
 */

/**
 * Fewer are not published. NHS Digital publishes no count from 1 to 7 below national level, and rounds the others to the
 * nearest 5 ("Disclosure control methodology for Hospital Episode Statistics", in force since September 2018). There 0 is
 * published; here it is not, because "none of them" says of each participant what their status is.
 */
export const SMALLEST_COUNT = 8;
/** Counts are published as multiples of it. With 8 the first of five counts that become 10, no step is shorter. */
export const ROUNDED_TO = 5;
/** Sites that are in a sum; a sum of one would only be called differently. */
export const SITES_IN_A_SUM = 2;
/** So many records of a site are taken in together: a single one never shows as a difference. */
export const RECORDS_AT_ONCE = 25;

/** Why a figure is not published. */
export type Suppression = 'small_numbers' | 'too_few_sites';

/** Engaged of those with data, in rounded counts; or why not. */
export type BenchmarkFigure =
  | { readonly ofWithData: Proportion; readonly suppressed: null }
  | { readonly ofWithData: null; readonly suppressed: Suppression };

/** A site beside the others of its trial. */
export interface SiteBenchmark {
  /** The last instant of the month that was the last to be over. */
  readonly asOf: Instant;
  /** In full, by id. */
  readonly own: readonly SiteEngagement[];
  /** Every other site, without a name, the highest share first and what is suppressed last. */
  readonly others: readonly BenchmarkFigure[];
  /** Of all sites that are published, own ones among them; those that are suppressed have no part in it. */
  readonly overall: BenchmarkFigure;
}

/**
 * Both parts of the share are published or neither: the smaller one would follow from the other and their sum. Each is
 * rounded by itself and the denominator is their sum, so that the two steps do not narrow each other.
 */
export function published({ engaged, withData }: Pick<EngagementCounts, 'engaged' | 'withData'>): BenchmarkFigure {
  const others = withData - engaged;
  if (engaged < SMALLEST_COUNT || others < SMALLEST_COUNT) return { ofWithData: null, suppressed: 'small_numbers' };
  return share(rounded(engaged), rounded(engaged) + rounded(others));
}

/** @param sites all of the trial at the benchmark's moments */
export function benchmarkOf(
  sites: readonly SiteEngagement[],
  own: ReadonlySet<string>,
): Pick<SiteBenchmark, 'others' | 'overall'> {
  const figures = sites.map(({ site, counts }) => ({ site, figure: published(counts) }));
  const shown = figures.flatMap(({ figure }) => figure.ofWithData ?? []);
  return {
    others: figures
      .filter(({ site }) => !own.has(site))
      .map(({ figure }) => figure)
      .sort(byShare),
    overall:
      shown.length < SITES_IN_A_SUM
        ? { ofWithData: null, suppressed: 'too_few_sites' }
        : share(
            shown.reduce((sum, { numerator }) => sum + numerator, 0),
            shown.reduce((sum, { denominator }) => sum + denominator, 0),
          ),
  };
}

/** The first instant of the calendar month, in the trial's zone, in which `at` falls: the benchmark is of what was before. */
export const monthOf = (at: Instant, timeZone: string): Instant =>
  startOfDay(localDay(at, timeZone).with({ day: 1 }), timeZone);

/**
 * Up to when records of a site are taken in: those of the months that are over, and of this month's as many as make up
 * full lots.
 * @param recordedAt of everything on record about the site's participants, voids among them
 */
export function takenInUntil(recordedAt: readonly Instant[], now: Instant, timeZone: string): Instant {
  const monthsOver = monthOf(now, timeZone) - 1;
  const past = recordedAt.filter((at) => at <= now).sort((a, b) => a - b);
  const lots = Math.floor(past.length / RECORDS_AT_ONCE) * RECORDS_AT_ONCE;
  return Math.max(monthsOver, past[lots - 1] ?? -Infinity);
}

const rounded = (count: number): number => Math.round(count / ROUNDED_TO) * ROUNDED_TO;

const share = (numerator: number, denominator: number): BenchmarkFigure => ({
  ofWithData: { numerator, denominator, value: numerator / denominator },
  suppressed: null,
});

/** The order tells nothing beyond the figures. */
function byShare({ ofWithData: a }: BenchmarkFigure, { ofWithData: b }: BenchmarkFigure): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return b.value! - a.value! || b.denominator - a.denominator;
}
