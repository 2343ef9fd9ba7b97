import type { IncomingMessage, ServerResponse } from 'node:http';
import { commandRights, type Role, type Viewer } from '@cairn/access';
import { LOG_STORE, type LogStore } from '@cairn/platform';
import { Controller, Inject, Post, Query, Req, Res, UnsupportedMediaTypeException } from '@nestjs/common';
import { Application } from '../application/application.js';
import { identityOf } from '../identity/request-identity.js';
import { Quotas } from '../limits/quotas.js';
import { answerEdgeError, answerJson } from '../operations/edge-errors.filter.js';
import type { ImportTarget } from './import-run.js';
import { OverlayEventStore } from './overlay-event-store.js';
import { serveImport } from './serve-import.js';

/** Aborted when the service is asked to end. */
export const STOPPING = Symbol('stopping');

@Controller('import')
export class ImportController {
  constructor(
    private readonly application: Application,
    @Inject(LOG_STORE) private readonly store: LogStore,
    private readonly quotas: Quotas,
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
    const identity = identityOf(request);
    const { tenant } = identity;
    if (!mayImport(await this.application.viewers.of(identity))) {
      answerEdgeError(response, 403);
      return;
    }
    const application =
      dryRun === 'true'
        ? this.application.rehearsal(await OverlayEventStore.over(this.store, tenant, this.application.clock))
        : this.application;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const paced = this.quotas.importing(identity, gone.signal);
    const target: ImportTarget = {
      head: () => application.head(tenant),
      // Roles are asked for with every record: an import may take long.
      record: async (commandId, commands) => {
        await paced();
        return application.record(identity, commandId, commands);
      },
    };
    await serveImport(request, response, target, this.stopping);
  }
}

/**
 * Whoever may record anything, but for blinded people: an import answers with positions, and so would tell them how much
 * is recorded meanwhile. They give their commands one by one.
 */
const mayImport = (viewer: Viewer): boolean =>
  viewer.mayUse('cairn:record') && viewer.roles.some(mayRecord) && viewer.knowsPositions;

const mayRecord = (role: Role): boolean =>
  Object.values<Partial<Record<Role, unknown>>>(commandRights).some((rights) => role in rights);

const isNdjson = ({ headers }: IncomingMessage): boolean =>
  /^application\/x-ndjson *(;|$)/i.test(headers['content-type'] ?? '') &&
  (headers['content-encoding'] ?? 'identity') === 'identity';

const refuse = (response: ServerResponse, message: string): void =>
  answerJson(response, 400, { errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] });
