import type http from 'node:http';
import {
  execute,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
  parse,
  specifiedRules,
  subscribe,
  validate,
} from 'graphql';
import { MessageType } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { identify } from '../identity.js';
import type { RequestContext } from './context.js';
import { badInput, presentError, type UnexpectedError } from './errors.js';
import { limitRules, MAX_SOCKET_MESSAGE, MAX_SUBSCRIPTIONS_PER_SOCKET, MAX_TOKENS } from './limits.js';

export interface SubscriptionServerOptions {
  readonly server: http.Server;
  readonly path: string;
  readonly schema: GraphQLSchema;
  readonly defaultTenant: string;
  readonly unexpected: UnexpectedError;
}

/**
 * Serves subscriptions (protocol graphql-transport-ws), and nothing but subscriptions: queries and mutations have one
 * edge, HTTP. A client that reads slowly holds back its own source, so no messages pile up here.
 * @returns ends every subscription, telling the clients
 */
export function serveSubscriptions(options: SubscriptionServerOptions): () => Promise<void> {
  const { schema, unexpected } = options;
  const sockets = new WebSocketServer({
    server: options.server,
    path: options.path,
    maxPayload: MAX_SOCKET_MESSAGE,
    verifyClient: ({ req }: { req: http.IncomingMessage }) => isOwnPage(req),
  });
  const disposable = useServer<Record<string, unknown>, { request: http.IncomingMessage; socket: unknown }>(
    {
      // Tells no client what went wrong inside.
      isProd: true,
      // A message that only a server sends is no message, and its sender's affair: the library would log it as ours.
      jsonMessageReviver: (key, value) => {
        if (key === '' && SERVER_MESSAGES.has((value as { type?: unknown } | null)?.type)) {
          throw new SyntaxError('a client sends no such message');
        }
        return value as unknown;
      },
      onSubscribe: (connection, _id, request) => {
        try {
          if (Object.keys(connection.subscriptions).length > MAX_SUBSCRIPTIONS_PER_SOCKET) {
            throw badInput(`one socket has at most ${MAX_SUBSCRIPTIONS_PER_SOCKET} subscriptions`);
          }
          const document = parse(request.query, { maxTokens: MAX_TOKENS });
          const operation = getOperationAST(document, request.operationName);
          if (operation?.operation !== OperationTypeNode.SUBSCRIPTION)
            throw badInput('only subscriptions are served here');
          const faults = validate(schema, document, [...specifiedRules, ...limitRules]);
          if (faults.length > 0) return faults.map((fault) => withCode(fault, 'GRAPHQL_VALIDATION_FAILED'));
          const variables = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables ?? {});
          if (variables.errors) return variables.errors.map((fault) => withCode(fault, 'BAD_USER_INPUT'));
          const contextValue: RequestContext = {
            identity: identify(connection.extra.request.headers, options.defaultTenant),
          };
          return {
            schema,
            document,
            operationName: request.operationName,
            variableValues: request.variables,
            contextValue,
          };
        } catch (error) {
          const known = error instanceof GraphQLError;
          const code = known && error.extensions['code'] === undefined ? 'GRAPHQL_PARSE_FAILED' : undefined;
          return [known ? withCode(error, code) : asGraphQLError(error, unexpected)];
        }
      },
      execute,
      subscribe: async (args) => {
        const source = await subscribe(args);
        return 'next' in source ? presentingErrors(source, unexpected) : source;
      },
      onError: (_connection, _id, _request, errors) => errors.map((error) => asGraphQLError(error, unexpected)),
      onNext: (_connection, _id, _request, _args, result) =>
        result.errors && { ...result, errors: result.errors.map((error) => asGraphQLError(error, unexpected)) },
    },
    sockets,
  );
  // A socket that breaks (an oversized message, a lost peer) closes itself. That is the client's affair and not for our
  // log, where the listener that was set above would write it; with none at all it would end the process.
  sockets.on('connection', (socket) => {
    socket.removeAllListeners('error').on('error', () => undefined);
  });
  return async () => {
    await disposable.dispose();
  };
}

const SERVER_MESSAGES: ReadonlySet<unknown> = new Set<MessageType>([
  MessageType.ConnectionAck,
  MessageType.Next,
  MessageType.Error,
]);

/**
 * Whether a page of this very service asks, or no page at all. Browsers let every page open a socket to anywhere, with
 * no preflight that could be denied; they do say whose page it is.
 */
function isOwnPage({ headers }: http.IncomingMessage): boolean {
  if (headers.origin === undefined) return true;
  return URL.parse(headers.origin)?.host === headers.host;
}

const withCode = (error: GraphQLError, code: string | undefined): GraphQLError =>
  code === undefined ? error : new GraphQLError(error.message, { nodes: error.nodes, extensions: { code } });

function asGraphQLError(error: unknown, unexpected: UnexpectedError): GraphQLError {
  const { message, path, extensions } = presentError(error, unexpected);
  return new GraphQLError(message, { path: path ?? null, extensions: extensions ?? null });
}

/** An error that ends a subscription is told to the client as any other; without this the whole socket would close. */
function presentingErrors<Result>(
  source: AsyncGenerator<Result, void, void>,
  unexpected: UnexpectedError,
): AsyncIterableIterator<Result> {
  return {
    next: () =>
      source.next().catch((error: unknown) => {
        throw asGraphQLError(error, unexpected);
      }),
    return: () => source.return(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
