import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SealReason } from '@cairn/access';
import { CutAltered } from '@cairn/audit';
import { ReadModelMissing } from '@cairn/platform';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { GraphQLError } from 'graphql';
import { Viewers } from '../access/viewers.js';
import { type ErrorCode, isUnavailable, sealed } from '../graphql/errors.js';
import { identityOf } from '../identity/request-identity.js';
import { Quotas } from '../limits/quotas.js';
import { noteOf } from '../log/request-note.js';
import { answerEdgeError, answerJson } from '../operations/edge-errors.filter.js';
import { FindTrial } from '../registry/find-trials.js';
import { CutReports } from './cut-reports.js';
import { reportHtml } from './html.js';
import { reportCsv, reportJson } from './report-files.js';
import { REPORT_POLICY } from './report-style.js';
import type { Report } from './report.js';

/** What a report costs, in the units of a query: its tables are read and checked, and those of the cut before. */
const COST = 200;

const KINDS = ['open', 'closed'] as const;
type Kind = (typeof KINDS)[number];

/** A file that a report is asked for as. */
type Wanted =
  | { readonly kind: Kind; readonly format: 'html' | 'json' }
  | { readonly kind: Kind; readonly format: 'csv'; readonly table: string };

/** Reports as files, to print and to keep. The same is told by `DataCut.openReport` and `DataCut.closedReport`. */
@Controller('reports/:trial/:cut')
export class ReportsController {
  constructor(
    private readonly viewers: Viewers,
    private readonly queries: QueryBus,
    private readonly reports: CutReports,
    private readonly quotas: Quotas,
  ) {}

  /** `open.html`, `open.json`, `closed.html`, `closed.json`. */
  @Get(':file')
  async whole(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Param() { trial, cut, file }: Readonly<Record<'trial' | 'cut' | 'file', string>>,
  ): Promise<void> {
    const [, kind, format] = /^(open|closed)\.(html|json)$/.exec(file) ?? [];
    const wanted = kind ? ({ kind, format } as Wanted) : undefined;
    await this.answer(request, response, { trial, cut }, wanted);
  }

  /** `open/<table>.csv`, `closed/<table>.csv`. */
  @Get(':kind/:file')
  async table(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Param() { trial, cut, kind, file }: Readonly<Record<'trial' | 'cut' | 'kind' | 'file', string>>,
  ): Promise<void> {
    const [, table] = /^(.+)\.csv$/.exec(file) ?? [];
    const known = KINDS.find((each) => each === kind);
    const wanted: Wanted | undefined = known && table ? { kind: known, format: 'csv', table } : undefined;
    await this.answer(request, response, { trial, cut }, wanted);
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    { trial, cut }: { readonly trial: string; readonly cut: string },
    wanted: Wanted | undefined,
  ): Promise<void> {
    response.setHeader('cache-control', 'private, no-store');
    const identity = identityOf(request);
    this.quotas.spend(identity, COST);
    await this.quotas.stretch(identity);
    try {
      const viewer = await this.viewers.of(identity);
      const view = viewer.mayUse('cairn:read')
        ? await this.queries.execute(new FindTrial(viewer, trial, undefined))
        : undefined;
      const found = view && wanted ? await this.reports.find(viewer, view, { kind: wanted.kind, cut }) : absent;
      if (found.kind === 'sealed') answerSealed(request, response, found.reason);
      else if (found.kind === 'absent' || !wanted) answerEdgeError(response, 404);
      else answerReport(response, found.report, wanted);
    } catch (error) {
      if (error instanceof CutAltered) {
        noteOf(request).code = 'DATA_CUT_ALTERED';
        const errors = [{ message: error.message, extensions: { code: 'DATA_CUT_ALTERED' } }];
        answerJson(response, 500, { errors });
        return;
      }
      const behind = isBehind(error);
      if (!behind && !isUnavailable(error)) throw error;
      noteOf(request).code = behind ? 'READ_MODEL_BEHIND' : 'SERVICE_UNAVAILABLE/DATABASE';
      answerEdgeError(response, 503);
    }
  }
}

const absent = { kind: 'absent' } as const;

const isBehind = (error: unknown): boolean =>
  error instanceof ReadModelMissing ||
  (error instanceof GraphQLError && error.extensions['code'] === ('READ_MODEL_BEHIND' satisfies ErrorCode));

/** In the words of GraphQL. */
function answerSealed(request: IncomingMessage, response: ServerResponse, reason: SealReason): void {
  const { message, extensions } = sealed(reason);
  noteOf(request).code = 'SEALED';
  answerJson(response, 403, { errors: [{ message, extensions: { code: extensions['code'], reason } }] });
}

function answerReport(response: ServerResponse, report: Report, wanted: Wanted): void {
  const file = fileOf(report, wanted);
  if (!file) {
    answerEdgeError(response, 404);
    return;
  }
  const { type, name, text, download } = file;
  // Names of trials and cuts are anything; a file's name is letters that every system has.
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, '_');
  response.writeHead(200, {
    'content-type': type,
    'content-disposition': `${download ? 'attachment' : 'inline'}; filename="${safe}"`,
    'content-security-policy': REPORT_POLICY,
  });
  response.end(text);
}

/** Undefined for a table that the report does not have. */
function fileOf(report: Report, wanted: Wanted) {
  const name = `${report.trial.trial}-${report.cut.cut}-${report.kind}`;
  switch (wanted.format) {
    case 'html':
      return { type: 'text/html; charset=utf-8', name: `${name}.html`, text: reportHtml(report), download: false };
    case 'json':
      return {
        type: 'application/json; charset=utf-8',
        name: `${name}.json`,
        text: reportJson(report),
        download: false,
      };
    case 'csv': {
      const table = report.tables.find((each) => each.table === wanted.table);
      const type = 'text/csv; charset=utf-8; header=present';
      return table && { type, name: `${name}-${table.table}.csv`, text: reportCsv(report, table), download: true };
    }
    default:
      return wanted satisfies never;
  }
}
