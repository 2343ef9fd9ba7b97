import { csvLines } from '../csv-cell.js';
import { tableLines } from '../terminal.js';
import type { EngagementCounts, EngagementReport } from './engagement-report.js';

export const REPORT_FORMATS = ['table', 'csv', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** Writes a report for people (`table`) or machines (`csv`, `json`); all of them say as of when and from which position. */
export function formatEngagement(report: EngagementReport, format: ReportFormat): string {
  switch (format) {
    case 'table':
      return asTable(report);
    case 'csv':
      return asCsv(report);
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`;
    default:
      return format satisfies never;
  }
}

/** A proportion as a percentage; a denominator of 0 has none. */
const percent = (value: number | null): string => (value === null ? '–' : (value * 100).toFixed(2));

function asTable(report: EngagementReport): string {
  const cells = (site: string, counts: EngagementCounts, fidelity: number | null): string[] => [
    site,
    `${counts.randomised}/${counts.offered}`,
    String(counts.withData),
    String(counts.engaged),
    String(counts.notYet),
    String(counts.notEngaged),
    percent(counts.ofWithData.value),
    percent(counts.ofOffered.value),
    counts.bounds.lower === null ? '–' : `${percent(counts.bounds.lower)}–${percent(counts.bounds.upper)}`,
    fidelity === null ? '–' : String(fidelity),
  ];
  const header = [
    'site',
    'randomised/offered',
    'with data',
    'engaged',
    'not yet',
    'not engaged',
    '% with data',
    '% offered',
    'bounds',
    'fidelity',
  ];
  const rows = [
    ...report.sites.map((row) => cells(row.site.id, row.counts, row.fidelity)),
    cells('all', report.overall, null),
  ];
  const { definition, asOf, position } = report;
  return [
    `Engagement by definition "${definition.id}": ${definition.title} (${definition.source})`,
    `as of ${asOf}, log position ${position}`,
    '',
    ...tableLines(header, rows, new Set(header.map((_, column) => column).slice(1))),
    '',
  ].join('\n');
}

function asCsv(report: EngagementReport): string {
  const row = (site: string, name: string, counts: EngagementCounts, fidelity: number | null) => [
    report.definition.id,
    report.asOf,
    report.position,
    site,
    name,
    counts.randomised,
    counts.offered,
    counts.withData,
    counts.engaged,
    counts.notYet,
    counts.notEngaged,
    counts.ofWithData.value,
    counts.ofOffered.value,
    counts.bounds.lower,
    counts.bounds.upper,
    fidelity,
  ];
  const header = [
    'definition',
    'as_of',
    'position',
    'site_id',
    'site_name',
    'randomised',
    'offered',
    'with_data',
    'engaged',
    'not_yet',
    'not_engaged',
    'of_with_data',
    'of_offered',
    'lower',
    'upper',
    'fidelity',
  ];
  const rows = [
    header,
    ...report.sites.map(({ site, counts, fidelity }) => row(site.id, site.name, counts, fidelity)),
    // The row of all sites has no site: an id could be a site's own.
    row('', '', report.overall, null),
  ];
  return csvLines(rows);
}
