import fc from 'fast-check';
import { pageOf, pageRequest, writeCursor } from './connection.js';

const keys = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 60 }).map((list) => list.sort());
const identity = (key: string): string => key;

describe('paging', () => {
  it('forwards, page by page, gives each item once and in order', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 9 }), (sorted, first) => {
        const seen: string[] = [];
        let after: string | null = null;
        for (;;) {
          const { edges, pageInfo, totalCount }: ReturnType<typeof pageOf<string>> = pageOf(
            pageRequest({ first, after }),
            sorted,
            identity,
          );
          expect(totalCount).toBe(sorted.length);
          expect(pageInfo.hasPreviousPage).toBe(seen.length > 0);
          seen.push(...edges.map((edge) => edge.node));
          after = pageInfo.endCursor;
          if (!pageInfo.hasNextPage) break;
        }
        expect(seen).toEqual(sorted);
      }),
    );
  });

  it('backwards, page by page, gives each item once and in order', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 9 }), (sorted, last) => {
        let seen: string[] = [];
        let before: string | null = null;
        for (;;) {
          const { edges, pageInfo }: ReturnType<typeof pageOf<string>> = pageOf(
            pageRequest({ last, before }),
            sorted,
            identity,
          );
          expect(pageInfo.hasNextPage).toBe(seen.length > 0);
          seen = [...edges.map((edge) => edge.node), ...seen];
          before = pageInfo.startCursor;
          if (!pageInfo.hasPreviousPage) break;
        }
        expect(seen).toEqual(sorted);
      }),
    );
  });

  it('keeps its place when the item of the cursor is gone', () => {
    const { edges } = pageOf(pageRequest({ first: 2, after: writeCursor('b') }), ['a', 'c', 'd', 'e'], identity);
    expect(edges.map((edge) => edge.node)).toEqual(['c', 'd']);
  });

  it('answers nothing between cursors in the wrong order', () => {
    const { edges } = pageOf(
      pageRequest({ after: writeCursor('d'), before: writeCursor('b') }),
      ['a', 'c', 'e'],
      identity,
    );
    expect(edges).toEqual([]);
  });

  it.each([
    [{ first: 1, last: 1 }],
    [{ first: -1 }],
    [{ last: 1_001 }],
    [{ after: 'not ours' }],
    [{ before: Buffer.from('S1').toString('base64url') }],
    [{ after: `${writeCursor('a')}=` }],
  ])('turns away %j', (given) => {
    expect(() => pageRequest(given)).toThrow(
      expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) }),
    );
  });
});
