import type { IncomingMessage, ServerResponse } from 'node:http';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import { EventRestoration, LOG_STORE, type LogStore } from '@cairn/platform';
import { Controller, Inject, Post, Query, Req, Res, UnsupportedMediaTypeException } from '@nestjs/common';
import { Viewers } from '../access/viewers.js';
import { catalogue } from '../application/application.js';
import { CONFIGURATION, type Configuration } from '../configuration.js';
import { identityOf } from '../identity/request-identity.js';
import { STOPPING } from '../import/import.controller.js';
import { Quotas } from '../limits/quotas.js';
import { noteOf } from '../log/request-note.js';
import { answerEdgeError, answerJson } from '../operations/edge-errors.filter.js';
import { NotRestored, RESTORE_STATUSES, runRestore } from './restore-run.js';
import { textLines } from './text-lines.js';

/** Brings the events of an export back as they were recorded, into a tenant that has no log. */
@Controller('restore')
export class RestoreController {
  constructor(
    private readonly viewers: Viewers,
    private readonly quotas: Quotas,
    @Inject(LOG_STORE) private readonly store: LogStore,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(STOPPING) private readonly stopping: AbortSignal,
  ) {}

  /**
   * NDJSON in: the lines of an export. `size` and `root` are of the tree that they make. For operators: a log that comes from
   * elsewhere says who did what, and nobody here has seen them do it.
   */
  @Post()
  async restore(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Query() { size, root, ...unknown }: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    if (!/^application\/x-ndjson *(;|$)/i.test(request.headers['content-type'] ?? '')) {
      throw new UnsupportedMediaTypeException();
    }
    const identity = identityOf(request);
    if (!(await this.viewers.of(identity)).mayUse('cairn:operate')) {
      answerEdgeError(response, 403);
      return;
    }
    if (!isSize(size) || !isRoot(root) || Object.keys(unknown).length > 0) {
      answer(response, 400, 'BAD_USER_INPUT', 'size and root are those of the tree of the export');
      return;
    }
    if (this.configuration.logStore.kind === 'kurrentdb') {
      // It has no transaction over streams: what was interrupted would be there in part.
      const code = 'STORE_TAKES_NO_EXPORTS';
      answer(
        response,
        RESTORE_STATUSES[code],
        code,
        'an export is brought back into PostgreSQL: see docs/kurrentdb.md',
      );
      return;
    }
    const { tenant } = identity;
    const gone = new AbortController();
    const abort = (): void => gone.abort();
    response.once('close', abort);
    this.stopping.addEventListener('abort', abort);
    // A client that neither sends nor goes away holds up nothing that is to end.
    gone.signal.addEventListener('abort', () => request.destroy());
    let restoration: EventRestoration | undefined;
    try {
      restoration = await EventRestoration.begin(this.configuration.restoreDatabaseUrl, tenant);
      const target = {
        add: async (events: Parameters<EventRestoration['add']>[0]) => {
          await this.quotas.turn(identity, gone.signal);
          await restoration!.add(events);
        },
        commit: () => restoration!.commit(),
      };
      await runRestore(textLines(request), target, catalogue, { size: Number(size), root });
      this.store.appendedElsewhere(tenant);
      answerJson(response, 200, { restored: { events: Number(size), root } });
    } catch (error) {
      await restoration?.abandon();
      if (gone.signal.aborted) return;
      // What is still being sent is not read.
      if (!request.complete) response.setHeader('connection', 'close');
      if (error instanceof NotRestored) {
        noteOf(request).code = error.code;
        answer(response, RESTORE_STATUSES[error.code], error.code, error.message);
      } else if (error instanceof EventStoreUnavailable) answerEdgeError(response, 503);
      else throw error;
    } finally {
      this.stopping.removeEventListener('abort', abort);
    }
  }
}

const isSize = (size: unknown): size is string => typeof size === 'string' && /^[1-9]\d{0,11}$/.test(size);
const isRoot = (root: unknown): root is string => typeof root === 'string' && /^[A-Za-z0-9+/]{43}=$/.test(root);

const answer = (response: ServerResponse, status: number, code: string, message: string): void =>
  answerJson(response, status, { errors: [{ message, extensions: { code } }] });
