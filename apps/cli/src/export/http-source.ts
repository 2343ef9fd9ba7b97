import { z } from 'zod';
import { ServerUnreachable, UsageError } from '../exit-code.js';
import { addressOf, identityHeaders, notSignedIn, type Server, unreachable } from '../server/server.js';
import type { ExportSource } from './write-bundle.js';

const Keys = z.object({ tenant: z.string(), keys: z.array(z.string()).min(1), rotations: z.array(z.string()) });

/** A trial's log as a server hands it out. Every call throws UsageError or ServerUnreachable when it does not. */
export function httpSource(server: Server, trial: string): ExportSource {
  const get = (what: string): Promise<Response> => ask(server, `/export/${encodeURIComponent(trial)}/${what}`, trial);
  return {
    keys: async () => {
      const read = Keys.safeParse(await (await get('keys')).json());
      if (!read.success) throw new ServerUnreachable(`${server.url} does not answer as this version of a Cairn server`);
      return read.data;
    },
    checkpoints: async () => {
      const response = await get('checkpoints');
      return { notes: bodyOf(server, response), halted: response.headers.get('cairn-notary-halted') === 'true' };
    },
    events: async function* (limit) {
      yield* bodyOf(server, await get(limit === undefined ? 'events' : `events?limit=${limit}`));
    },
  };
}

/** The tree that a server keeps, as NDJSON. @param size of the tree */
export async function* storedTiles(server: Server, trial: string, size: number): AsyncGenerator<Uint8Array> {
  yield* bodyOf(server, await ask(server, `/export/${encodeURIComponent(trial)}/tiles?size=${size}`, trial));
}

async function ask(server: Server, path: string, trial: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(addressOf(server, path), { headers: identityHeaders(server) });
  } catch (error) {
    throw unreachable(server, error);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  switch (response.status) {
    case 401:
      throw notSignedIn(server);
    case 403:
      throw new UsageError(`the export of the trial ${trial} is not for whoever the token names`);
    case 404:
      throw new UsageError(`there is no trial ${trial}`);
    case 503:
      throw new ServerUnreachable(`The server ${server.url} has not signed all that is recorded; ask again.`);
    default:
      throw new ServerUnreachable(`The server ${server.url} does not export: status ${response.status}.`);
  }
}

async function* bodyOf(server: Server, { body }: Response): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body ?? []) yield chunk;
  } catch (error) {
    throw unreachable(server, error);
  }
}
