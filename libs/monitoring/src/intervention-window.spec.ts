import { describe, expect, it } from '@jest/globals';
import { interventionWindowClose, windowCloser } from './intervention-window.js';

const at = (text: string): number => Date.parse(text);

describe('the intervention window', () => {
  it.each([
    ['months run to the same day', '2017-04-24T15:40:00+01:00', 4, 'Europe/London', '2017-08-25T00:00:00+01:00'],
    ['31 October + 4 months is 28 February', '2017-10-31T10:00:00Z', 4, 'Europe/London', '2018-03-01T00:00:00Z'],
    ['… or 29 February', '2019-10-31T10:00:00Z', 4, 'Europe/London', '2020-03-01T00:00:00Z'],
    ['the local day counts, not that of UTC', '2017-06-30T23:30:00Z', 4, 'Europe/London', '2017-11-02T00:00:00Z'],
    ['a day may begin at 01:00', '2017-06-14T12:00:00-03:00', 4, 'America/Sao_Paulo', '2017-10-15T01:00:00-02:00'],
    ['a midnight may come twice', '2023-07-04T12:00:00-04:00', 4, 'America/Havana', '2023-11-05T00:00:00-04:00'],
    ['a last day may not exist', '2011-08-30T12:00:00-11:00', 4, 'Pacific/Apia', '2011-12-31T00:00:00+14:00'],
  ])('%s', (_rule, dischargedAt, months, zone, close) => {
    expect(interventionWindowClose(at(dischargedAt), { monthsAfterDischarge: months }, zone)).toBe(at(close));
  });

  it('counts weeks as seven calendar days, whatever the clocks do', () => {
    const close = (zone: string, discharge: string): number =>
      interventionWindowClose(at(discharge), { weeksAfterDischarge: 12 }, zone);
    expect(close('Europe/London', '2017-10-01T12:00:00+01:00')).toBe(at('2017-12-25T00:00:00Z'));
    expect(close('Australia/Lord_Howe', '2023-08-01T12:00:00+10:30')).toBe(at('2023-10-25T00:00:00+11:00'));
  });

  it('gives the same for a whole trial', () => {
    const closes = windowCloser({ monthsAfterDischarge: 4 }, 'Europe/London');
    for (const discharge of ['2017-10-31T10:00:00Z', '2017-10-31T23:59:59Z', '2017-11-01T00:00:00Z']) {
      expect(closes(at(discharge))).toBe(
        interventionWindowClose(at(discharge), { monthsAfterDischarge: 4 }, 'Europe/London'),
      );
    }
  });
});
