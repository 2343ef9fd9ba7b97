import { canonicalJson } from '@cairn/event-sourcing';
import fc from 'fast-check';
import { isPlainlyCanonical } from './plainly-canonical.js';

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 5 }), tie('value'), { maxKeys: 5 }),
  ),
})).value;

describe('a text that is plainly canonical', () => {
  it('is the canonical one', () => {
    fc.assert(
      fc.property(plain, fc.constantFrom(undefined, 1), (value, indent) => {
        for (const text of [canonicalJson(value), JSON.stringify(value, undefined, indent)]) {
          if (isPlainlyCanonical(text)) expect(text).toBe(canonicalJson(JSON.parse(text)));
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '{}',
    '[]',
    '{"a":[1,-2,{"b":"é😀"}],"c":true,"d":false,"e":null,"f":0}',
    '{"1":1,"10":2,"9":3,"</script>":"a/b"}',
    '["\u007f"]',
  ])('%s is', (text) => {
    expect(isPlainlyCanonical(text)).toBe(true);
    expect(text).toBe(canonicalJson(JSON.parse(text)));
  });

  it.each([
    ['members out of order', '{"b":1,"a":2}'],
    ['a member twice', '{"a":1,"a":2}'],
    ['members in the order of numbers', '{"9":1,"10":2}'],
    ['white space', '{"a": 1}'],
    ['white space at the end', '{"a":1} '],
    ['a needless escape', String.raw`{"a":"\u0061"}`],
    ['half of a pair', String.raw`{"a":"\ud800"}`],
    ['a fraction', '{"a":1.0}'],
    ['an exponent', '{"a":1e2}'],
    ['minus zero', '{"a":-0}'],
    ['more digits than a double', '{"a":12345678901234567890}'],
  ])('%s is not', (_, text) => {
    expect(isPlainlyCanonical(text)).toBe(false);
  });
});
