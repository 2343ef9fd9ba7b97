import type { TrialTable } from '@cairn/monitoring';
import type { Report } from './report.js';
import { ALL_SITES, REPORTED_DEFINITION } from './signals.js';

/** What the first page says of a site, or of all together. */
export interface SiteSummary {
  readonly site: string;
  readonly engaged: number | null;
  readonly withData: number | null;
  readonly fidelity: number | null;
  /** Of all kinds of records of which any are expected. */
  readonly recorded: number | null;
  readonly expected: number | null;
  readonly signals: number;
  readonly newSignals: number;
}

type Row = TrialTable['rows'][number];
const count = (value: Row[string] | undefined): number | null => (typeof value === 'number' ? value : null);

/** What a committee wants to know before anything else, site by site; every number is one of the tables', or a sum of them. */
export function firstPageOf({ tables, signals }: Report): {
  readonly engagement: string;
  readonly sites: readonly SiteSummary[];
} {
  const rowsOf = (name: string): readonly Row[] => tables.find(({ table }) => table === name)?.rows ?? [];
  const engagement = rowsOf('engagement').filter(({ definition }) => definition === REPORTED_DEFINITION);
  const fidelity = new Map(rowsOf('fidelity').map((row) => [row['site'], count(row['fidelity'])]));
  const currency = Map.groupBy(
    rowsOf('currency').filter(({ expected }) => expected !== null),
    ({ site }) => site,
  );
  const sum = (rows: readonly Row[] | undefined, column: string): number | null =>
    rows === undefined ? null : rows.reduce((total, row) => total + Number(row[column]), 0);
  const sites = engagement
    .toSorted((a, b) => Number(a['site'] === ALL_SITES) - Number(b['site'] === ALL_SITES))
    .map(({ site, engaged, with_data: withData }): SiteSummary => {
      const raised = signals.raised.filter((signal) => site === ALL_SITES || signal.site === site);
      return {
        site: String(site),
        engaged: count(engaged),
        withData: count(withData),
        fidelity: fidelity.get(site ?? null) ?? null,
        recorded: sum(currency.get(site ?? null), 'recorded'),
        expected: sum(currency.get(site ?? null), 'expected'),
        signals: raised.length,
        newSignals: raised.filter(({ isNew }) => isNew).length,
      };
    });
  return { engagement: REPORTED_DEFINITION, sites };
}
