import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ExitCode, ServerUnreachable, UsageError } from '../exit-code.js';
import { FILES } from '../export/manifest.js';
import type { SignedIn } from '../identity/sign-in.js';
import { addressOf, identityHeaders, notSignedIn, type Server, unreachable } from '../server/server.js';
import { grouped, startProgress, type Terminal } from '../terminal.js';
import { BundleAltered, BundleUnreadable } from '../verify/problem.js';
import { verifyBundle } from '../verify/verify-bundle.js';
import { awaitReadModels } from './await-read-models.js';
import { openTenant } from './open-tenant.js';

const Answer = z.union([
  z.object({ restored: z.object({ events: z.number(), root: z.string() }) }),
  z.object({ errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }) })).min(1) }),
]);

/** Whether a folder is an export, which is brought back event by event, and not a bundle of rows to be recorded. */
export const isExport = (directory: string): Promise<boolean> =>
  fs.stat(path.join(directory, FILES.manifest)).then(
    (file) => file.isFile(),
    () => false,
  );

/**
 * `cairn import` of an export: verified first, then brought back whole or not at all, into a tenant without a log. Whoever
 * does so is let in as its manager afterwards, as by any first import.
 * @param operator whose token may restore
 * @throws UsageError when it is not what was signed, or cannot be restored there
 * @throws ServerUnreachable
 */
export async function restoreCommand(
  directory: string,
  operator: Server,
  { server, user }: SignedIn,
  terminal: Terminal,
): Promise<ExitCode> {
  const { trial, size, root } = await verified(directory);
  const progress = startProgress(terminal.err, 'Restoring', size);
  try {
    progress.update(0, `${grouped(size)} events`);
    await send(directory, operator, size, root);
    if (user?.unlisted) {
      await openTenant(server, user, { dryRun: false });
      const warning = await awaitReadModels(server, trial, String(size), progress);
      if (warning !== undefined) terminal.err.write(`${warning}\n`);
    }
    progress.stop();
    terminal.out.write(`Restored: ${grouped(size)} events of the trial ${trial}.\nTree head: ${root}\n`);
    return ExitCode.done;
  } finally {
    progress.stop();
  }
}

async function verified(directory: string) {
  try {
    return (await verifyBundle(directory, { keys: undefined, recompute: false })).manifest;
  } catch (error) {
    if (error instanceof BundleAltered) {
      const { code, position, message } = error.alteration;
      const where = position === undefined ? '' : ` at position ${position}`;
      throw new UsageError(`${directory} was altered${where}: ${message} (${code})`);
    }
    if (error instanceof BundleUnreadable) throw new UsageError(`${directory}: ${error.message} (${error.code})`);
    throw error;
  }
}

/** Sends the events as they are. */
async function send(directory: string, server: Server, size: number, root: string): Promise<void> {
  const address = addressOf(server, `/restore?size=${size}&root=${encodeURIComponent(root)}`);
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...identityHeaders(server) },
      body: createReadStream(path.join(directory, FILES.events)),
      duplex: 'half',
    });
    body = await response.json();
  } catch (error) {
    throw unreachable(server, error);
  }
  if (response.status === 401) throw notSignedIn(server);
  if (response.status === 403) throw new UsageError('restoring takes a token with the scope cairn:operate');
  const answer = Answer.safeParse(body);
  if (!answer.success) throw new ServerUnreachable(`${server.url} does not answer as a Cairn server`);
  if ('restored' in answer.data) return;
  const [error] = answer.data.errors;
  const told = `${error!.message} (${error!.extensions.code})`;
  throw response.status >= 500 ? new ServerUnreachable(told) : new UsageError(told);
}
