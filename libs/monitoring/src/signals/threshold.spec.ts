import { describe, expect, it } from '@jest/globals';
import type { ThresholdCondition } from '@cairn/signals/rule';
import { at, contact, discharged, factsOf, inShort, of, type SpecRecord } from './measures/spec-trial.js';
import { reachesOtherSites, thresholdEpisodes } from './threshold.js';

const below = (measure: ThresholdCondition['measure'], limit: number, atLeast?: number): ThresholdCondition => ({
  kind: 'threshold',
  measure,
  direction: 'below',
  limit,
  ...(atLeast !== undefined && { atLeast }),
});
const above = (measure: ThresholdCondition['measure'], limit: number, atLeast?: number): ThresholdCondition => ({
  ...below(measure, limit, atLeast),
  direction: 'above',
});
const found = (condition: ThresholdCondition, records: readonly SpecRecord[], sites?: readonly string[]) =>
  inShort(thresholdEpisodes(condition, factsOf(records), sites && new Set(sites)));

const engaged = (unit: string, on: string): readonly SpecRecord[] => [
  ...discharged(unit, on),
  contact(unit, on.replace(/-..$/, '-27')),
  contact(unit, on.replace(/-..$/, '-28')),
];

describe('engagement of those whose window has closed', () => {
  it('is below from the close on that makes it so, until the one that does not', () => {
    const records = [...discharged('P1', '2017-03-01'), ...engaged('P2', '2017-03-10')];
    expect(found(below('engagement', 50), records)).toEqual([
      ['S1', '2017-07-01T23:00:00.000Z', '2017-07-10T23:00:00.000Z', 'cause_gone'],
    ]);
  });

  it('says nothing of those who may still become engaged, or who were never discharged', () => {
    const [referral, randomisation, allocation] = discharged('P3', '2017-03-01') as [
      SpecRecord,
      SpecRecord,
      SpecRecord,
    ];
    expect(found(below('engagement', 100), [referral, randomisation, allocation])).toEqual([]);
    const [first] = thresholdEpisodes(below('engagement', 100), factsOf(discharged('P1', '2017-10-31')));
    expect(first!.from).toBe(at('2018-03-01T00:00:00Z'));
  });

  it('counts two windows that close at one instant together', () => {
    const records = [...discharged('P1', '2017-03-01'), ...engaged('P2', '2017-03-01')];
    expect(found(below('engagement', 50), records)).toEqual([]);
  });

  it.each([
    [50, 0],
    [50.01, 1],
  ])('at the limit is not below it: 50 per cent and a limit of %d', (limit, episodes) => {
    const records = [...engaged('P1', '2017-03-01'), ...discharged('P2', '2017-03-10')];
    expect(found(below('engagement', limit), records)).toHaveLength(episodes);
    expect(found(above('engagement', limit), records)).toHaveLength(1);
  });

  it('says nothing before as many windows have closed as the rule wants', () => {
    const records = ['2017-03-01', '2017-03-02', '2017-03-03'].flatMap((on, index) => discharged(`P${index}`, on));
    expect(found(below('engagement', 50, 2), records)).toEqual([
      ['S1', '2017-07-02T23:00:00.000Z', undefined, undefined],
    ]);
    expect(found(below('engagement', 50, 4), records)).toEqual([]);
  });

  it('loses whoever withdraws the use of their data, and is nothing of nobody', () => {
    const withdrawn = of('P1', 'ParticipantWithdrawn', '2017-09-01', { scope: 'data_use' });
    expect(found(below('engagement', 50), [...discharged('P1', '2017-03-01'), withdrawn])).toEqual([
      ['S1', '2017-07-01T23:00:00.000Z', '2017-09-01T12:00:00.000Z', 'cause_gone'],
    ]);
    const others = of('P1', 'ParticipantWithdrawn', '2017-09-01', { scope: 'intervention' });
    expect(found(below('engagement', 50), [...discharged('P1', '2017-03-01'), others])[0]![2]).toBeUndefined();
  });

  it('is of those with data alone: with a worker, and offered it', () => {
    const [referral, , allocation, discharge] = discharged('P1', '2017-03-01') as [
      SpecRecord,
      SpecRecord,
      SpecRecord,
      SpecRecord,
    ];
    const usual = of('P1', 'ParticipantRandomised', '2017-01-03', { arm: 'usual' });
    expect(found(below('engagement', 50), [referral, usual, allocation, discharge])).toEqual([]);
    const offered = of('P1', 'ParticipantRandomised', '2017-01-03', { arm: 'support' });
    const late = { ...allocation, occurredAt: at('2017-08-01') };
    expect(found(below('engagement', 50), [referral, offered, late, discharge])[0]![1]).toBe(
      '2017-08-01T12:00:00.000Z',
    );
  });

  it('follows the definition of the rule', () => {
    const calls = ['2017-03-02', '2017-03-03'].map((on) => contact('P1', on, { mode: 'telephone' }));
    const records = [...discharged('P1', '2017-03-01'), ...calls];
    expect(found(below('engagement', 50), records)).toHaveLength(1);
    expect(found({ ...below('engagement', 50), definition: 'text' }, records)).toEqual([]);
    expect(found({ ...below('engagement', 50), definition: 'unheard-of' }, records)).toEqual([]);
  });

  it('names the numbers it is made of, and the discharges of those who are not engaged', () => {
    const records = [
      ...engaged('P1', '2017-03-01'),
      ...discharged('P2', '2017-03-20'),
      ...discharged('P3', '2017-03-10'),
    ];
    const [episode] = thresholdEpisodes(below('engagement', 40), factsOf(records));
    expect(episode).toMatchObject({
      subject: { kind: 'site', id: 'S1' },
      site: 'S1',
      cause: 'engagement@2017-07-20T23:00:00.000Z',
      numbers: { value: 100 / 3, limit: 40, engaged: 1, windowsClosed: 3 },
      events: ['discharge P3', 'discharge P2'],
    });
  });

  it('names the last fifty of what contributed', () => {
    const everybody = Array.from({ length: 60 }, (_, index) => discharged(`P${100 + index}`, '2017-03-01')).flat();
    const [episode] = thresholdEpisodes(below('engagement', 50, 60), factsOf(everybody));
    expect(episode!.events).toHaveLength(50);
    expect(episode!.events.at(0)).toBe('discharge P110');
  });
});

describe("a site's fidelity", () => {
  const assessed = (on: string, total: number, rater = 'R1', instrument = 'index'): SpecRecord =>
    of('S1', 'FidelityAssessed', on, { instrument, rater, total });

  it('holds from an assessment until the next one, as the mean over the raters of a day', () => {
    const records = [
      assessed('2017-05-01T10:00:00Z', 8.5),
      assessed('2017-05-01T11:00:00Z', 9.5, 'R2'),
      assessed('2017-11-01', 8.9),
      assessed('2018-02-01', 10),
    ];
    expect(found(below('fidelity', 9), records)).toEqual([
      ['S1', '2017-05-01T10:00:00.000Z', '2017-05-01T11:00:00.000Z', 'cause_gone'],
      ['S1', '2017-11-01T12:00:00.000Z', '2018-02-01T12:00:00.000Z', 'cause_gone'],
    ]);
  });

  it('at the limit is not below it', () => {
    expect(found(below('fidelity', 9), [assessed('2017-05-01', 9)])).toEqual([]);
  });

  it('is measured with the instrument of the protocol', () => {
    const records = [assessed('2017-05-01', 8), assessed('2017-06-01', 12, 'R1', 'another')];
    expect(found(below('fidelity', 9), records)).toEqual([['S1', '2017-05-01T12:00:00.000Z', undefined, undefined]]);
  });

  it('can be asked to be of two raters at least', () => {
    const records = [assessed('2017-05-01T10:00:00Z', 8), assessed('2017-05-01T11:00:00Z', 8, 'R2')];
    expect(found(below('fidelity', 9, 2), records)[0]![1]).toBe('2017-05-01T11:00:00.000Z');
  });
});

describe('days of training of a worker with a caseload', () => {
  const trained = (on: string, days: number): SpecRecord =>
    of('W1', 'TrainingAttended', `${on}T00:00:00Z`, { attendedOn: on, days });

  it('are too few from the first allocation until the last day that is missing', () => {
    const records = [trained('2016-12-01', 6), trained('2017-02-01', 1.5), trained('2017-02-02', 0.5)];
    expect(found(below('training_days', 8), [...records, ...discharged('P1', '2017-03-01')])).toEqual([
      ['W1', '2017-01-04T12:00:00.000Z', '2017-02-02T00:00:00.000Z', 'cause_gone'],
    ]);
  });

  it('do not matter without a caseload, before, after, or ever', () => {
    expect(found(below('training_days', 8), [trained('2016-12-01', 1)])).toEqual([]);
    expect(found(below('training_days', 8), discharged('P1', '2017-03-01'))).toEqual([
      ['W1', '2017-01-04T12:00:00.000Z', '2017-07-01T23:00:00.000Z', 'cause_gone'],
    ]);
  });

  it.each(['intervention', 'data_use'])('and somebody who withdraws (%s) is on no caseload', (scope) => {
    const withdrawn = of('P1', 'ParticipantWithdrawn', '2017-02-01', { scope });
    expect(found(below('training_days', 8), [...discharged('P1', '2017-03-01'), withdrawn])[0]![2]).toBe(
      '2017-02-01T12:00:00.000Z',
    );
  });

  it('whoever gets another worker goes over to that caseload', () => {
    const records = [...discharged('P1', '2017-03-01'), of('P1', 'WorkerAllocated', '2017-02-01', { worker: 'W2' })];
    expect(found(below('training_days', 8), records)).toEqual([
      ['W1', '2017-01-04T12:00:00.000Z', '2017-02-01T12:00:00.000Z', 'cause_gone'],
      ['W2', '2017-02-01T12:00:00.000Z', '2017-07-01T23:00:00.000Z', 'cause_gone'],
    ]);
    expect(found(below('training_days', 8), records, ['S2'])).toHaveLength(1);
  });

  it('are asked of peer workers only', () => {
    const coordinated = of('P1', 'WorkerAllocated', '2017-02-01', { worker: 'C1' });
    expect(found(below('training_days', 8), [...discharged('P1', '2017-03-01'), coordinated])).toHaveLength(1);
  });
});

describe('entries that come late', () => {
  const entered = (unit: string, on: string, enteredAt: string): SpecRecord =>
    contact(unit, on, { enteredAt, outcome: 'participant_absent' });
  const person = discharged('P1', '2017-03-01');

  it('count from the day after, for 28 days', () => {
    const records = [...person, entered('P1', '2017-06-01', '2017-06-09T10:00:00+01:00')];
    expect(found(above('late_entries', 20), records)).toEqual([
      ['S1', '2017-06-09T23:00:00.000Z', '2017-07-07T23:00:00.000Z', 'cause_gone'],
    ]);
  });

  it.each([
    ['2017-06-08T22:59:59Z', 0],
    ['2017-06-08T23:00:00Z', 1],
  ])('are those of the eighth local day and later: entered %s', (enteredAt, episodes) => {
    const records = [...person, entered('P1', '2017-06-01', enteredAt)];
    expect(found(above('late_entries', 20), records)).toHaveLength(episodes);
  });

  it('at the limit is not above it: one of five', () => {
    const timely = (count: number) =>
      Array.from({ length: count }, () => entered('P1', '2017-06-09T08:00:00Z', '2017-06-09T10:00:00Z'));
    const late = entered('P1', '2017-06-01', '2017-06-09T10:00:00Z');
    expect(found(above('late_entries', 20), [...person, late, ...timely(4)])).toEqual([]);
    expect(found(above('late_entries', 20), [...person, late, ...timely(3)])).toHaveLength(1);
    expect(found(above('late_entries', 20, 5), [...person, late, ...timely(3)])).toEqual([]);
  });

  it('were entered when the source says, else when they were first recorded, and never before they occurred', () => {
    const recorded = { ...contact('P1', '2017-06-01'), recordedAt: at('2017-06-20') };
    expect(found(above('late_entries', 20), [...person, recorded])[0]![1]).toBe('2017-06-20T23:00:00.000Z');
    const planned = entered('P1', '2017-06-20', '2017-06-01T10:00:00Z');
    const [, from] = found({ ...below('late_entries', 20) }, [...person, planned])[0]!;
    expect(from).toBe('2017-06-20T23:00:00.000Z');
  });

  it('of somebody whose data may not be used are not looked at', () => {
    const withdrawn = of('P1', 'ParticipantWithdrawn', '2017-06-20', { scope: 'data_use' });
    const records = [...person, entered('P1', '2017-06-01', '2017-06-09T10:00:00Z'), withdrawn];
    expect(found(above('late_entries', 20), records)[0]![2]).toBe('2017-06-20T12:00:00.000Z');
  });
});

describe('missing contact data', () => {
  const offered = (unit: string, site: string, worker: boolean): readonly SpecRecord[] => [
    of(unit, 'ParticipantReferred', '2017-01-02', { site }),
    of(unit, 'ParticipantRandomised', '2017-01-03', { arm: 'support' }, `randomised ${unit}`),
    ...(worker ? [of(unit, 'WorkerAllocated', '2017-01-04', { worker: 'W1' })] : []),
  ];
  const people = (site: string, known: number, unknown: number): readonly SpecRecord[] =>
    Array.from({ length: known + unknown }, (_, index) => offered(`${site}-${index}`, site, index < known)).flat();

  it('of a site are far from those of all the others together, from the fifteenth day on', () => {
    const records = [...people('S1', 7, 8), ...people('S2', 10, 1), ...people('S3', 9, 0)];
    const [episode, ...more] = thresholdEpisodes(above('missing_contact_data', 3, 10), factsOf(records));
    expect(more).toEqual([]);
    expect(episode).toMatchObject({
      subject: { kind: 'site', id: 'S1' },
      from: at('2017-01-18T00:00:00Z'),
      until: undefined,
      numbers: { limit: 3, offered: 15, unknown: 8, offeredElsewhere: 20, unknownElsewhere: 1 },
    });
    // (8/15 − 1/20) / √(9/35 · 26/35 · (1/15 + 1/20))
    expect(episode!.numbers['value']).toBeCloseTo(3.2374, 3);
    expect(episode!.events).toHaveLength(8);
  });

  it('at the limit is not above it', () => {
    const records = [...people('S1', 7, 8), ...people('S2', 19, 1)];
    const [episode] = thresholdEpisodes(above('missing_contact_data', 3), factsOf(records));
    const limit = episode!.numbers['value'] as number;
    expect(found(above('missing_contact_data', limit), records)).toEqual([]);
    expect(found(above('missing_contact_data', limit - 1e-9), records)).toHaveLength(1);
  });

  it('are gone when a worker becomes known, or who lacks one withdraws the use of their data', () => {
    const records = [...people('S1', 0, 1), ...people('S2', 5, 0)];
    const known = of('S1-0', 'WorkerAllocated', '2017-03-01', { worker: 'W1' });
    const withdrawn = of('S1-0', 'ParticipantWithdrawn', '2017-03-01', { scope: 'data_use' });
    for (const end of [known, withdrawn]) {
      expect(found(above('missing_contact_data', 2), [...records, end])).toEqual([
        ['S1', '2017-01-18T00:00:00.000Z', '2017-03-01T12:00:00.000Z', 'cause_gone'],
      ]);
    }
  });

  it.each([
    ['nobody elsewhere', people('S1', 1, 5)],
    ['everybody is without', [...people('S1', 0, 5), ...people('S2', 0, 5)]],
    ['nobody is without', [...people('S1', 5, 0), ...people('S2', 5, 0)]],
  ])('are not defined: %s', (_, records) => {
    expect(found(above('missing_contact_data', -1_000), records)).toEqual([]);
    expect(found(below('missing_contact_data', 1_000), records)).toEqual([]);
  });

  it('of a site that is not on the register belong to no other site', () => {
    const records = [...people('S1', 0, 5), ...people('elsewhere', 5, 0)];
    expect(found(above('missing_contact_data', 0), records)).toEqual([]);
  });
});

describe('what is asked of some sites', () => {
  it('is what all are asked, of these', () => {
    const records = [...discharged('P1', '2017-03-01'), ...discharged('P2', '2017-03-01', 'S2')];
    for (const measure of ['engagement', 'training_days'] as const) {
      const all = thresholdEpisodes(below(measure, 8), factsOf(records));
      const some = thresholdEpisodes(below(measure, 8), factsOf(records), new Set(['S1']));
      expect(some).toEqual(all.filter(({ site }) => site === 'S1'));
    }
  });

  it('is known not to be enough where another site matters', () => {
    expect(reachesOtherSites(above('missing_contact_data', 3))).toBe(true);
    expect(reachesOtherSites(below('training_days', 8))).toBe(true);
    expect(reachesOtherSites(below('engagement', 50))).toBe(false);
  });
});
