import { z } from 'zod';
import { ServerUnreachable, UsageError } from '../exit-code.js';

/** Which server is talked to, and with which access token. */
export interface Server {
  readonly url: string;
  readonly token: string;
}

export const identityHeaders = ({ token }: Server): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** The address of a path of the server. @throws UsageError for an address that is none */
export function addressOf(server: Pick<Server, 'url'>, path: string): URL {
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
 * @throws UsageError when it does not take the token
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
  let status: number;
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...identityHeaders(server) },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(60_000),
    });
    status = response.status;
    body = await response.json();
  } catch (error) {
    throw unreachable(server, error);
  }
  if (status === 401) throw notSignedIn(server);
  const answer = GraphqlAnswer.safeParse(body);
  if (!answer.success) throw new ServerUnreachable(`${server.url} does not answer as a Cairn server`);
  const [error] = answer.data.errors ?? [];
  if (error) throw new GraphqlError(error.message, error.extensions?.code);
  const data = shape.safeParse(answer.data.data);
  if (!data.success) throw new ServerUnreachable(`${server.url} does not answer as this version of a Cairn server`);
  return data.data;
}

/** What is wrong with a token a server keeps to itself. */
export const notSignedIn = ({ url }: Server): UsageError =>
  new UsageError(`${url} does not take the token: it has expired, or another issuer made it`);

/** The failure of a connection as one sentence, with the cause that Node hides inside. */
export function unreachable(server: Server, error: unknown): ServerUnreachable {
  const { cause = error } = error as { readonly cause?: unknown };
  const { code } = cause as NodeJS.ErrnoException;
  const reason = code === 'ECONNREFUSED' ? 'nothing listens there' : (code ?? String(cause));
  return new ServerUnreachable(`The server ${server.url} cannot be reached: ${reason}.`);
}
