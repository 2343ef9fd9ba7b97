import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatInstant, parseInstant } from './time.js';

describe('instants', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2022-03-04T10:00:00+00:00', Date.UTC(2022, 2, 4, 10)],
    ['2022-03-27T01:30:00+01:00', Date.UTC(2022, 2, 27, 0, 30)],
    ['2022-03-04t10:00:00z', Date.UTC(2022, 2, 4, 10)],
    ['2022-03-04T23:59:59.9-11:30', Date.UTC(2022, 2, 5, 11, 29, 59, 900)],
    ['2022-03-04T10:00:00.123999999Z', Date.UTC(2022, 2, 4, 10, 0, 0, 123)],
    ['2024-02-29T12:00:00+14:00', Date.UTC(2024, 1, 28, 22)],
  ])('%s is %d', (text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });

  it.each([
    '',
    '2022-03-04',
    '2022-03-04T10:00:00',
    '2022-03-04 10:00:00Z',
    '2022-03-04T10:00Z',
    '2022-02-29T10:00:00Z',
    '2022-13-01T10:00:00Z',
    '2022-00-10T10:00:00Z',
    '2022-04-31T10:00:00Z',
    '2022-03-04T24:00:00Z',
    '2022-03-04T10:60:00Z',
    '2022-03-04T10:00:60Z',
    '2022-03-04T10:00:00+14:01',
    '2022-03-04T10:00:00+01:60',
    '2022-03-04T10:00:00+0100',
    '2022-03-04T10:00:00.Z',
    '0099-03-04T10:00:00Z',
    '0100-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '٢٠٢٢-03-04T10:00:00Z',
    ' 2022-03-04T10:00:00Z',
    '2022-03-04T10:00:00Z\n',
  ])('%j is none', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(100, 0, 1), max: Date.UTC(9999, 11, 31) }), (instant) => {
        expect(parseInstant(formatInstant(instant))).toBe(instant);
      }),
    );
  });

  it('are the same in every offset', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2100, 0, 1) }),
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        (instant, minutes) => {
          const size = Math.abs(minutes);
          const digits = (value: number): string => String(value).padStart(2, '0');
          const offset = `${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}:${digits(size % 60)}`;
          expect(parseInstant(formatInstant(instant + minutes * 60_000).replace('Z', offset))).toBe(instant);
        },
      ),
    );
  });
});
