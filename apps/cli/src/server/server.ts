import { z } from 'zod';
import { ServerUnreachable, UsageError } from '../exit-code.js';

/** Which server is talked to, and for whom. */
export interface Server {
  readonly url: string;
  readonly tenant: string;
  readonly actor: string;
}

/** Headers carry Latin-1; identifiers of any alphabet travel as UTF-8 bytes. */
const headerText = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

export const identityHeaders = (server: Server): Record<string, string> => ({
  'cairn-tenant': headerText(server.tenant),
  'cairn-actor': headerText(server.actor),
});

/** The address of a path of the server. @throws UsageError for an address that is none */
export function addressOf(server: Server, path: string): URL {
  const base = URL.parse(server.url);
  if (!base || !/^https?:$/.test(base.protocol)) throw new UsageError(`${server.url} is not an http address`);
  return new URL(path.replace(/^\//, ''), base.href.endsWith('/') ? base : `${base.href}/`);
}

const GraphqlAnswer = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.object({ code: z.string().optional() }).optional() }))
    .optional(),
});

/** The server understood and said no. */
export class GraphqlError extends Error {
  override readonly name = 'GraphqlError';
  constructor(
    message: string,
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/**
 * Asks the server.
 * @param shape what the answer's data must look like
 * @throws ServerUnreachable when there is no answer, or none that a Cairn server gives
 * @throws GraphqlError when the answer is an error
 */
export async function ask<Data>(
  server: Server,
  query: string,
  variables: Readonly<Record<string, unknown>>,
  shape: z.ZodType<Data>,
): Promise<Data> {
  const address = addressOf(server, '/graphql');
  let body: unknown;
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...identityHeaders(server) },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(60_000),
    });
    body = await response.json();
  } catch (error) {
    throw unreachable(server, error);
  }
  const answer = GraphqlAnswer.safeParse(body);
  if (!answer.success) throw new ServerUnreachable(`${server.url} does not answer as a Cairn server`);
  const [error] = answer.data.errors ?? [];
  if (error) throw new GraphqlError(error.message, error.extensions?.code);
  const data = shape.safeParse(answer.data.data);
  if (!data.success) throw new ServerUnreachable(`${server.url} does not answer as this version of a Cairn server`);
  return data.data;
}

/** The failure of a connection as one sentence, with the cause that Node hides inside. */
export function unreachable(server: Server, error: unknown): ServerUnreachable {
  const { cause = error } = error as { readonly cause?: unknown };
  const { code } = cause as NodeJS.ErrnoException;
  const reason = code === 'ECONNREFUSED' ? 'nothing listens there' : (code ?? String(cause));
  return new ServerUnreachable(`The server ${server.url} cannot be reached: ${reason}.`);
}
