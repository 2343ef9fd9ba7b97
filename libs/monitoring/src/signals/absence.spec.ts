import { describe, expect, it } from '@jest/globals';
import { AbsenceCondition } from '@cairn/signals/rule';
import { absenceEpisodes } from './absence.js';
import { at, contact, discharged, factsOf, inShort, of } from './measures/spec-trial.js';

const absence = (condition: object): AbsenceCondition => AbsenceCondition.parse({ kind: 'absence', ...condition });
const meeting = { what: 'contact', settings: ['community'] };
const P1 = discharged('P1', '2017-03-05');

describe('an absence', () => {
  const gap = absence({ after: [meeting], expected: meeting, withinDays: 14 });

  it('says what somebody needs who reckons it again by hand', () => {
    const facts = factsOf([...P1, contact('P1', '2017-03-10', {}, 'first'), contact('P1', '2017-04-02', {}, 'second')]);
    expect(absenceEpisodes(gap, facts)[0]).toEqual({
      subject: { kind: 'participant', id: 'P1' },
      site: 'S1',
      cause: 'first',
      from: at('2017-03-25T00:00:00Z'),
      until: at('2017-04-02'),
      end: 'cause_gone',
      numbers: {
        since: '2017-03-10T12:00:00.000Z',
        withinDays: 14,
        due: '2017-03-25T00:00:00.000Z',
        days: 23,
      },
      events: ['first', 'second'],
    });
  });

  it('goes on to the end of nothing where it has no period, and counts no days then', () => {
    const facts = factsOf([...P1, contact('P1', '2017-03-10', {}, 'first')]);
    expect(absenceEpisodes(gap, facts)).toEqual([
      expect.objectContaining({
        until: undefined,
        end: undefined,
        numbers: expect.objectContaining({ days: null }) as unknown,
        events: ['first'],
      }),
    ]);
  });

  it('has one cause, however many anchors there are without anything between them', () => {
    const condition = absence({
      after: [{ what: 'discharge' }, { what: 'readmission' }],
      expected: meeting,
      withinDays: 7,
    });
    const again = of('P1', 'ParticipantReadmitted', '2017-03-08', {}, 'readmission');
    const facts = factsOf([...P1, again, contact('P1', '2017-05-01')]);
    expect(absenceEpisodes(condition, facts).map(({ cause }) => cause)).toEqual(['discharge P1']);
  });

  it('begins anew with the first anchor after what was expected', () => {
    const condition = absence({
      after: [{ what: 'discharge' }, { what: 'readmission' }],
      expected: meeting,
      withinDays: 7,
    });
    const again = ['2017-03-08', '2017-03-09'].map((on) => of('P1', 'ParticipantReadmitted', on, {}, `on ${on}`));
    const facts = factsOf([...P1, contact('P1', '2017-03-07'), ...again]);
    expect(absenceEpisodes(condition, facts).map(({ cause }) => cause)).toEqual(['on 2017-03-08']);
  });

  it('of two meetings at one instant is reckoned from one of them, the same whichever was recorded first', () => {
    const two = [contact('P1', '2017-03-10', {}, 'a'), contact('P1', '2017-03-10', {}, 'b')];
    for (const meetings of [two, two.toReversed()]) {
      expect(absenceEpisodes(gap, factsOf([...P1, ...meetings])).map(({ cause }) => cause)).toEqual(['a']);
    }
  });

  it('ends because of what was expected, though the period is over at the same instant', () => {
    const condition = absence({ after: [{ what: 'discharge' }], expected: meeting, withinDays: 7, during: 'window' });
    const facts = factsOf([...P1, contact('P1', '2017-07-05T23:00:00Z')]);
    expect(absenceEpisodes(condition, facts)[0]?.end).toBe('cause_gone');
  });

  it('counts within 0 days to the end of the day', () => {
    const condition = absence({ after: [{ what: 'discharge' }], expected: meeting, withinDays: 0 });
    expect(inShort(absenceEpisodes(condition, factsOf(P1)))[0]?.[1]).toBe('2017-03-06T00:00:00.000Z');
  });

  it('at a site that delivers again is another one, named for what began that too', () => {
    const supervision = { what: 'supervision', kinds: ['group'] };
    const condition = absence({
      after: [{ what: 'opening' }],
      expected: supervision,
      withinDays: 10,
      during: 'delivery',
    });
    const P2 = [
      of('P2', 'ParticipantReferred', '2017-03-01', { site: 'S1' }),
      of('P2', 'ParticipantRandomised', '2017-03-02', { arm: 'support' }, 'randomisation'),
    ];
    const options = { sites: [{ site: 'S1', openedOn: '2017-01-02' }], recruitmentTo: '2017-01-31' };
    expect(absenceEpisodes(condition, factsOf(P2, options)).map(({ cause, end }) => [cause, end])).toEqual([
      ['opening', 'over'],
      ['opening randomisation', undefined],
    ]);
  });

  it('is of nobody who was referred to a site that the register has not', () => {
    expect(
      absenceEpisodes(gap, factsOf([...discharged('P1', '2017-03-05', 'S9'), contact('P1', '2017-03-10')])),
    ).toEqual([]);
  });
});
