import { responsePathAsArray } from 'graphql';
import type { Resolvers } from '../generated/schema.js';
import { sealed } from '../graphql/errors.js';
import type { CutReports } from './cut-reports.js';
import { reportHtml } from './html.js';
import { reportCsv, reportJson } from './report-files.js';
import type { Report } from './report.js';

/** The reports of a data cut. */
export function reportResolvers(reports: CutReports) {
  return {
    DataCut: {
      openReport: async ({ view, taken }, _args, { viewer }) => {
        const shown = await reports.open(viewer, view, taken);
        if (shown.kind === 'sealed') throw sealed(shown.reason);
        return shown.report;
      },
      closedReport: async ({ view, taken }, _args, { viewer, disclosures }, { path }) => {
        const shown = await reports.closed(viewer, view, taken);
        if (shown.kind === 'shown') return shown.report;
        disclosures.seal(responsePathAsArray(path), shown.reason);
        return null;
      },
    },
    Report: files,
    ClosedReport: { ...files, armKey: ({ armKey }) => armKey ?? null },
  } satisfies Resolvers;
}

const files = {
  html: (report: Report) => reportHtml(report),
  json: (report: Report) => reportJson(report),
  csv: (report: Report) => report.tables.map((table) => ({ table: table.table, text: reportCsv(report, table) })),
};
