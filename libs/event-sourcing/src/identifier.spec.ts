import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isIdentifier, isPlainText, streamName } from './identifier.js';

describe('identifiers', () => {
  it.each(['1', 'S4-0012', 'Zürich/3', 'a b', '👩‍⚕️', 'x'.repeat(100)])('%j names a thing', (text) => {
    expect(isIdentifier(text)).toBe(true);
  });

  it.each([
    '',
    ' ',
    ' a',
    'a ',
    'a\tb',
    'a\nb',
    'a\0',
    '\u001e',
    '\u0085',
    '\u2028',
    '\ufeffa',
    '\ud800',
    'x'.repeat(101),
  ])('%j does not', (text) => {
    expect(isIdentifier(text)).toBe(false);
  });
});

describe('plain text', () => {
  it('may have tabs and lines, and may be empty', () => {
    expect(isPlainText('first\r\n\tsecond — “third” 你好')).toBe(true);
    expect(isPlainText('')).toBe(true);
  });

  it.each(['a\0b', '\u001b[31m', '\u009f', '\ud83d', '\udc00a'])('%j is none', (text) => {
    expect(isPlainText(text)).toBe(false);
  });
});

describe('stream names', () => {
  it('read like paths', () => {
    expect(streamName('enrich', 'participant', 'S4-0012')).toBe('enrich/participant/S4-0012');
    expect(streamName('a/b', '%2F')).toBe('a%2Fb/%252F');
  });

  it('never meet for different identifiers', () => {
    const identifiers = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }).filter(isIdentifier), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(identifiers, identifiers, (one, other) => {
        expect(streamName(...one) === streamName(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      {
        examples: [
          [['a', 'b'], ['a/b']],
          [['%2F'], ['/']],
        ],
      },
    );
  });

  it('stay short, whatever the script', () => {
    const long = '🏥'.repeat(50);
    expect(isIdentifier(long)).toBe(true);
    expect(streamName(long, long).length).toBeLessThanOrEqual(201);
    expect(streamName(long)).not.toBe(streamName(`${long.slice(2)}🏩`));
  });
});
