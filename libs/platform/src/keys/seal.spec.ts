import { randomBytes } from 'node:crypto';
import { isWithin, SEALED_PREFIX } from '@cairn/event-sourcing';
import fc from 'fast-check';
import { DATA_KEY_BYTES, Seal, SealBroken, type SealedPlace } from './seal.js';

const key = randomBytes(DATA_KEY_BYTES);
const seal = new Seal(key);
const place: SealedPlace = { tenant: 'u', trial: 't', participant: 'P1', member: 'note' };
const text = fc.string({ unit: 'binary', maxLength: 200 }).filter((each) => each.isWellFormed());

it('opens what it closed, and closes the same text in the same place to the same bytes', () => {
  fc.assert(
    fc.property(text, (words) => {
      const sealed = seal.close(place, words);
      expect(sealed).toMatch(/^sealed:v1:[\w-]+$/);
      expect(seal.open(place, sealed)).toBe(words);
      expect(new Seal(key).close({ ...place }, words)).toBe(sealed);
    }),
  );
});

it('two texts, or one in two places, have no IV and no bytes in common', () => {
  const ivOf = (sealed: string): string => sealed.slice(SEALED_PREFIX.length, SEALED_PREFIX.length + 16);
  fc.assert(
    fc.property(text, text, fc.constantFrom('tenant', 'trial', 'participant', 'member'), (one, other, part) => {
      fc.pre(one !== other);
      const sealed = seal.close(place, one);
      expect(ivOf(seal.close(place, other))).not.toBe(ivOf(sealed));
      expect(ivOf(seal.close({ ...place, [part]: 'else' }, one))).not.toBe(ivOf(sealed));
    }),
  );
});

it('no choice of ids makes two places one', () => {
  const sealed = seal.close({ ...place, trial: 'a', participant: 'b","c' }, 'x');
  expect(() => seal.open({ ...place, trial: 'a","b', participant: 'c' }, sealed)).toThrow(SealBroken);
});

describe('opens for nothing else:', () => {
  it('a text that was changed in any bit, shortened or lengthened', () => {
    const sealed = seal.close(place, 'a short note');
    const bytes = Buffer.from(sealed.slice(SEALED_PREFIX.length), 'base64url');
    const opened = (changed: Uint8Array): (() => string) => {
      const given = SEALED_PREFIX + Buffer.from(changed).toString('base64url');
      return () => seal.open(place, given);
    };
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(opened(changed)).toThrow(SealBroken);
    }
    for (let length = 0; length < bytes.length; length++) expect(opened(bytes.subarray(0, length))).toThrow(SealBroken);
    expect(opened(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(SealBroken);
  });

  it('a text written otherwise', () => {
    const sealed = seal.close(place, 'a short note');
    for (const other of [`${sealed}=`, `${sealed} `, sealed.replace('v1', 'v2'), sealed.slice(1), '', SEALED_PREFIX]) {
      expect(() => seal.open(place, other)).toThrow(SealBroken);
    }
  });

  it.each(['tenant', 'trial', 'participant', 'member'])('another %s', (part) => {
    expect(() => seal.open({ ...place, [part]: 'other' }, seal.close(place, 'note'))).toThrow(SealBroken);
  });

  it('another participant’s key', () => {
    const other = new Seal(randomBytes(DATA_KEY_BYTES));
    expect(() => other.open(place, seal.close(place, 'note'))).toThrow(SealBroken);
  });
});

it('the longest text that may be typed may be stored, and hardly a longer one', () => {
  expect(isWithin(seal.close(place, '€'.repeat(4_000)), 4_000)).toBe(true);
  expect(isWithin(seal.close(place, '€'.repeat(4_001)), 4_000)).toBe(false);
  expect(isWithin('x'.repeat(4_001), 4_000)).toBe(false);
});
