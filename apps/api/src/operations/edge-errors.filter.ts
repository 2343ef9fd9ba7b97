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
    if (status >= 400 && status < 500) {
      answerJson(
        response,
        status,
        body(CODES[status] ?? 'BAD_REQUEST', SENTENCES[status] ?? 'The request is not one.'),
      );
      return;
    }
    const id = randomUUID();
    this.unexpected(id, error);
    answerJson(response, 500, body('INTERNAL', `Something unexpected went wrong; the log names it ${id}.`));
  }
}

const CODES: Readonly<Record<number, string>> = {
  404: 'NOT_FOUND',
  413: 'BODY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};
const SENTENCES: Readonly<Record<number, string>> = {
  400: 'The body is not JSON.',
  404: 'There is nothing here.',
  413: 'The body is too large.',
  415: 'The body has an encoding that is not read here.',
};

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
