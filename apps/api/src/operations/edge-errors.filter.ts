import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { UnexpectedError } from '../graphql/errors.js';

/** Answers what goes wrong outside of GraphQL in GraphQL's shape, so that clients read errors in one way. */
@Catch()
export class EdgeErrorsFilter implements ExceptionFilter {
  constructor(private readonly unexpected: UnexpectedError) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const status = statusOf(error);
    // A failed health check answers with its details.
    if (error instanceof HttpException && status === 503) {
      answerJson(response, status, error.getResponse());
      return;
    }
    if (status >= 400 && status < 500) answerEdgeError(response, status);
    else answerUnexpected(response, error, this.unexpected);
  }
}

/** The code and the sentence of each status that is the client's doing. */
export const edgeErrors = {
  400: { code: 'BAD_REQUEST', message: 'The body is not JSON.' },
  401: { code: 'UNAUTHENTICATED', message: 'Sign in, or send an access token that is valid.' },
  403: { code: 'FORBIDDEN', message: 'This is not for your roles.' },
  404: { code: 'NOT_FOUND', message: 'There is nothing here.' },
  405: { code: 'METHOD_NOT_ALLOWED', message: 'There is nothing here that has this method.' },
  413: { code: 'BODY_TOO_LARGE', message: 'The body is too large.' },
  415: { code: 'UNSUPPORTED_MEDIA_TYPE', message: 'The body has a type or an encoding that is not read here.' },
  429: { code: 'QUOTA_EXCEEDED', message: 'This is more than your organisation may ask at a time. Ask again later.' },
  503: { code: 'SERVICE_UNAVAILABLE', message: 'This cannot be answered now. The same request may be sent again.' },
} as const;
const OTHER = { code: 'BAD_REQUEST', message: 'The request is not one.' };

/** For a status that is no surprise. */
export function answerEdgeError(response: ServerResponse, status: number): void {
  const { code, message } = status in edgeErrors ? edgeErrors[status as keyof typeof edgeErrors] : OTHER;
  answerJson(response, status, body(code, message));
}

/** For what is nobody's known case: the client is told the id under which the log has it. */
export function answerUnexpected(response: ServerResponse, error: unknown, unexpected: UnexpectedError): void {
  const id = randomUUID();
  unexpected(id, error);
  answerJson(response, 500, body('INTERNAL', `Something unexpected went wrong; the log names it ${id}.`));
}

/** Also used where an answer must be given before GraphQL or Nest can. */
export function answerJson(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(content));
}

const body = (code: string, message: string) => ({ errors: [{ message, extensions: { code } }] });

/** Express and its body parser put the status on the error itself. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { status, expose } = error as { status?: unknown; expose?: unknown };
  return typeof status === 'number' && expose === true ? status : 500;
}
