import type { Cell } from '@cairn/audit';
import type { CutCurrency } from '../generated/schema.js';
import type { Disclosures } from '../graphql/disclosures.js';
import type { CutSight } from './cut-sight.js';

/** How the tables call the row of all sites. */
const ALL = 'all';

/** The currency tables of a cut that are for the viewer, as objects; by kind and site, of every arm alike first. */
export async function currencyOf(cut: CutSight, disclosures: Disclosures): Promise<readonly CutCurrency[]> {
  const kept = [
    ...(await cut.tables(disclosures, { table: 'currency' })),
    ...(await cut.tables(disclosures, { table: 'currency_allocation' })),
  ];
  return kept.flatMap(({ content }) =>
    content.rows.map((row) => ({
      kind: String(row['kind']),
      site: row['site'] === ALL ? null : siteId(String(row['site'])),
      expected: number(row['expected']),
      recorded: number(row['recorded']),
      proportion: number(row['proportion']),
      reason: typeof row['reason'] === 'string' ? row['reason'] : null,
      records: number(row['records']) ?? 0,
      delayMedian: number(row['delay_median']),
      delayP90: number(row['delay_p90']),
    })),
  );
}

const number = (cell: Cell | undefined): number | null => (typeof cell === 'number' ? cell : null);

/** A site whose id is that of the row of all has a mark in the tables. */
const siteId = (label: string): string =>
  /^all(?: \(site\))+$/.test(label) ? label.slice(0, -' (site)'.length) : label;
