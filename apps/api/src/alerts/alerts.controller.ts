import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Viewer } from '@cairn/access';
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { GraphQLError } from 'graphql';
import { Viewers } from '../access/viewers.js';
import { badInput, cursorUnknown, forbidden, isUnavailable, overQuota, sealed } from '../graphql/errors.js';
import type { Identity } from '../identity/identity.js';
import { identityOf } from '../identity/request-identity.js';
import { STOPPING } from '../import/import.controller.js';
import { Quotas } from '../limits/quotas.js';
import { refuseOverQuota } from '../limits/refuse.js';
import { noteOf } from '../log/request-note.js';
import { answerEdgeError, answerJson } from '../operations/edge-errors.filter.js';
import { alertFrame } from './alert-frame.js';
import { OpenAlerts } from './open-alerts.js';
import { OpenStreams } from './open-streams.js';
import type { VisibleAlerts } from './visible-alerts.js';
import { type Parameters, wantedAlerts } from './wanted-alerts.js';

/** What it costs to begin, in the units of a query. */
const COST = 2;
/** Milliseconds after which a client that lost its stream comes back. */
const RETRY = 2_000;
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  // A proxy that gathers an answer before it passes it on would pass on nothing.
  'x-accel-buffering': 'no',
};

/** A trial's alerts as server-sent events: the same as `Subscription.alerts`. */
@Controller('alerts')
export class AlertsController {
  constructor(
    private readonly viewers: Viewers,
    private readonly quotas: Quotas,
    private readonly opening: OpenAlerts,
    private readonly streams: OpenStreams,
    @Inject(STOPPING) stopping: AbortSignal,
  ) {
    stopping.addEventListener('abort', () => streams.close(), { once: true });
  }

  /** `site`, `rule` and `kind` once for each that is wanted; `severity` for this and more urgent ones; `after` an alert's id. */
  @Get(':trial')
  async follow(
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
    @Param('trial') trial: string,
    @Query() given: Parameters,
  ): Promise<void> {
    response.setHeader('cache-control', 'no-store, no-transform');
    const identity = identityOf(request);
    try {
      const alerts = await this.open(request, response, identity, () => wantedAlerts(trial, given, request.headers));
      if (!alerts) answerEdgeError(response, 404);
      else if (request.method === 'HEAD' || response.closed) await end(response, alerts);
      else await this.serve(response, identity, trial, alerts);
    } catch (error) {
      answer(request, response, error);
    }
  }

  /** @returns undefined where there is no such trial for whoever asks @throws a typed error for everything else */
  private async open(
    request: IncomingMessage,
    response: ServerResponse,
    identity: Identity,
    wanted: () => ReturnType<typeof wantedAlerts>,
  ): Promise<VisibleAlerts | undefined> {
    const release = this.quotas.openSubscription(identity);
    if (!release) throw overQuota();
    response.once('close', release);
    const entry = await this.quotas.enter(identity);
    if (entry.kind === 'full') throw overQuota();
    try {
      this.quotas.spend(identity, COST);
      await this.quotas.stretch(identity);
      const viewer = (): Promise<Viewer> => this.viewers.of(identity);
      if (!(await viewer()).mayUse('cairn:subscribe')) throw forbidden();
      const opened = await this.opening.open(viewer, wanted());
      switch (opened.kind) {
        case 'open':
          return opened.alerts;
        case 'absent':
          return undefined;
        case 'no such site':
          throw badInput('the trial has no such site');
        case 'cursor unknown':
          throw cursorUnknown();
        case 'sealed':
          throw sealed(opened.reason);
        default:
          return opened satisfies never;
      }
    } finally {
      entry.leave();
    }
  }

  /** Reads no faster than the client does. */
  private async serve(
    response: ServerResponse,
    identity: Identity,
    trial: string,
    alerts: VisibleAlerts,
  ): Promise<void> {
    const write = this.streams.serve({
      identity,
      response,
      mayGoOn: async () => {
        const viewer = await this.viewers.of(identity);
        return viewer.seesTrial(trial) && viewer.reach('openSignals', trial).kind !== 'sealed';
      },
      end: () => void alerts.return(),
    });
    response.writeHead(200, HEADERS);
    if (!(await write(`retry: ${RETRY}\n\n`))) return;
    for (;;) {
      const { done, value } = await alerts.next();
      if (done || !(await write(alertFrame(value)))) return;
    }
  }
}

async function end(response: ServerResponse, alerts: VisibleAlerts): Promise<void> {
  await alerts.return();
  response.writeHead(200, HEADERS).end();
}

/** Answers what went wrong in the words of GraphQL; of what has begun, ends the stream. */
function answer(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.end();
    if (!(error instanceof GraphQLError)) throw error;
    return;
  }
  if (isUnavailable(error)) {
    noteOf(request).code = 'SERVICE_UNAVAILABLE/DATABASE';
    answerEdgeError(response, 503);
    return;
  }
  if (!(error instanceof GraphQLError)) throw error;
  const { code, reason, http } = error.extensions as unknown as Extensions;
  if (code === 'QUOTA_EXCEEDED') {
    refuseOverQuota(request, response, 1_000);
    return;
  }
  noteOf(request).code = code;
  const extensions = { code, ...(reason !== undefined && { reason }) };
  answerJson(response, http.status, { errors: [{ message: error.message, extensions }] });
}

interface Extensions {
  readonly code: string;
  readonly reason?: string;
  readonly http: { readonly status: number };
}
