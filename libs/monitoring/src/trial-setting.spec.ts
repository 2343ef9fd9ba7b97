import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { localDay, startOfDay } from './intervention-window.js';
import { numberOfDay, TrialCalendar } from './trial-setting.js';

/** Among them: clocks that go back at one past midnight, forward at midnight, a day that was left out, far from Greenwich. */
const zones = [
  'Europe/London',
  'America/St_Johns',
  'America/Sao_Paulo',
  'America/Havana',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Australia/Lord_Howe',
];

describe('a calendar of days', () => {
  const calendars = zones.map((zone) => new TrialCalendar(zone));

  it('counts the day of an instant as the time zone has it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...calendars),
        fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2040, 0, 1) }),
        (calendar, instant) => {
          expect(calendar.numberOf(instant)).toBe(numberOfDay(localDay(instant, calendar.timeZone).toString()));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(zones)('counts it so around every change of clocks of a year, in %s', (zone) => {
    const calendar = new TrialCalendar(zone);
    for (let day = numberOfDay('2011-03-01'); day < numberOfDay('2012-01-10'); day++) {
      const start = calendar.startOfNumber(day);
      for (const instant of [start - 1, start, start + 59_999, start + 3_599_999, start + 3 * 3_600_000]) {
        expect(calendar.numberOf(instant)).toBe(numberOfDay(localDay(instant, zone).toString()));
      }
    }
  });

  it('begins a counted day with its first instant', () => {
    const day = localDay(Date.UTC(2017, 9, 15, 12), 'America/Sao_Paulo');
    const calendar = new TrialCalendar('America/Sao_Paulo');
    expect(calendar.startOfNumber(numberOfDay('2017-10-15'))).toBe(startOfDay(day, 'America/Sao_Paulo'));
  });
});
