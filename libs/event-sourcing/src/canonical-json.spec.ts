import fc from 'fast-check';
import { canonicalJson, contentText } from './canonical-json.js';

describe('canonicalJson', () => {
  it('orders members, not lists', () => {
    expect(canonicalJson({ b: 1, a: [{ d: 2, c: null }, 1] })).toBe('{"a":[{"c":null,"d":2},1],"b":1}');
  });

  it('says the same as JSON does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('contentText', () => {
  const text = (value: unknown): string => contentText(value, new Set(['startedAt']));

  it('leaves the order of members and lists, and what is undefined, without a say', () => {
    expect(text({ a: ['y', 'x'], b: [{ c: [2, 1] }, { d: 1 }] })).toBe(
      text({ b: [{ d: 1 }, { c: [1, 2] }], a: ['x', 'y'], e: undefined }),
    );
  });

  it('tells apart what differs', () => {
    expect(text({ a: [1] })).not.toBe(text({ a: ['1'] }));
    expect(text({ a: ['x', 'x'] })).not.toBe(text({ a: ['x'] }));
    expect(text({ a: null })).not.toBe(text({}));
  });

  it('reads times, and nothing else, by their instant', () => {
    expect(text({ startedAt: '2017-02-01T10:00:00+01:00' })).toBe(text({ startedAt: '2017-02-01T09:00:00Z' }));
    expect(text({ note: '2017-02-01T10:00:00+01:00' })).not.toBe(text({ note: '2017-02-01T09:00:00Z' }));
  });
});
