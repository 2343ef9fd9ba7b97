import { randomUUID } from 'node:crypto';
import type http from 'node:http';
import {
  execute,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
  parse,
  subscribe,
} from 'graphql';
import { handleProtocols, MessageType } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { type Authenticator, Unauthenticated } from '../identity/authenticator.js';
import { bearer, isOwnOrigin, type OwnPages, tokensIn } from '../identity/credentials.js';
import type { Identity } from '../identity/identity.js';
import type { RequestContext } from './context.js';
import { withSealed } from './disclosures.js';
import { costOf } from '../limits/document-cost.js';
import { addressOf } from '../limits/client-address.js';
import type { Quotas } from '../limits/quotas.js';
import { badInput, overQuota, presentError, type UnexpectedError } from './errors.js';
import { faultsOf, MAX_SOCKET_MESSAGE, MAX_SUBSCRIPTIONS_PER_SOCKET, MAX_TOKENS } from './limits.js';
import { speakProtocol } from './socket-protocol.js';
import { askedFields, FORBIDDEN, mayWatch, SocketVisits, UNAUTHORIZED } from './socket-visits.js';

export interface SubscriptionServerOptions {
  readonly server: http.Server;
  readonly path: string;
  readonly schema: GraphQLSchema;
  readonly authenticator: Authenticator;
  readonly own: OwnPages;
  /** Told of everybody who is let in, before they are. */
  readonly signedIn: (identity: Identity) => Promise<void>;
  /** Made anew for each operation, with the roles that are held when it begins. */
  readonly contextOf: (identity: Identity) => Promise<RequestContext>;
  readonly quotas: Quotas;
  /** Told of each socket that has ended, with the close code, and of whom it was, where that was known. */
  readonly ended: (identity: Identity | undefined, code: number, milliseconds: number) => void;
  readonly unexpected: UnexpectedError;
}

/**
 * Serves subscriptions (protocol graphql-transport-ws), and nothing but subscriptions: queries and mutations have one
 * edge, HTTP. Who asks is known from the first message on, or the socket is closed: 4401 without a token that is real, and
 * when it expires; 4403 without any role, and when roles end that what is open needs. A client that reads slowly holds back
 * its own source, so no messages pile up here.
 * @returns ends every subscription, telling the clients
 */
export function serveSubscriptions(options: SubscriptionServerOptions): () => Promise<void> {
  const { schema, unexpected, own, quotas } = options;
  const visits = new SocketVisits(async (identity) => (await options.contextOf(identity)).viewer);
  const sockets = new WebSocketServer({
    server: options.server,
    path: options.path,
    maxPayload: MAX_SOCKET_MESSAGE,
    handleProtocols,
    // Browsers let every page open a socket to anywhere, with no preflight that could be denied.
    verifyClient: ({ req }: { req: http.IncomingMessage }) => req.headers.origin === undefined || isOwnOrigin(req, own),
  });
  const speak = speakProtocol({
    // Reading a message costs, so it waits for the tenant's turn like a request; with whoever has not said who they are yet,
    // those of the same address.
    turn: (socket, request, gone) => {
      const nobody = { tenant: '', person: addressOf(request) };
      return quotas.turn(visits.of(socket)?.identity ?? nobody, gone);
    },
    failed: (error) => unexpected(randomUUID(), error),
    // A message that only a server sends is no message, and its sender's affair: the library would log it as ours.
    jsonMessageReviver: (key, value) => {
      if (key === '' && SERVER_MESSAGES.has((value as { type?: unknown } | null)?.type)) {
        throw new SyntaxError('a client sends no such message');
      }
      return value as unknown;
    },
    onConnect: async ({ connectionParams, extra: { request, socket } }) => {
      try {
        const tokens = new Set([...tokensOf(connectionParams), ...tokensIn(request, own)]);
        const identity = await options.authenticator.identify([...tokens]);
        await options.signedIn(identity);
        const { viewer } = await options.contextOf(identity);
        // A socket that has closed meanwhile would never give its place back.
        if (socket.readyState !== socket.OPEN) return false;
        const release = quotas.openSocket(identity);
        if (release) socket.once('close', release);
        if (viewer.assignments.length === 0) socket.close(...FORBIDDEN);
        else if (!release) socket.close(CLOSED_FOR_NOW, 'Too many sockets');
        else visits.begin(socket, identity);
      } catch (error) {
        if (error instanceof Unauthenticated) socket.close(...UNAUTHORIZED);
        // The store or the issuer cannot be reached; clients come back after this.
        else socket.close(CLOSED_FOR_NOW, 'Try again later');
      }
      return socket.readyState === socket.OPEN;
    },
    onSubscribe: async (connection, id, request) => {
      try {
        const visit = visits.of(connection.extra.socket);
        if (!visit) throw badInput('the socket is closed');
        if (Object.keys(connection.subscriptions).length > MAX_SUBSCRIPTIONS_PER_SOCKET) {
          throw badInput(`one socket has at most ${MAX_SUBSCRIPTIONS_PER_SOCKET} subscriptions`);
        }
        const document = parse(request.query, { maxTokens: MAX_TOKENS });
        const operation = getOperationAST(document, request.operationName);
        if (operation?.operation !== OperationTypeNode.SUBSCRIPTION)
          throw badInput('only subscriptions are served here');
        const faults = faultsOf(schema, document);
        if (faults.length > 0) return faults.map((fault) => withCode(fault, 'GRAPHQL_VALIDATION_FAILED'));
        const variables = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables ?? {});
        if (variables.errors) return variables.errors.map((fault) => withCode(fault, 'BAD_USER_INPUT'));
        const contextValue = await options.contextOf(visit.identity);
        const asked = askedFields(schema, document, variables.coerced);
        if (mayWatch(contextValue.viewer, asked)) visit.watching.set(id, asked);
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
    onComplete: (connection, id) => void visits.of(connection.extra.socket)?.watching.delete(id),
    execute,
    subscribe: async (args) => {
      const { identity } = args.contextValue as RequestContext;
      const release = quotas.openSubscription(identity);
      if (!release) return { errors: [overQuota()] };
      const entry = await quotas.enter(identity);
      try {
        if (entry.kind === 'full') throw overQuota();
        quotas.spend(identity, costOf(args.document, args.operationName, args.variableValues ?? {}));
        await quotas.stretch(identity);
        const source = await subscribe(args);
        if ('next' in source) return presentingErrors(source, release, unexpected);
        release();
        return source;
      } catch (error) {
        release();
        if (error instanceof GraphQLError) return { errors: [error] };
        throw error;
      } finally {
        if (entry.kind === 'in') entry.leave();
      }
    },
    onError: (connection, id, _request, errors) => {
      // What roles no longer allow is remembered until the socket is closed for it.
      if (!errors.some(({ extensions }) => extensions['code'] === 'FORBIDDEN')) {
        visits.of(connection.extra.socket)?.watching.delete(id);
      }
      return errors.map((error) => asGraphQLError(error, unexpected));
    },
    onNext: (_connection, _id, _request, { contextValue }, result) => {
      const { errors } = result;
      const told = errors ? { ...result, errors: errors.map((error) => asGraphQLError(error, unexpected)) } : result;
      return withSealed(told, (contextValue as RequestContext).disclosures);
    },
  });
  sockets.on('connection', (socket, request) => {
    const opened = performance.now();
    speak(socket, request);
    socket.prependOnceListener('close', (code: number) => {
      options.ended(visits.of(socket)?.identity, code, performance.now() - opened);
    });
  });
  return async () => {
    visits.stop();
    for (const socket of sockets.clients) socket.close(1001, 'Going away');
    // Whoever does not answer may not be there.
    const late = setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), CLOSED_WITHIN);
    await new Promise<void>((resolve) => sockets.close(() => resolve()));
    clearTimeout(late);
  };
}

const SERVER_MESSAGES: ReadonlySet<unknown> = new Set<MessageType>([
  MessageType.ConnectionAck,
  MessageType.Next,
  MessageType.Error,
]);

/** What clients call the token in the first message; pages that cannot set headers send it so. */
const TOKEN_NAMES = ['authorization', 'Authorization', 'token'];

/** Every token of the first message, with or without `Bearer`; what is no text is no token, but not nothing either. */
function tokensOf(connectionParams: Readonly<Record<string, unknown>> = {}): readonly string[] {
  const given = TOKEN_NAMES.filter((name) => Object.hasOwn(connectionParams, name)).map(
    (name) => connectionParams[name],
  );
  return given.map((value) => (typeof value !== 'string' ? '' : value.includes(' ') ? bearer(value) : value));
}

/** Milliseconds in which a client has to take leave when the service ends. */
const CLOSED_WITHIN = 2_000;

/** A close code of the websocket protocol itself: the server is not at fault for ever. */
const CLOSED_FOR_NOW = 1013;

const withCode = (error: GraphQLError, code: string | undefined): GraphQLError =>
  code === undefined ? error : new GraphQLError(error.message, { nodes: error.nodes, extensions: { code } });

function asGraphQLError(error: unknown, unexpected: UnexpectedError): GraphQLError {
  const { message, path, extensions } = presentError(error, unexpected);
  return new GraphQLError(message, { path: path ?? null, extensions: extensions ?? null });
}

/** An error that ends a subscription is told to the client as any other; without this the whole socket would close. */
function presentingErrors<Result>(
  source: AsyncGenerator<Result, void, void>,
  ended: () => void,
  unexpected: UnexpectedError,
): AsyncIterableIterator<Result> {
  return {
    next: () =>
      source.next().then(
        (result) => {
          if (result.done) ended();
          return result;
        },
        (error: unknown) => {
          ended();
          throw asGraphQLError(error, unexpected);
        },
      ),
    return: () => {
      ended();
      return source.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
