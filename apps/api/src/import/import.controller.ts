import type { IncomingMessage, ServerResponse } from 'node:http';
import { PostgresEventStore } from '@cairn/platform';
import { Controller, Inject, Post, Query, Req, Res, UnsupportedMediaTypeException } from '@nestjs/common';
import { GraphQLError } from 'graphql';
import { Application } from '../application/application.js';
import { CONFIGURATION, type Configuration } from '../configuration.js';
import { identify } from '../identity.js';
import { answerJson } from '../operations/edge-errors.filter.js';
import type { ImportTarget } from './import-run.js';
import { OverlayEventStore } from './overlay-event-store.js';
import { serveImport } from './serve-import.js';

/** Aborted when the service is asked to end. */
export const STOPPING = Symbol('stopping');

@Controller('import')
export class ImportController {
  constructor(
    private readonly application: Application,
    private readonly store: PostgresEventStore,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(STOPPING) private readonly stopping: AbortSignal,
  ) {}

  /** NDJSON records in (application/x-ndjson), NDJSON outcomes out. With `dryRun=true` nothing is written, and the answers are the same. */
  @Post()
  async import(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Query() { dryRun, ...unknown }: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    // Other types a page of any site may send unasked, and some are read before they come here.
    if (!isNdjson(request)) throw new UnsupportedMediaTypeException();
    if (dryRun !== undefined && dryRun !== 'true' && dryRun !== 'false') {
      refuse(response, 'dryRun is true or false');
      return;
    }
    // A dry run that is misspelt must not write.
    if (Object.keys(unknown).length > 0) {
      refuse(response, 'dryRun is the only parameter');
      return;
    }
    let identity;
    try {
      identity = identify(request.headers, this.configuration.defaultTenant);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      refuse(response, error.message);
      return;
    }
    const { tenant, actor } = identity;
    const application =
      dryRun === 'true'
        ? new Application(await OverlayEventStore.over(this.store, tenant, Date.now))
        : this.application;
    const target: ImportTarget = {
      head: () => application.head(tenant),
      record: (commandId, commands) => application.record(tenant, actor, commandId, commands),
    };
    await serveImport(request, response, target, this.stopping);
  }
}

const isNdjson = ({ headers }: IncomingMessage): boolean =>
  /^application\/x-ndjson *(;|$)/i.test(headers['content-type'] ?? '') &&
  (headers['content-encoding'] ?? 'identity') === 'identity';

const refuse = (response: ServerResponse, message: string): void =>
  answerJson(response, 400, { errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] });
