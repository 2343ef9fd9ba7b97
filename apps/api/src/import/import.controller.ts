import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventStore } from '@cairn/event-sourcing';
import {
  type BeforeApplicationShutdown,
  Controller,
  Inject,
  type OnApplicationBootstrap,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Application } from '../application/application.js';
import { CONFIGURATION, type Configuration } from '../configuration.js';
import { identify, type Identity } from '../identity.js';
import type { ImportTarget } from './import-run.js';
import { OverlayEventStore } from './overlay-event-store.js';
import { serveImport } from './serve-import.js';

/** Nest's token for the event store that imports write to, and that dry runs are laid over. */
export const IMPORT_STORE = Symbol('import store');

/** `POST /import?dryRun=true|false`: NDJSON records in, NDJSON outcomes out. */
@Controller('import')
export class ImportController implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();

  constructor(
    @Inject(Application) private readonly application: Application,
    @Inject(IMPORT_STORE) private readonly store: EventStore,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(HttpAdapterHost) private readonly adapter: HttpAdapterHost,
  ) {}

  onApplicationBootstrap(): void {
    // By default Node ends requests whose body takes longer than five minutes; an import takes as long as it takes.
    const server = this.adapter.httpAdapter.getHttpServer() as { requestTimeout: number };
    server.requestTimeout = 0;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.allSettled(this.running);
  }

  @Post()
  async import(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Query('dryRun') dryRun?: string,
  ): Promise<void> {
    if (dryRun !== undefined && dryRun !== 'true' && dryRun !== 'false') {
      return refuseRequest(response, 'dryRun is true or false');
    }
    let identity: Identity;
    try {
      identity = identify(request.headers, this.configuration.defaultTenant);
    } catch (error) {
      return refuseRequest(response, (error as Error).message);
    }
    const serving = this.target(identity, dryRun === 'true').then((target) =>
      serveImport(request, response, target, this.stopping.signal),
    );
    this.running.add(serving);
    try {
      await serving;
    } finally {
      this.running.delete(serving);
    }
  }

  private async target({ tenant, actor }: Identity, dryRun: boolean): Promise<ImportTarget> {
    const application = dryRun
      ? new Application(await OverlayEventStore.over(this.store, tenant, Date.now))
      : this.application;
    return {
      record: (commandId, commands) => application.record(tenant, actor, commandId, commands),
      head: () => application.head(tenant),
    };
  }
}

function refuseRequest(response: ServerResponse, message: string): void {
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { code: 'BAD_REQUEST', message } }));
}
