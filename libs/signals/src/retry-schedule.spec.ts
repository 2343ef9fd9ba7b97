import { pauseBefore, standardSchedule } from './retry-schedule.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

it('there are eight attempts, the last after more than a day', () => {
  const pauses = Array.from({ length: 8 }, (_, failed) => pauseBefore(standardSchedule, failed + 1, { random: 0 }));
  expect(pauses.map((pause) => pause && pause / SECOND)).toEqual([
    5,
    300,
    1_800,
    7_200,
    18_000,
    36_000,
    36_000,
    undefined,
  ]);
});

it('pauses are up to a tenth longer', () => {
  expect(pauseBefore(standardSchedule, 4, { random: 0.5 })).toBe(2.1 * HOUR);
});

it('a recipient is left alone for as long as it asks, within bounds', () => {
  const asked = (milliseconds: number, failed = 1) =>
    pauseBefore(standardSchedule, failed, { asked: milliseconds, random: 0 });
  expect(asked(0)).toBe(5 * SECOND);
  expect(asked(60 * SECOND)).toBe(60 * SECOND);
  expect(asked(60 * SECOND, 4)).toBe(2 * HOUR);
  expect(asked(400 * 24 * HOUR)).toBe(24 * HOUR);
  expect(asked(60 * SECOND, 8)).toBeUndefined();
});
