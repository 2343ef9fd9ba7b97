import type { Instant } from '@cairn/event-sourcing';
import { countExpected } from './currency.js';
import { definitionKey, definitionRowNames, definitionRows } from './engagement-tables.js';
import { type ClassifiedPoint, type FidelityAssociation, fidelityAssociation } from './fidelity-association.js';
import { ALL, type Contribution, type Reader } from './ledger.js';
import { ofType, type RecordVersion } from './record-versions.js';
import { fidelityProjection, type SiteAssessments, siteFidelity } from './site-fidelity.js';
import { dayNumber } from './supervision.js';
import { type ColumnRule, ownColumn, protocolPart, siteKey, siteRowNames, type TableRule } from './table-rule.js';
import { byId } from './trial-engagement.js';
import type { TrialSetting } from './trial-setting.js';
import type { TableValue } from './trial-table.js';
import { Temporal } from 'temporal-polyfill';

const TABLE = 'fidelity';

export const fidelityTable: TableRule = {
  table: TABLE,
  audience: 'open',
  key: [siteKey],
  rows: ({ sites }) => [...sites.keys()].map((site) => [site]),
  rowNames: siteRowNames,
  columns: [
    ownColumn(
      TABLE,
      'fidelity',
      "Mean over raters of each one's last total on the latest day on which the site was assessed with the protocol's instrument.",
      "the instrument's scale",
    ),
    ownColumn(TABLE, 'assessed_on', "That day, in the trial's time zone.", 'ISO day'),
    ownColumn(TABLE, 'raters', 'Number of those raters.'),
    ownColumn(
      TABLE,
      'early',
      "Whether that day was before the instrument's months of delivery at the site had passed.",
    ),
    {
      name: 'reason',
      definition: 'Why there is no fidelity: not_in_protocol, or not_assessed.',
      value: (read, row) => {
        if (protocolPart(read, 'fidelity') === null) return 'not_in_protocol';
        return read.own(TABLE, row, 'fidelity') === null ? 'not_assessed' : null;
      },
    },
  ],
};

/** What a site's assessments add. */
export function countFidelity(
  contribution: Contribution,
  site: string,
  versions: readonly RecordVersion[],
  { calendar, protocol, sites }: TrialSetting,
  asOf: Instant,
): void {
  const openedOn = sites.get(site)?.openedOn;
  const trial = { protocol, timeZone: calendar.timeZone };
  const found = siteFidelity(assessmentsOf(versions), openedOn, trial, { asOf, knownAt: Infinity });
  contribution.row(TABLE, [site], {
    fidelity: found?.value ?? null,
    assessed_on: found?.assessedOn ?? null,
    raters: found?.raters.length ?? null,
    early: found?.early ?? null,
  });
  const due = fidelityDueOn(openedOn, protocol.fidelity);
  if (due === undefined || dayNumber(due, asOf, calendar) < 0) return;
  countExpected(contribution, 'currency', 'fidelity', site, 1, found && !found.early ? 1 : 0);
}

/** The ISO day from which on a site should have been assessed. */
function fidelityDueOn(
  openedOn: string | undefined,
  instrument: TrialSetting['protocol']['fidelity'],
): string | undefined {
  if (openedOn === undefined || instrument === undefined) return undefined;
  return Temporal.PlainDate.from(openedOn)
    .add({ months: instrument.notBeforeMonthsOfDelivery ?? 0 })
    .toString();
}

/** When that day begins. */
export function turnOfFidelity(site: string, { calendar, protocol, sites }: TrialSetting): readonly Instant[] {
  const due = fidelityDueOn(sites.get(site)?.openedOn, protocol.fidelity);
  return due === undefined ? [] : [calendar.startOf(Temporal.PlainDate.from(due))];
}

/** The standing versions as the document of the `fidelity` projection has them. */
export function assessmentsOf(versions: readonly RecordVersion[]): SiteAssessments {
  let document: SiteAssessments = { assessments: [] };
  for (const version of ofType(versions, 'FidelityAssessed')) {
    const fact = { ...version, id: version.event, recordedAt: version.firstRecordedAt };
    document = fidelityProjection.evolve(document, fact as unknown as Parameters<typeof fidelityProjection.evolve>[1]);
  }
  return document;
}

/** How fidelity and engagement by each definition go together over the sites. */
export function associationTable({ sites, protocol }: TrialSetting): TableRule {
  const associate = (read: Reader, definition: string): FidelityAssociation => {
    protocolPart(read, 'siteClasses');
    const points = [...sites.keys()].sort(byId).flatMap((site) => {
      const fidelity = read.own(TABLE, [site], 'fidelity');
      const withData = read.count('engagement', [definition, site], 'with_data');
      const engaged = read.count('engagement', [definition, site], 'engaged');
      return typeof fidelity !== 'number' || withData === 0
        ? []
        : [{ site, fidelity, engagement: (100 * engaged) / withData }];
    });
    return fidelityAssociation(points, protocol.siteClasses);
  };
  const ofAll = (
    name: string,
    definition: string,
    value: (association: FidelityAssociation) => TableValue,
    unit?: string,
  ): ColumnRule => ({
    name,
    ...(unit !== undefined && { unit }),
    definition: `In the row of all sites: ${definition}`,
    value: (read, [id, site]) => (site === ALL ? value(associate(read, id!)) : null),
  });
  const ofSite = (
    name: string,
    definition: string,
    value: (point: ClassifiedPoint) => TableValue,
    unit?: string,
  ): ColumnRule => ({
    name,
    ...(unit !== undefined && { unit }),
    definition: `In the row of a site: ${definition}`,
    value: (read, [id, site]) => {
      if (site === ALL) return null;
      const point = associate(read, id!).points.find((each) => each.site === site);
      return point ? value(point) : null;
    },
  });
  return {
    table: 'association',
    audience: 'open',
    key: definitionKey,
    rows: definitionRows,
    rowNames: definitionRowNames,
    columns: [
      ofSite('fidelity', 'its fidelity, if it has one and somebody with data.', (point) => point.fidelity),
      ofSite('engagement', '100 × engaged / with_data of that definition.', (point) => point.engagement, 'per cent'),
      ofSite(
        'residual',
        'externally studentised residual of the line, least squares of engagement on fidelity, one point a site.',
        (point) => point.studentisedResidual,
      ),
      ofSite(
        'class',
        "by the protocol's siteClasses, else by the standard cut-points: outlier first, then high_high, low_low, else unclassified.",
        (point) => point.class,
      ),
      ofAll('sites', 'number of points.', (association) => association.points.length),
      ofAll('pearson', 'correlation of engagement and fidelity.', (association) => association.pearson),
      ofAll('spearman', 'correlation of their ranks; ties share ranks.', (association) => association.spearman),
      ofAll('slope', 'of the line.', (association) => association.slope, 'percentage points per point of fidelity'),
      ofAll('intercept', 'of the line.', (association) => association.intercept, 'per cent'),
      {
        name: 'reason',
        definition:
          'Why values are missing: no_point for a site without fidelity or without anybody with data; not_determined by fewer than three points, or points that are all alike, or for a residual by fewer than four, or where the line must go through the point or all others.',
        value: (read, [id, site]) => {
          const { points, pearson } = associate(read, id!);
          if (site === ALL) return pearson === null ? 'not_determined' : null;
          const point = points.find((each) => each.site === site);
          if (!point) return 'no_point';
          return point.studentisedResidual === null ? 'not_determined' : null;
        },
      },
    ],
  };
}
