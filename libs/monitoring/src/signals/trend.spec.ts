import { describe, expect, it } from '@jest/globals';
import type { TrendCondition } from '@cairn/signals/rule';
import { contact, discharged, factsOf, inShort, of, type SpecRecord } from './measures/spec-trial.js';
import { trendEpisodes } from './trend.js';

const falling: TrendCondition = {
  kind: 'trend',
  measure: 'contacts',
  direction: 'falling',
  overDays: 7,
  factor: 2,
  atLeast: 4,
};
const rising: TrendCondition = { ...falling, direction: 'rising' };
type World = Parameters<typeof factsOf>[1];
const found = (condition: TrendCondition, records: readonly SpecRecord[], world?: World) =>
  inShort(trendEpisodes(condition, factsOf(records, world)));

/** Somebody with a window from the end of May until that of September; so many meetings on each of some days. */
const person = discharged('P1', '2017-05-30');
const meetings = (days: Readonly<Record<string, number>>, data?: object): readonly SpecRecord[] =>
  Object.entries(days).flatMap(([on, count]) => Array.from({ length: count }, () => contact('P1', on, data)));

// In local days that begin at 23:00 UTC. What happened on the 1st is recent from the 2nd to the 8th, before from the 9th to the 15th.
const [THE_2ND, THE_9TH, THE_16TH] = [
  '2017-06-01T23:00:00.000Z',
  '2017-06-08T23:00:00.000Z',
  '2017-06-15T23:00:00.000Z',
];

describe('something that happens less often', () => {
  it('is found at the beginning of the day on which it does, until there is nothing to compare with', () => {
    expect(found(falling, [...person, ...meetings({ '2017-06-01': 5 })])).toEqual([
      ['S1', THE_9TH, THE_16TH, 'cause_gone'],
    ]);
  });

  it.each([
    [2, '2017-06-15T23:00:00.000Z'],
    [3, '2017-06-10T23:00:00.000Z'],
  ])('is over as soon as it happens half as often: %d of five', (again, until) => {
    const records = [...person, ...meetings({ '2017-06-01': 5, '2017-06-10': again })];
    expect(found(falling, records)).toEqual([['S1', THE_9TH, until, 'cause_gone']]);
  });

  it.each([
    [4, 0],
    [5, 1],
  ])('is not by just the factor: two after %d', (before, episodes) => {
    const records = [...person, ...meetings({ '2017-06-01': before, '2017-06-08': 2 })];
    expect(found(falling, records)).toHaveLength(episodes);
  });

  it('must have happened as often as the rule wants', () => {
    expect(found(falling, [...person, ...meetings({ '2017-06-01': 3 })])).toEqual([]);
    expect(found(falling, [...person, ...meetings({ '2017-06-01': 4 })])).toHaveLength(1);
  });

  it('says how often, and which', () => {
    const records = [...person, ...meetings({ '2017-06-01': 5 }), contact('P1', '2017-06-08', {}, 'the last one')];
    const [episode] = trendEpisodes(falling, factsOf(records));
    expect(episode).toMatchObject({
      cause: 'contacts@2017-06-08T23:00:00.000Z',
      numbers: { recent: 1, before: 5, overDays: 7, factor: 2 },
    });
    expect(episode!.events).toHaveLength(6);
    expect(episode!.events.at(-1)).toBe('the last one');
  });

  it('is counted by whole local days, and the last minute of one is in it', () => {
    const late = [...person, ...meetings({ '2017-06-01T22:59:59.999Z': 5 })];
    expect(found(falling, late)[0]![1]).toBe(THE_9TH);
    const later = [...person, ...meetings({ '2017-06-01T23:00:00Z': 5 })];
    expect(found(falling, later)[0]![1]).toBe('2017-06-09T23:00:00.000Z');
  });

  it('is counted by days that clocks make longer or shorter', () => {
    const here = { timeZone: 'America/Sao_Paulo' };
    // 15 October 2017 begins at one o'clock there.
    const records = [...discharged('P1', '2017-09-01'), ...meetings({ '2017-10-07': 5 })];
    expect(found(falling, records, here)).toEqual([
      ['S1', '2017-10-15T03:00:00.000Z', '2017-10-22T02:00:00.000Z', 'cause_gone'],
    ]);
  });
});

describe('something that happens more often', () => {
  it('is found where it did not happen before, and over when it has for as long', () => {
    const records = [...person, ...meetings({ '2017-06-01': 4 })];
    expect(found(rising, records)).toEqual([['S1', THE_2ND, THE_9TH, 'cause_gone']]);
    expect(found({ ...rising, atLeast: 5 }, records)).toEqual([]);
  });

  it('is not by just the factor', () => {
    // From the 10th on it is 8 after 4, and from the 16th on after nothing.
    const twice = [...person, ...meetings({ '2017-06-01': 4, '2017-06-09': 8 })];
    expect(found(rising, twice)).toEqual([
      ['S1', THE_2ND, THE_9TH, 'cause_gone'],
      ['S1', THE_16TH, '2017-06-16T23:00:00.000Z', 'cause_gone'],
    ]);
    const more = [...person, ...meetings({ '2017-06-01': 4, '2017-06-09': 9 })];
    expect(found(rising, more)[1]![1]).toBe('2017-06-09T23:00:00.000Z');
  });
});

describe('what is counted', () => {
  it('is contacts that were attended, on the ward or not', () => {
    const attempts = meetings({ '2017-06-01': 5 }, { outcome: 'participant_absent' });
    expect(found(falling, [...person, ...attempts])).toEqual([]);
    const ward = Array.from({ length: 5 }, () =>
      of('P1', 'WardContactRecorded', '2017-06-01', { mode: 'face_to_face', outcome: 'attended' }),
    );
    expect(found(falling, [...person, ...ward])).toHaveLength(1);
    expect(found({ ...falling, measure: 'community_meetings' }, [...person, ...ward])).toEqual([]);
    const community = meetings({ '2017-06-01': 5 });
    expect(found({ ...falling, measure: 'community_meetings' }, [...person, ...community])).toHaveLength(1);
  });

  it('is referrals, each participant once', () => {
    const referred = Array.from({ length: 5 }, (_, index) => `P${index}`).flatMap((unit) => [
      of(unit, 'ParticipantReferred', '2017-06-01', { site: 'S1' }),
      of(unit, 'ParticipantReferred', '2017-06-02', { site: 'S2' }),
    ]);
    const referrals: TrendCondition = { ...falling, measure: 'referrals' };
    expect(found(referrals, referred)).toEqual([['S1', THE_9TH, THE_16TH, 'cause_gone']]);
    const withdrawn = of('P0', 'ParticipantWithdrawn', '2017-06-10', { scope: 'data_use' });
    expect(found({ ...referrals, atLeast: 5 }, [...referred, withdrawn])).toHaveLength(1);
  });

  it('is not contacts of somebody whose data may not be used any more', () => {
    const withdrawn = of('P1', 'ParticipantWithdrawn', '2017-06-10', { scope: 'data_use' });
    expect(found(falling, [...person, ...meetings({ '2017-06-01': 5 }), withdrawn])).toEqual([
      ['S1', THE_9TH, '2017-06-10T12:00:00.000Z', 'cause_gone'],
    ]);
  });

  it('is of one site each', () => {
    const records = [...person, ...meetings({ '2017-06-01': 5 }), ...discharged('P2', '2017-05-30', 'S2')];
    expect(found(falling, records)).toHaveLength(1);
    expect(trendEpisodes(falling, factsOf(records), new Set(['S2']))).toEqual([]);
    expect(trendEpisodes(falling, factsOf(records), new Set(['S1']))).toHaveLength(1);
  });
});

describe('a site that opened, or has done', () => {
  const records = [...person, ...meetings({ '2017-06-01': 5 })];
  const openedOn = (day?: string): World => ({ sites: [{ site: 'S1', openedOn: day }] });

  it('is not compared before it has been open for both stretches of days', () => {
    expect(found(falling, records, openedOn('2017-05-26'))[0]![1]).toBe(THE_9TH);
    expect(found(falling, records, openedOn('2017-05-27'))[0]![1]).toBe('2017-06-09T23:00:00.000Z');
    expect(found(falling, records, openedOn('2017-06-02'))).toEqual([]);
  });

  it('is not compared where it is not known when it opened', () => {
    expect(found(falling, records, openedOn())).toEqual([]);
  });

  it('is not expected to go on when there is nobody any more: the signal is over', () => {
    const withdrawn = of('P1', 'ParticipantWithdrawn', '2017-06-12', { scope: 'intervention' });
    const recruited = { recruitmentTo: '2017-06-01' };
    expect(found(falling, [...records, withdrawn], recruited)).toEqual([
      ['S1', THE_9TH, '2017-06-12T12:00:00.000Z', 'over'],
    ]);
    expect(found(falling, [...records, withdrawn])[0]![3]).toBe('cause_gone');
    const before = of('P1', 'ParticipantWithdrawn', '2017-06-05', { scope: 'intervention' });
    expect(found(falling, [...records, before], recruited)).toEqual([]);
  });

  it('and has somebody again goes on where it was', () => {
    const gap = of('P1', 'ParticipantWithdrawn', '2017-06-10', { scope: 'intervention' });
    const again = [
      of('P2', 'ParticipantReferred', '2017-06-12', { site: 'S1' }),
      of('P2', 'ParticipantRandomised', '2017-06-13', { arm: 'support' }),
    ];
    expect(found(falling, [...records, gap, ...again], { recruitmentTo: '2017-06-01' })).toEqual([
      ['S1', THE_9TH, '2017-06-10T12:00:00.000Z', 'over'],
      ['S1', '2017-06-13T12:00:00.000Z', THE_16TH, 'cause_gone'],
    ]);
  });
});
