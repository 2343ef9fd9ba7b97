import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Viewer } from '@cairn/access';
import { EventStoreUnavailable, isIdentifier, streamName } from '@cairn/event-sourcing';
import { Database, EventHistory, LOG_STORE, type LogStore, storedEvents } from '@cairn/platform';
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { Conduct } from '../access/conduct.js';
import { Viewers } from '../access/viewers.js';
import { streamsOf } from '../cuts/trial-log.js';
import { identityOf } from '../identity/request-identity.js';
import { STOPPING } from '../import/import.controller.js';
import { Quotas } from '../limits/quotas.js';
import { noteOf } from '../log/request-note.js';
import { answerEdgeError, answerJson } from '../operations/edge-errors.filter.js';
import { exportAccess, EXPORTED } from './export-access.js';
import { SignedLog } from './signed-log.js';
import { storedLine } from './stored-line.js';

/** How long the notary is waited for when it does not get on, in milliseconds: it signs once a second. */
const PATIENCE = 5_000;
const LOOK_AGAIN = 50;
/** Header of an answer that has less than what is recorded, because the notary signs no more. */
const HALTED = 'cairn-notary-halted';
/** Notes that are read at once: a megabyte. */
const NOTES = 64;

interface Exported {
  readonly viewer: Viewer;
  readonly trial: string;
  readonly scope: string;
  /** Whether this look is itself on record. */
  readonly recorded: boolean;
}

/**
 * A trial's log for whoever checks it elsewhere: its events as the lines that were signed, and what was signed of them.
 * Everything is streamed, page by page in the tenant's turn.
 */
@Controller('export/:trial')
export class ExportController {
  constructor(
    private readonly viewers: Viewers,
    private readonly conduct: Conduct,
    private readonly quotas: Quotas,
    @Inject(LOG_STORE) private readonly store: LogStore,
    private readonly database: Database,
    private readonly history: EventHistory,
    private readonly signed: SignedLog,
    @Inject(STOPPING) private readonly stopping: AbortSignal,
  ) {}

  /** NDJSON: leaf after leaf of the trial's tree. `limit`: so many from the first. */
  @Get('events')
  async events(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Param('trial') trial: string,
    @Query() { limit, ...unknown }: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    if (Object.keys(unknown).length > 0 || !isLimit(limit)) {
      refuse(response, 'limit is the only parameter, and a whole number from 1');
      return;
    }
    const exported = await this.open(request, response, trial);
    if (!exported) return;
    const { viewer, scope, recorded } = exported;
    const { tenant } = viewer;
    if (recorded) {
      const participants = await this.history.count(tenant, {
        streams: streamsOf(trial),
        types: ['ParticipantRandomised'],
      });
      await this.conduct.sealedRead({ viewer, trial, field: EXPORTED, participants, by: 'role' });
    }
    const through = await this.store.head(tenant);
    let left = limit === undefined ? Infinity : Number(limit);
    await this.stream(request, response, 'application/x-ndjson', async (write) => {
      for await (const page of storedEvents(this.database, tenant, scope, through)) {
        const events = page.slice(0, left);
        left -= events.length;
        if (!(await write(events.map((event) => `${storedLine(event)}\n`).join(''))) || left === 0) return;
      }
    });
  }

  /** Signed notes of the trial's tree, an empty line between them, until they cover what is recorded now. */
  @Get('checkpoints')
  async checkpoints(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Param('trial') trial: string,
  ): Promise<void> {
    const exported = await this.open(request, response, trial);
    if (!exported) return;
    const { viewer, scope } = exported;
    const size = await this.history.count(viewer.tenant, { streams: streamsOf(trial) });
    let deadline = performance.now() + PATIENCE;
    let signed = await this.signed.signedSize(viewer.tenant, scope);
    // A log that is not what was signed is handed out as it is: whoever verifies it is to find where.
    while (signed.size < size && !signed.halted) {
      if (performance.now() > deadline || this.stopping.aborted || response.destroyed) {
        noteOf(request).code = 'SERVICE_UNAVAILABLE';
        response.setHeader('retry-after', 5);
        answerEdgeError(response, 503);
        return;
      }
      await wait(LOOK_AGAIN);
      const now = await this.signed.signedSize(viewer.tenant, scope);
      // Behind a large import there is much to sign: whoever waits for that waits for something.
      if (now.size > signed.size) deadline = performance.now() + PATIENCE;
      signed = now;
    }
    if (signed.halted) response.setHeader(HALTED, 'true');
    await this.stream(request, response, 'text/plain; charset=utf-8', async (write) => {
      for (let after = 0; after < size;) {
        const notes = await this.signed.notes(viewer.tenant, scope, after, NOTES);
        const last = notes.findIndex((note) => note.size >= size);
        const wanted = last < 0 ? notes : notes.slice(0, last + 1);
        if (wanted.length === 0) return;
        const text = wanted.map(({ note }) => note).join('\n');
        if (!(await write(after === 0 ? text : `\n${text}`))) return;
        after = wanted.at(-1)!.size;
      }
    });
  }

  /** NDJSON: the tiles of the tree of `size` leaves, of which proofs are made. */
  @Get('tiles')
  async tiles(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Param('trial') trial: string,
    @Query() { size, ...unknown }: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    if (Object.keys(unknown).length > 0 || size === undefined || !isLimit(size)) {
      refuse(response, 'size is the only parameter, and a whole number from 1');
      return;
    }
    const exported = await this.open(request, response, trial);
    if (!exported) return;
    const { viewer, scope } = exported;
    const known = Math.min(Number(size), (await this.signed.signedSize(viewer.tenant, scope)).size);
    await this.stream(request, response, 'application/x-ndjson', async (write) => {
      for await (const tiles of this.signed.tiles(viewer.tenant, scope, known)) {
        if (!(await write(tiles.map((tile) => `${JSON.stringify(tile)}\n`).join('')))) return;
      }
    });
  }

  /** The keys whose signatures are on the checkpoints. */
  @Get('keys')
  async keys(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Param('trial') trial: string,
  ): Promise<void> {
    const exported = await this.open(request, response, trial);
    if (!exported) return;
    const keys = await this.signed.keys();
    if (!keys) answerEdgeError(response, 503);
    else answerJson(response, 200, { tenant: exported.viewer.tenant, ...keys });
  }

  /** Lets in whoever may have the whole of the trial, and answers everybody else. */
  private async open(request: IncomingMessage, response: ServerResponse, trial: string): Promise<Exported | undefined> {
    if (!isIdentifier(trial)) {
      answerEdgeError(response, 404);
      return undefined;
    }
    try {
      const viewer = await this.viewers.of(identityOf(request));
      const access = await exportAccess(viewer, trial, this.store, this.conduct);
      if (access.kind === 'open') return { viewer, trial, scope: streamName(trial), recorded: access.recorded };
      answerEdgeError(response, access.kind === 'absent' ? 404 : 403);
    } catch (error) {
      if (!(error instanceof EventStoreUnavailable)) throw error;
      answerEdgeError(response, 503);
    }
    return undefined;
  }

  /** Writes no faster than the client reads, and in the tenant's turn. A stream that cannot be ended is broken off. */
  private async stream(
    request: IncomingMessage,
    response: ServerResponse,
    type: string,
    produce: (write: (text: string) => Promise<boolean>) => Promise<void>,
  ): Promise<void> {
    const identity = identityOf(request);
    const gone = new AbortController();
    const end = (): void => gone.abort();
    response.once('close', end);
    this.stopping.addEventListener('abort', end);
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' });
    try {
      await produce(async (text) => {
        await this.quotas.turn(identity, gone.signal);
        if (gone.signal.aborted) return false;
        if (!response.write(text)) await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
        return !gone.signal.aborted;
      });
      if (this.stopping.aborted) response.destroy();
      else response.end();
    } catch (error) {
      response.destroy();
      if (!(error instanceof EventStoreUnavailable)) throw error;
    } finally {
      this.stopping.removeEventListener('abort', end);
    }
  }
}

const isLimit = (limit: unknown): boolean =>
  limit === undefined || (typeof limit === 'string' && /^[1-9]\d{0,11}$/.test(limit));

const refuse = (response: ServerResponse, message: string): void =>
  answerJson(response, 400, { errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] });
