import type { IncomingMessage, ServerResponse } from 'node:http';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import { KeysUnavailable } from '@cairn/platform/keys';
import { noteOf } from '../log/request-note.js';
import { type ImportAnswer, type ImportTotals, LINE_MAX_BYTES, type StopCode } from './import-record.js';
import { type ImportSink, type ImportTarget, runImport } from './import-run.js';
import { ndjsonLines } from './ndjson-lines.js';
import { OverlayFull } from './overlay-event-store.js';

/**
 * Answers an import: NDJSON records in, NDJSON outcomes out, at the same time. A client that reads slowly is read slowly.
 * The status is 200 as soon as the first byte is answered, so what goes wrong later is the last line.
 * @param stopping aborted when the server is asked to end
 */
export async function serveImport(
  request: IncomingMessage,
  response: ServerResponse,
  target: ImportTarget,
  stopping: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  stopping.addEventListener('abort', abort);
  response.on('close', abort);
  response.on('error', abort);
  if (stopping.aborted) abort();
  // A waiting read ends with the request, so that a client which neither sends nor goes away cannot hold up the end.
  stop.signal.addEventListener('abort', () => request.destroy());

  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  response.flushHeaders();
  const sink = new AnswerSink(response, (totals) => (noteOf(request).imported = totals));
  try {
    await runImport(ndjsonLines(request, LINE_MAX_BYTES), target, sink, stop.signal);
  } catch (error) {
    if (!response.destroyed && !stop.signal.aborted) sink.write({ stopped: stopReason(error) });
    if (!isExpected(error) && !stop.signal.aborted) throw error;
  } finally {
    stopping.removeEventListener('abort', abort);
    await sink.end();
    // What the client still sends is not read; without this the connection would wait for it.
    if (!request.readableEnded) request.destroy();
  }
}

function stopReason(error: unknown): { readonly code: StopCode; readonly message: string } {
  if (error instanceof OverlayFull) return { code: 'DRY_RUN_TOO_LARGE', message: error.message };
  if (error instanceof EventStoreUnavailable) {
    return { code: 'SERVICE_UNAVAILABLE', message: 'The event store does not answer. Importing again is safe.' };
  }
  if (error instanceof KeysUnavailable) {
    return { code: 'KEYS_UNAVAILABLE', message: 'The keys for free text cannot be had now. Importing again is safe.' };
  }
  return { code: 'INTERNAL', message: 'The import stopped on an internal error. Importing again is safe.' };
}

const isExpected = (error: unknown): boolean =>
  error instanceof OverlayFull || error instanceof EventStoreUnavailable || error instanceof KeysUnavailable;

/** Collects the answers of a moment into one write: with thousands a second, writes cost more than their content. */
class AnswerSink implements ImportSink {
  private lines = '';
  private full: Promise<void> | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly done: (totals: Omit<ImportTotals, 'position'>) => void,
  ) {}

  write(answer: ImportAnswer): void {
    if ('done' in answer) {
      const { position: _, ...totals } = answer.done;
      this.done(totals);
    }
    if (this.lines === '') setImmediate(() => this.flush());
    this.lines += `${JSON.stringify(answer)}\n`;
  }

  drained(): Promise<void> | undefined {
    return this.full;
  }

  async end(): Promise<void> {
    this.flush();
    if (this.response.destroyed) return;
    await new Promise<void>((resolve) => {
      this.response.once('close', resolve);
      this.response.end(resolve);
    });
  }

  private flush(): void {
    const { lines, response } = this;
    this.lines = '';
    if (lines === '' || response.destroyed || response.writableEnded) return;
    if (response.write(lines) || this.full) return;
    this.full = new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done);
        response.off('close', done);
        this.full = undefined;
        resolve();
      };
      response.once('drain', done);
      response.once('close', done);
    });
  }
}
