import { describe, expect, it } from '@jest/globals';
import { TrialCalendar } from '../trial-setting.js';
import { at } from './measures/spec-trial.js';
import { streak } from './streak.js';

const calendar = new TrialCalendar('Europe/London');
const open = (from: string, until?: string) => ({ from: at(from), until: until === undefined ? undefined : at(until) });

// 2017-10-30 is a Monday, the day after clocks went back.
describe('a streak', () => {
  it.each<[string, ReturnType<typeof open>[], number]>([
    ['nothing was ever open', [], 0],
    ['something is open since this morning', [open('2017-11-01T08:00:00Z')], 1],
    ['something was open since Sunday night', [open('2017-10-29T23:59:59Z')], 2],
    ['something was open on Monday only', [open('2017-10-30', '2017-10-31')], 1],
    ['what was open was over at the beginning of Monday', [open('2017-10-20', '2017-10-30T00:00:00Z')], 0],
    ['something begins later today', [open('2017-11-01T13:00:00Z')], 0],
    [
      'one week was left out',
      [open('2017-10-31'), open('2017-10-09', '2017-10-17'), open('2017-10-24', '2017-10-25')],
      4,
    ],
    ['two weeks were left out', [open('2017-10-31'), open('2017-10-09', '2017-10-15')], 1],
    ['a signal ran for four weeks and a bit', [open('2017-10-01T12:00:00Z', '2017-10-31')], 6],
  ])('at noon on Wednesday when %s', (_, times, weeks) => {
    expect(streak(times, at('2017-11-01'), calendar)).toBe(weeks);
  });

  it('counts the very instant', () => {
    expect(streak([open('2017-11-01')], at('2017-11-01'), calendar)).toBe(1);
    expect(streak([open('2017-11-01')], at('2017-11-01') - 1, calendar)).toBe(0);
  });
});
