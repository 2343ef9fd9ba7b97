import { badInput } from './errors.js';

/** Items of a page when none is asked for, and the most that can be asked for. */
export const PAGE_DEFAULT = 50;
export const PAGE_MAX = 1_000;

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** Which part of an ordered list is wanted: `size` items from the start (or the end) of what lies between two keys. */
export interface PageRequest {
  readonly size: number;
  readonly from: 'start' | 'end';
  readonly after: string | undefined;
  readonly before: string | undefined;
}

export interface Page<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** Reads Relay's arguments. @throws a typed error (BAD_USER_INPUT) on a wrong count or a cursor that is none of ours */
export function pageRequest({ first, after, last, before }: PageArguments): PageRequest {
  if (first != null && last != null) throw badInput('give first or last, not both');
  const size = first ?? last ?? PAGE_DEFAULT;
  if (size < 0 || size > PAGE_MAX) throw badInput(`first and last are from 0 to ${PAGE_MAX}`);
  return {
    size,
    from: last != null || (first == null && before != null && after == null) ? 'end' : 'start',
    after: after == null ? undefined : readCursor(after),
    before: before == null ? undefined : readCursor(before),
  };
}

/**
 * Makes a page from `size + 1` items or fewer, in list order, read from the wanted end: the item too many tells that
 * there are more. Beyond the other end there are more whenever a cursor cut them off.
 */
export function page<Node>(request: PageRequest, items: readonly Node[], keyOf: (node: Node) => string): Page<Node> {
  const more = items.length > request.size;
  const { from, size } = request;
  const nodes = from === 'start' ? items.slice(0, size) : items.slice(Math.max(0, items.length - size));
  const edges = nodes.map((node) => ({ cursor: writeCursor(keyOf(node)), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: from === 'start' ? more : request.before !== undefined,
      hasPreviousPage: from === 'end' ? more : request.after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** A page of a list that is in memory, in the order of its keys. */
export function pageOf<Node>(
  request: PageRequest,
  sorted: readonly Node[],
  keyOf: (node: Node) => string,
): Page<Node> & { readonly totalCount: number } {
  const start = request.after === undefined ? 0 : firstIndex(sorted, (node) => keyOf(node) > request.after!);
  const end =
    request.before === undefined ? sorted.length : firstIndex(sorted, (node) => keyOf(node) >= request.before!);
  const wanted = request.size + 1;
  const items =
    request.from === 'start'
      ? sorted.slice(start, Math.min(Math.max(start, end), start + wanted))
      : sorted.slice(Math.max(start, end - wanted), Math.max(start, end));
  const made = page(request, items, keyOf);
  return {
    edges: made.edges,
    pageInfo: {
      ...made.pageInfo,
      // The whole list is here, so the far end need not be guessed from a cursor.
      hasNextPage: request.from === 'start' ? made.pageInfo.hasNextPage : end < sorted.length,
      hasPreviousPage: request.from === 'end' ? made.pageInfo.hasPreviousPage : start > 0,
    },
    totalCount: sorted.length,
  };
}

/** A key that rises along a list which goes from the last recorded to the first. */
export const newestFirst = (position: bigint): string => String(LAST_POSITION - position).padStart(19, '0');
const LAST_POSITION = 2n ** 63n - 1n;

const PREFIX = 'c1:';

/** Opaque to clients: a key of the list in base64url, marked so that other texts are told apart. */
export const writeCursor = (key: string): string => Buffer.from(PREFIX + key).toString('base64url');

function readCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!text.startsWith(PREFIX) || writeCursor(text.slice(PREFIX.length)) !== cursor) {
    throw badInput('the cursor was not made by this service');
  }
  return text.slice(PREFIX.length);
}

function firstIndex<Node>(sorted: readonly Node[], test: (node: Node) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (test(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
