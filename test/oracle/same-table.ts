import { expect } from '@jest/globals';
import type { EngagementCounts, EngagementTable } from '@cairn/monitoring';
import type { OracleRow } from './engagement-oracle.js';

/** The product's table and the oracle's rows say the same: counts exactly, shares to 1e-9 of a percentage point. */
export function expectSameTable(table: EngagementTable, rows: readonly OracleRow[]): void {
  const seen = [...table.sites.map(({ site, counts }) => flat(site, counts)), flat('all', table.overall)];
  expect(seen.map(rounded)).toEqual(rows.map(rounded));
}

const flat = (site: string, counts: EngagementCounts): OracleRow => ({
  site,
  randomised: counts.randomised,
  offered: counts.offered,
  withData: counts.withData,
  engaged: counts.engaged,
  notYet: counts.notYet,
  notEngaged: counts.notEngaged,
  pctOfWithData: percent(counts.ofWithData.value),
  pctOfOffered: percent(counts.ofOffered.value),
  lower: percent(counts.bounds.lower),
  upper: percent(counts.bounds.upper),
});

const percent = (value: number | null): number | null => (value === null ? null : value * 100);

const rounded = (row: OracleRow): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? Number(value.toFixed(9)) : value]),
  );
