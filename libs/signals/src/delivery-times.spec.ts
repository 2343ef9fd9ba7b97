import fc from 'fast-check';
import { lastDigest, nextDigest, quietUntil } from './delivery-times.js';

const LONDON = 'Europe/London';
const at = (text: string): number => Date.parse(text);
const overnight = { from: '22:00', to: '07:00' };
const until = (now: string, quiet: Parameters<typeof quietUntil>[0] = overnight, zone = LONDON) => {
  const end = quietUntil(quiet, zone, at(now), 'warning');
  return end === undefined ? undefined : new Date(end).toISOString();
};

describe('quiet hours', () => {
  it('overnight', () => {
    expect(until('2026-01-15T21:59:59.999Z')).toBeUndefined();
    expect(until('2026-01-15T22:00:00Z')).toBe('2026-01-16T07:00:00.000Z');
    expect(until('2026-01-16T06:59:59.999Z')).toBe('2026-01-16T07:00:00.000Z');
    expect(until('2026-01-16T07:00:00Z')).toBeUndefined();
  });

  it('within a day', () => {
    const lunch = { from: '12:00', to: '13:30' };
    expect(until('2026-01-15T11:59:00Z', lunch)).toBeUndefined();
    expect(until('2026-01-15T12:00:00Z', lunch)).toBe('2026-01-15T13:30:00.000Z');
    expect(until('2026-01-15T13:30:00Z', lunch)).toBeUndefined();
  });

  it('are of the local clock, whatever it does overnight', () => {
    // Clocks go forward at 01:00 on 29 March and back at 02:00 on 25 October 2026.
    expect(until('2026-03-28T22:30:00Z')).toBe('2026-03-29T06:00:00.000Z');
    expect(until('2026-10-24T21:30:00Z')).toBe('2026-10-25T07:00:00.000Z');
  });

  it('that end in an hour which is skipped end after the jump', () => {
    expect(until('2026-03-29T00:30:00Z', { from: '00:00', to: '01:30' })).toBe('2026-03-29T01:30:00.000Z');
  });

  it('that end in an hour which comes twice end the first time', () => {
    const quiet = { from: '00:00', to: '01:30' };
    expect(until('2026-10-25T00:10:00Z', quiet)).toBe('2026-10-25T00:30:00.000Z');
    // 01:10 again.
    expect(until('2026-10-25T01:10:00Z', quiet)).toBeUndefined();
  });

  it('are of their own zone where they name one', () => {
    expect(until('2026-01-15T22:30:00Z', { ...overnight, timeZone: 'America/New_York' })).toBeUndefined();
  });

  it('let through what is as urgent as they say', () => {
    const night = at('2026-01-15T23:00:00Z');
    const quiet = { ...overnight, except: 'critical' } as const;
    expect(quietUntil(quiet, LONDON, night, 'critical')).toBeUndefined();
    expect(quietUntil(quiet, LONDON, night, 'warning')).toBeDefined();
    // A digest is not urgent.
    expect(quietUntil(quiet, LONDON, night, undefined)).toBeDefined();
  });

  const clock = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
  const moment = fc.integer({ min: at('2025-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') });
  const zone = fc.constantFrom(LONDON, 'Australia/Lord_Howe', 'America/St_Johns', 'Africa/Cairo', 'UTC');

  it('end, within a day and a clock change, and are then over', () => {
    fc.assert(
      fc.property(clock, clock, moment, zone, (from, to, now, timeZone) => {
        fc.pre(from !== to);
        const end = quietUntil({ from, to }, timeZone, now, 'notice');
        if (end === undefined) return;
        expect(end).toBeGreaterThan(now);
        expect(end - now).toBeLessThanOrEqual(25 * 3_600_000);
        expect(quietUntil({ from, to }, timeZone, end, 'notice')).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it('digests follow one another, a day and a clock change apart', () => {
    fc.assert(
      fc.property(clock, moment, zone, (time, now, timeZone) => {
        const digest = { at: time };
        const [last, next] = [lastDigest(digest, timeZone, now), nextDigest(digest, timeZone, now)];
        expect(last).toBeLessThanOrEqual(now);
        expect(next).toBeGreaterThan(now);
        expect(Math.abs(next - last - 86_400_000)).toBeLessThanOrEqual(3_600_000);
        expect(lastDigest(digest, timeZone, next)).toBe(next);
        expect(nextDigest(digest, timeZone, last)).toBe(next);
      }),
      { numRuns: 200 },
    );
  });
});

it('a digest comes at its local time in summer and in winter', () => {
  const digest = { at: '08:30' };
  expect(nextDigest(digest, LONDON, at('2026-03-28T12:00:00Z'))).toBe(at('2026-03-29T07:30:00Z'));
  expect(nextDigest(digest, LONDON, at('2026-10-24T12:00:00Z'))).toBe(at('2026-10-25T08:30:00Z'));
  expect(lastDigest(digest, LONDON, at('2026-10-25T08:29:59Z'))).toBe(at('2026-10-24T07:30:00Z'));
});
