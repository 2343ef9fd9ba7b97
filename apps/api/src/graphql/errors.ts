import { randomUUID } from 'node:crypto';
import { type ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import type { SealReason } from '@cairn/access';
import { CutAltered } from '@cairn/audit';
import { EventStoreUnavailable } from '@cairn/event-sourcing';
import { isPassing, ReadModelMissing } from '@cairn/platform';
import { KeysUnavailable } from '@cairn/platform/keys';
import { GraphQLError, type GraphQLFormattedError, OperationTypeNode } from 'graphql';
import { edgeErrors } from '../operations/edge-errors.filter.js';

/**
 * Every `extensions.code` of a GraphQL error with its HTTP status, where Apollo does not know it already. Refused
 * commands are no errors: they are answers with codes of their own.
 */
export const errorStatuses = {
  BAD_REQUEST: undefined,
  BAD_USER_INPUT: 400,
  FORBIDDEN: 403,
  SEALED: 403,
  GRAPHQL_PARSE_FAILED: undefined,
  GRAPHQL_VALIDATION_FAILED: undefined,
  OPERATION_RESOLUTION_FAILURE: undefined,
  CURSOR_UNKNOWN: 400,
  READ_MODEL_BEHIND: 503,
  DATA_CUT_ALTERED: 500,
  QUOTA_EXCEEDED: 429,
  SERVICE_UNAVAILABLE: 503,
  KEYS_UNAVAILABLE: 503,
  INTERNAL: 500,
} as const;
export type ErrorCode = keyof typeof errorStatuses;

export const badInput = (message: string): GraphQLError => typed('BAD_USER_INPUT', message);

/** Where somebody wants to go on is no place that they know. The same whether there is no such place, or it is not theirs. */
export const cursorUnknown = (): GraphQLError => typed('CURSOR_UNKNOWN', 'there is no such alert to go on after');

/** The read models have not come as far as the request wants; it may be sent again. */
export const readModelBehind = (message: string): GraphQLError => typed('READ_MODEL_BEHIND', message);

/** The tenant has as much of it open as it may. */
export const overQuota = (): GraphQLError => typed('QUOTA_EXCEEDED', edgeErrors[429].message);

/** It is not for the viewer's roles or token, whatever exists. */
export const forbidden = (): GraphQLError => typed('FORBIDDEN', edgeErrors[403].message);

/** A field that cannot be null is not for the viewer. */
export const sealed = (reason: SealReason): GraphQLError =>
  new GraphQLError('This is not shown to your roles.', {
    extensions: { code: 'SEALED' satisfies ErrorCode, reason, http: { status: errorStatuses.SEALED } },
  });

const UNAVAILABLE = 'The store cannot be reached. The same request may be sent again.';

const KEYS_AWAY =
  'The keys for free text cannot be had now. What has no text can be recorded; the same request may be sent again.';

/** The database cannot be reached now. */
export const isUnavailable = (error: unknown): boolean => error instanceof EventStoreUnavailable || isPassing(error);

/** What Apollo must be told of that before a request is resolved: it would take anything else for a fault of ours. */
export const unavailable = (): GraphQLError => typed('SERVICE_UNAVAILABLE', UNAVAILABLE);

/** Called for each error that is nobody's known case, with the id that the client was told. */
export type UnexpectedError = (id: string, error: unknown) => void;

/**
 * Makes the error that a client sees: known cases keep their code and message, everything else becomes INTERNAL with
 * an id that finds it in the log. Never a stack trace.
 */
export function presentError(error: unknown, unexpected: UnexpectedError): GraphQLFormattedError {
  const cause = unwrapResolverError(error);
  if (isUnavailable(cause)) return present(error, 'SERVICE_UNAVAILABLE', UNAVAILABLE);
  if (cause instanceof CutAltered) return present(error, 'DATA_CUT_ALTERED', cause.message);
  if (cause instanceof KeysUnavailable) return present(error, 'KEYS_UNAVAILABLE', KEYS_AWAY);
  if (cause instanceof ReadModelMissing) return present(error, 'READ_MODEL_BEHIND', cause.message);
  if (cause instanceof GraphQLError) {
    const code = cause.extensions['code'];
    if (code !== undefined && code !== 'INTERNAL_SERVER_ERROR')
      return present(error, isErrorCode(code) ? code : 'BAD_REQUEST', cause.message);
    // Said by graphql-js itself of the request, before anything was resolved: more wrong variables than it lists.
    if (cause === error && cause.path === undefined && cause.originalError === undefined) {
      return present(error, 'BAD_USER_INPUT', cause.message);
    }
  }
  const id = randomUUID();
  unexpected(id, cause);
  return present(error, 'INTERNAL', `Something unexpected went wrong; the log names it ${id}.`);
}

/** Apollo would resolve a subscription's fields as a query's, from nothing. */
export const noSubscriptions: ApolloServerPlugin = {
  requestDidStart: async () => ({
    didResolveOperation: async ({ operation }) => {
      if (operation?.operation === OperationTypeNode.SUBSCRIPTION) {
        throw badInput('subscriptions are served over a websocket (graphql-transport-ws)');
      }
    },
  }),
};

/** HTTP statuses of errors that are met while resolving; without it they would all be 200. */
export const errorStatus: ApolloServerPlugin = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response }) => {
      if (response.body.kind !== 'single') return;
      for (const { extensions } of response.body.singleResult.errors ?? []) {
        const code = extensions?.['code'];
        const status = isErrorCode(code) ? errorStatuses[code] : undefined;
        if (status !== undefined) response.http.status = status;
      }
    },
  }),
};

const isErrorCode = (code: unknown): code is ErrorCode => Object.hasOwn(errorStatuses, String(code));

/** Apollo takes the status from the error and does not show it. */
const typed = (code: ErrorCode, message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code, http: { status: errorStatuses[code] } } });

function present(error: unknown, code: ErrorCode, message: string): GraphQLFormattedError {
  const at = error instanceof GraphQLError ? error : undefined;
  return {
    message,
    ...(at?.locations && { locations: at.locations }),
    ...(at?.path && { path: at.path }),
    extensions: { code, ...(code === 'SEALED' && { reason: at?.extensions['reason'] }) },
  };
}
