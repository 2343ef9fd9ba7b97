import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { BundleRecord } from '../bundle/bundle-record.js';
import { ServerUnreachable, UsageError } from '../exit-code.js';
import { addressOf, identityHeaders, notSignedIn, type Server, unreachable } from './server.js';

const Outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('accepted'), position: z.string(), events: z.number() }),
  z.object({ kind: z.literal('unchanged'), position: z.string() }),
  z.object({
    kind: z.literal('refused'),
    code: z.string(),
    message: z.string(),
    field: z.string().optional(),
    command: z.number().optional(),
  }),
]);
/** What became of a record. */
export type RecordOutcome = z.infer<typeof Outcome>;

const Totals = z.object({
  records: z.number(),
  accepted: z.number(),
  unchanged: z.number(),
  refused: z.number(),
  events: z.number(),
  position: z.string(),
});
export type ImportTotals = z.infer<typeof Totals>;

const Answer = z.union([
  z.object({ line: z.number(), outcome: Outcome }),
  z.object({ done: Totals }),
  z.object({ stopped: z.object({ code: z.string(), message: z.string() }) }),
]);

const AGAIN = 'Importing the bundle again is safe: what is stored already is not stored twice.';

/**
 * Streams records to the server and gives each outcome with the record it belongs to. Pages are read no faster than
 * the server takes them.
 * @throws UsageError when whoever asks may not import
 * @throws ServerUnreachable when the connection cannot be made or is lost
 */
export async function streamImport(
  server: Server,
  dryRun: boolean,
  pages: AsyncIterable<readonly BundleRecord[]>,
  onOutcome: (record: BundleRecord, outcome: RecordOutcome) => void,
): Promise<ImportTotals> {
  const address = addressOf(server, `/import?dryRun=${dryRun}`);
  const request = (address.protocol === 'https:' ? httpsRequest : httpRequest)(address, {
    method: 'POST',
    // A connection of its own, so that nothing is left open when the command ends.
    agent: false,
    headers: { 'content-type': 'application/x-ndjson', ...identityHeaders(server) },
  });
  const unanswered = new Map<number, BundleRecord>();
  const failed = new Promise<never>((_, reject) => request.once('error', reject));
  failed.catch(() => undefined);
  request.flushHeaders();
  let response: IncomingMessage;
  try {
    [response] = (await Promise.race([once(request, 'response'), failed])) as [IncomingMessage];
  } catch (error) {
    throw unreachable(server, error);
  }
  if (response.statusCode !== 200) {
    request.destroy();
    if (response.statusCode === 401) throw notSignedIn(server);
    if (response.statusCode === 403) throw new UsageError('whoever the token names may record nothing there');
    throw new ServerUnreachable(`The server ${server.url} does not take imports: status ${response.statusCode}.`);
  }

  const sending = send(request, pages, unanswered);
  sending.catch((error: Error) => request.destroy(error));
  try {
    for await (const text of createInterface({ input: response })) {
      const answer = Answer.parse(JSON.parse(text));
      if ('done' in answer) return answer.done;
      if ('stopped' in answer) throw new ServerUnreachable(`The server stopped the import: ${answer.stopped.message}`);
      const record = unanswered.get(answer.line);
      unanswered.delete(answer.line);
      if (record) onOutcome(record, answer.outcome);
    }
  } catch (error) {
    request.destroy();
    // Reading the bundle may have failed first; then that is what is wrong, and not the connection.
    await sending;
    if (error instanceof ServerUnreachable) throw error;
  } finally {
    request.destroy();
  }
  await sending;
  throw new ServerUnreachable(`The connection to ${server.url} was lost in the middle of the import. ${AGAIN}`);
}

async function send(
  request: ClientRequest,
  pages: AsyncIterable<readonly BundleRecord[]>,
  unanswered: Map<number, BundleRecord>,
): Promise<void> {
  let line = 0;
  for await (const page of pages) {
    if (request.destroyed) return;
    let lines = '';
    for (const record of page) {
      unanswered.set(++line, record);
      lines += `${JSON.stringify({ line, commandId: record.commandId, commands: record.commands })}\n`;
    }
    if (lines !== '' && !request.write(lines)) await writable(request);
  }
  if (!request.destroyed) request.end();
}

function writable(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off('drain', done);
      request.off('close', done);
      resolve();
    };
    request.once('drain', done);
    request.once('close', done);
    if (request.destroyed) done();
  });
}
