import { describe, expect, it } from '@jest/globals';
import { discharged, factsOf, of, type SpecRecord } from './measures/spec-trial.js';
import { Delivery } from './period.js';

/** While S1 delivers, opened on 2 January 2017 and recruiting until 31 January. */
const delivery = (records: readonly SpecRecord[], openedOn: string | undefined = '2017-01-02') =>
  new Delivery(factsOf(records, { sites: [{ site: 'S1', openedOn }], recruitmentTo: '2017-01-31' }))
    .of('S1')
    .map(({ from, until, key }) => [
      new Date(from).toISOString(),
      until === Infinity ? undefined : new Date(until).toISOString(),
      key,
    ]);
const withdrawn = (scope: string, on: string) => of('P1', 'ParticipantWithdrawn', on, { scope });
const P1 = discharged('P1', '2017-03-05');

describe('a site delivers', () => {
  it('from the day on which it opened to the end of the last day of recruitment', () => {
    expect(delivery([])).toEqual([['2017-01-02T00:00:00.000Z', '2017-02-01T00:00:00.000Z', '']]);
  });
  it('for ever where recruitment has no end, and never where nobody knows when it opened', () => {
    const sites = [{ site: 'S1', openedOn: '2017-01-02' }, { site: 'S2' }];
    const open = new Delivery(factsOf([], { sites }));
    expect([open.of('S1')[0]?.until, open.of('S2')]).toEqual([Infinity, []]);
  });
  it('until the window of the last one closes, or for as long as somebody is not discharged', () => {
    expect(delivery(P1)).toEqual([['2017-01-02T00:00:00.000Z', '2017-07-05T23:00:00.000Z', '']]);
    expect(delivery(P1.slice(0, 2))).toEqual([['2017-01-02T00:00:00.000Z', undefined, '']]);
  });
  it.each([
    ['intervention', '2017-04-01T12:00:00.000Z'],
    ['data_use', '2017-04-01T12:00:00.000Z'],
    ['follow_up', '2017-07-05T23:00:00.000Z'],
  ])('until the last one withdraws from it: %s', (scope, until) => {
    expect(delivery([...P1, withdrawn(scope, '2017-04-01')])).toEqual([['2017-01-02T00:00:00.000Z', until, '']]);
  });
  it('to nobody of another arm, nor before it opened', () => {
    const usual = of('P1', 'ParticipantRandomised', '2017-01-02T13:00:00Z', { arm: 'usual' });
    expect(delivery([...P1, usual])).toEqual([['2017-01-02T00:00:00.000Z', '2017-02-01T00:00:00.000Z', '']]);
    expect(delivery(P1, '2017-03-01')).toEqual([['2017-03-01T00:00:00.000Z', '2017-07-05T23:00:00.000Z', '']]);
  });
  it('without a break where somebody comes at the instant at which recruitment ends', () => {
    const next = [
      of('P2', 'ParticipantReferred', '2017-01-31', { site: 'S1' }),
      of('P2', 'ParticipantRandomised', '2017-02-01T00:00:00Z', { arm: 'support' }),
    ];
    expect(delivery(next)).toEqual([['2017-01-02T00:00:00.000Z', undefined, '']]);
  });
  it('again when there is somebody again, which is another time by what began it', () => {
    const later = [
      of('P2', 'ParticipantReferred', '2017-03-01', { site: 'S1' }),
      of('P2', 'ParticipantRandomised', '2017-03-02', { arm: 'support' }, 'randomisation of P2'),
      of('P2', 'ParticipantDischarged', '2017-03-05'),
      of('P3', 'ParticipantReferred', '2017-03-01', { site: 'S1' }),
      of('P3', 'ParticipantRandomised', '2017-03-03', { arm: 'support' }, 'randomisation of P3'),
      of('P3', 'ParticipantDischarged', '2017-03-04'),
    ];
    expect(delivery(later)).toEqual([
      ['2017-01-02T00:00:00.000Z', '2017-02-01T00:00:00.000Z', ''],
      ['2017-03-02T12:00:00.000Z', '2017-07-05T23:00:00.000Z', 'randomisation of P2'],
    ]);
  });
});
