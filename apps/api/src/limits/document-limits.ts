import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DocumentNode, getOperationAST, type GraphQLSchema, parse } from 'graphql';
import { LRUCache } from 'lru-cache';
import { MAX_TOKENS, overLimits } from '../graphql/limits.js';
import { identityOf } from '../identity/request-identity.js';
import { noteOf } from '../log/request-note.js';
import { answerJson } from '../operations/edge-errors.filter.js';
import { commandsIn, costOf } from './document-cost.js';
import type { Quotas } from './quotas.js';
import { refuseOverQuota } from './refuse.js';

type Middleware = (
  request: IncomingMessage & { readonly body?: unknown },
  response: ServerResponse,
  next: () => void,
) => void;

type Judged =
  | { readonly kind: 'within'; readonly document: DocumentNode }
  /** Too large, and why. */
  | { readonly kind: 'over'; readonly faults: readonly string[] }
  /** No document: whoever answers says what is wrong with it. */
  | { readonly kind: 'none' };

/** Characters of the documents that are remembered; a few hundred different ones are asked all the time. */
const REMEMBERED = 1_000_000;

/**
 * Looks at a GraphQL request before it is answered: turns away documents that are made to cost, and takes what the others
 * will cost from their tenant's budget. A validator would work for a tenth of a second on the worst that the parser takes.
 */
export function documentLimits(schema: () => GraphQLSchema, quotas: Quotas): Middleware {
  const judged = new LRUCache<string, Judged>({
    maxSize: REMEMBERED,
    sizeCalculation: (_judged, text) => text.length + 500,
  });
  const judge = (text: string): Judged => {
    let known = judged.get(text);
    if (!known) judged.set(text, (known = judgeDocument(schema(), text)));
    return known;
  };
  return (request, response, next) => {
    const { query, operationName, variables } = asked(request);
    const verdict: Judged = typeof query === 'string' ? judge(query) : { kind: 'none' };
    if (verdict.kind === 'none') {
      next();
      return;
    }
    if (verdict.kind === 'over') {
      noteOf(request).code = TOO_LARGE;
      const errors = verdict.faults.map((message) => ({ message, extensions: { code: TOO_LARGE } }));
      answerJson(response, 400, { errors });
      return;
    }
    const { document } = verdict;
    const name = typeof operationName === 'string' ? operationName : undefined;
    const operation = getOperationAST(document, name);
    if (operation) noteOf(request).operation = { kind: operation.operation, name: operation.name?.value };
    void pay(request, document, name, isRecord(variables) ? variables : {}).then((retryAfter) => {
      if (response.destroyed) return;
      if (retryAfter === undefined) next();
      else refuseOverQuota(request, response, retryAfter);
    });
  };

  async function pay(
    request: IncomingMessage,
    document: DocumentNode,
    name: string | undefined,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<number | undefined> {
    const identity = identityOf(request);
    // An operator must get through to mend a limit that is too low, whatever the tenant's own programs try meanwhile.
    const commands = identity.scopes.has('cairn:operate') ? 0 : commandsIn(document, name);
    const retryAfter = commands > 0 ? await quotas.command(identity, commands) : undefined;
    if (retryAfter !== undefined) return retryAfter;
    quotas.spend(identity, costOf(document, name, variables));
    await quotas.stretch(identity);
    return undefined;
  }
}

const TOO_LARGE = 'GRAPHQL_VALIDATION_FAILED';

function judgeDocument(schema: GraphQLSchema, text: string): Judged {
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens: MAX_TOKENS });
  } catch {
    return { kind: 'none' };
  }
  const faults = overLimits(schema, document);
  return faults.length === 0
    ? { kind: 'within', document }
    : { kind: 'over', faults: [...new Set(faults.map(({ message }) => message))] };
}

/** By POST in the body, by GET in the address. */
function asked(request: IncomingMessage & { readonly body?: unknown }): Readonly<Record<string, unknown>> {
  if (request.method !== 'GET') return isRecord(request.body) ? request.body : {};
  const given = new URLSearchParams(request.url!.split('?', 2)[1]);
  const read = (name: string): unknown => {
    try {
      return JSON.parse(given.get(name) ?? 'null') as unknown;
    } catch {
      return undefined;
    }
  };
  return { query: given.get('query'), operationName: given.get('operationName'), variables: read('variables') };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
