import { describe, expect, it } from '@jest/globals';
import { audienceOf, subjectKindOf } from '@cairn/signals/rule';
import { defaultRules } from './default-rules.js';
import { at, contact, discharged, factsOf, inShort, of, specProtocol, type SpecRecord } from './measures/spec-trial.js';
import { ruleEpisodes } from './rule-episodes.js';

const rules = new Map(defaultRules(specProtocol).map((rule) => [rule.rule, rule]));

/** What a shipped rule says of records, in short. */
const given = (...records: readonly (SpecRecord | readonly SpecRecord[])[]) => ({
  when: (rule: string) => inShort(ruleEpisodes(rules.get(rule)!, factsOf(records.flat()))),
});

// Discharged on a Sunday in spring: the window closes at the end of 5 July, and clocks have gone forward in between.
const P1 = discharged('P1', '2017-03-05T10:00:00Z');
const closed = '2017-07-05T23:00:00.000Z';

describe('no ward contact', () => {
  const onWard = (when: string, data: object = {}) =>
    of('P1', 'WardContactRecorded', when, { mode: 'face_to_face', outcome: 'attended', ...data });
  const raised = [['P1', '2017-03-05T10:00:00.000Z', closed, 'over']];

  it('is raised at the discharge, to the end of the window', () => {
    expect(given(P1).when('no_ward_contact')).toEqual(raised);
  });
  it('is not raised after one on the ward, up to the very instant of the discharge', () => {
    expect(given(P1, onWard('2017-03-05T10:00:00Z')).when('no_ward_contact')).toEqual([]);
    expect(given(P1, onWard('2017-03-05T10:01:00Z')).when('no_ward_contact')).toEqual(raised);
  });
  it('is raised where it was only tried, or was in the community', () => {
    expect(
      given(P1, onWard('2017-03-04', { outcome: 'on_leave' }), contact('P1', '2017-03-03')).when('no_ward_contact'),
    ).toEqual(raised);
  });
  it('begins when a worker is known, and ends with a withdrawal from the intervention', () => {
    const [referred, randomised, , discharge] = P1;
    const allocated = of('P1', 'WorkerAllocated', '2017-03-09', { worker: 'W1' });
    const withdrawn = of('P1', 'ParticipantWithdrawn', '2017-04-01', { scope: 'intervention' });
    expect(given(referred!, randomised!, allocated, discharge!, withdrawn).when('no_ward_contact')).toEqual([
      ['P1', '2017-03-09T12:00:00.000Z', '2017-04-01T12:00:00.000Z', 'over'],
    ]);
    expect(given(referred!, randomised!, discharge!).when('no_ward_contact')).toEqual([]);
  });
  it('is of the arm that has a worker alone', () => {
    const usual = of('P1', 'ParticipantRandomised', '2017-01-02T13:00:00Z', { arm: 'usual' });
    expect(given(P1, usual).when('no_ward_contact')).toEqual([]);
  });
});

describe('no meeting after discharge', () => {
  const due = '2017-03-13T00:00:00.000Z';

  it('is raised when the seventh day after the discharge is over', () => {
    expect(given(P1).when('no_meeting_after_discharge')).toEqual([['P1', due, closed, 'over']]);
  });
  it('is not raised after a meeting in the last minute of that day, but after one a minute later', () => {
    expect(given(P1, contact('P1', '2017-03-12T23:59:59.999Z')).when('no_meeting_after_discharge')).toEqual([]);
    expect(given(P1, contact('P1', due)).when('no_meeting_after_discharge')).toEqual([]);
    expect(given(P1, contact('P1', '2017-03-13T00:01:00Z')).when('no_meeting_after_discharge')).toEqual([
      ['P1', due, '2017-03-13T00:01:00.000Z', 'cause_gone'],
    ]);
  });
  it('is not mended by meetings before the discharge, on the ward, or that did not take place', () => {
    const others = [
      contact('P1', '2017-03-05T09:59:00Z'),
      of('P1', 'WardContactRecorded', '2017-03-06', { mode: 'face_to_face', outcome: 'attended' }),
      contact('P1', '2017-03-06', { outcome: 'participant_absent' }),
    ];
    expect(given(P1, others).when('no_meeting_after_discharge')).toEqual([['P1', due, closed, 'over']]);
  });
  it('looks at the index discharge, whatever comes after it', () => {
    const again = [
      of('P1', 'ParticipantReadmitted', '2017-03-20'),
      of('P1', 'ParticipantDischarged', '2017-03-27'),
      contact('P1', '2017-03-06'),
    ];
    expect(given(P1, again).when('no_meeting_after_discharge')).toEqual([]);
  });
  it('is not raised of somebody who withdrew from the intervention before, but of who left follow-up', () => {
    const withdrawn = (scope: string) => of('P1', 'ParticipantWithdrawn', '2017-03-12T23:59:00Z', { scope });
    expect(given(P1, withdrawn('intervention')).when('no_meeting_after_discharge')).toEqual([]);
    expect(given(P1, withdrawn('data_use')).when('no_meeting_after_discharge')).toEqual([]);
    expect(given(P1, withdrawn('follow_up')).when('no_meeting_after_discharge')).toHaveLength(1);
  });
});

describe('a gap between meetings', () => {
  const first = contact('P1', '2017-03-10T16:00:00Z');
  // The clocks go forward in it: two weeks and a day less an hour.
  const due = '2017-03-25T00:00:00.000Z';

  it('is raised when the fourteenth day after a meeting is over, to the next one', () => {
    expect(
      given(P1, first, contact('P1', '2017-03-24T23:59:00Z'), contact('P1', '2017-04-20')).when('meeting_gap'),
    ).toEqual([
      ['P1', '2017-04-07T23:00:00.000Z', '2017-04-20T12:00:00.000Z', 'cause_gone'],
      ['P1', '2017-05-04T23:00:00.000Z', closed, 'over'],
    ]);
    expect(given(P1, first, contact('P1', '2017-03-25T00:01:00Z')).when('meeting_gap')[0]).toEqual([
      'P1',
      due,
      '2017-03-25T00:01:00.000Z',
      'cause_gone',
    ]);
  });
  it('is not raised when it would be after the window', () => {
    const weekly = ['03-20', '04-01', '04-12', '04-25', '05-08', '05-20', '06-01', '06-12', '06-22'];
    expect(
      given(
        P1,
        first,
        weekly.map((day) => contact('P1', `2017-${day}`)),
      ).when('meeting_gap'),
    ).toEqual([]);
  });
  it('is none without a first meeting: that is another rule', () => {
    expect(given(P1).when('meeting_gap')).toEqual([]);
  });
});

describe('an overdue follow-up', () => {
  const due = '2017-03-13T00:00:00.000Z';
  const followed = (when: string) => of('P1', 'FollowUpRecorded', when);

  it('is raised of every arm when the seventh day is over, until it is made', () => {
    const usual = of('P1', 'ParticipantRandomised', '2017-01-02T13:00:00Z', { arm: 'usual' });
    expect(given(P1, usual).when('follow_up_overdue')).toEqual([['P1', due, undefined, undefined]]);
    expect(given(P1, followed('2017-03-12T23:59:00Z')).when('follow_up_overdue')).toEqual([]);
    expect(given(P1, followed('2017-03-13T00:01:00Z')).when('follow_up_overdue')).toEqual([
      ['P1', due, '2017-03-13T00:01:00.000Z', 'cause_gone'],
    ]);
  });
  it('is not raised of who left follow-up, but of who left the intervention: that would tell the arm', () => {
    const withdrawn = (scope: string) => of('P1', 'ParticipantWithdrawn', '2017-03-10', { scope });
    expect(given(P1, withdrawn('follow_up')).when('follow_up_overdue')).toEqual([]);
    expect(given(P1, withdrawn('intervention')).when('follow_up_overdue')).toHaveLength(1);
  });
  it('is not mended by one from before the discharge', () => {
    expect(given(P1, followed('2017-03-05T09:59:00Z')).when('follow_up_overdue')).toHaveLength(1);
  });
});

describe('a gap in supervision', () => {
  const held = (when: string, kind = 'group') => of('S1', 'SupervisionHeld', when, { kind });
  const ofS1 = (...records: readonly SpecRecord[]) => {
    const facts = factsOf(records, { sites: [{ site: 'S1', openedOn: '2017-01-02' }], recruitmentTo: '2017-02-28' });
    return inShort(ruleEpisodes(rules.get('supervision_gap')!, facts));
  };

  it('is raised when the tenth day is over after the opening, and to the end of delivery', () => {
    expect(ofS1()).toEqual([['S1', '2017-01-13T00:00:00.000Z', '2017-03-01T00:00:00.000Z', 'over']]);
  });
  it('is mended by a group session, which begins the next ten days', () => {
    expect(ofS1(held('2017-01-12T23:59:00Z'), held('2017-01-23T00:01:00Z'))).toEqual([
      ['S1', '2017-01-23T00:00:00.000Z', '2017-01-23T00:01:00.000Z', 'cause_gone'],
      ['S1', '2017-02-03T00:00:00.000Z', '2017-03-01T00:00:00.000Z', 'over'],
    ]);
  });
  it('is not mended by sessions of other kinds', () => {
    expect(ofS1(held('2017-01-10', 'individual'), held('2017-01-11', 'action_learning_set'))).toHaveLength(1);
  });
});

describe('an unknown worker', () => {
  const [referred, randomised] = P1;
  const allocated = (when: string) => of('P1', 'WorkerAllocated', when, { worker: 'W1' });

  it('is raised when the third day after the randomisation is over, until one is allocated', () => {
    expect(given(referred!, randomised!).when('worker_unknown')).toEqual([
      ['P1', '2017-01-07T00:00:00.000Z', undefined, undefined],
    ]);
    expect(given(referred!, randomised!, allocated('2017-01-06T23:59:00Z')).when('worker_unknown')).toEqual([]);
    expect(given(referred!, randomised!, allocated('2017-01-07T00:01:00Z')).when('worker_unknown')).toEqual([
      ['P1', '2017-01-07T00:00:00.000Z', '2017-01-07T00:01:00.000Z', 'cause_gone'],
    ]);
  });
  it('is not raised where the worker was allocated at the very instant', () => {
    expect(given(referred!, randomised!, allocated('2017-01-03')).when('worker_unknown')).toEqual([]);
  });
});

describe('the last day', () => {
  // Each is the end of the seventh local day after the discharge.
  it.each([
    ['America/Sao_Paulo', 'midnight is left out', '2017-10-07T15:00:00Z', '2017-10-15T03:00:00.000Z'],
    ['Pacific/Apia', 'the day after the seventh is left out', '2011-12-22T20:00:00Z', '2011-12-30T10:00:00.000Z'],
    ['Pacific/Apia', 'the seventh day is left out', '2011-12-23T20:00:00Z', '2011-12-30T10:00:00.000Z'],
    ['Pacific/Apia', 'a day before the seventh is left out', '2011-12-24T20:00:00Z', '2011-12-31T10:00:00.000Z'],
    ['Europe/London', 'the seventh day has 25 hours', '2017-10-22T09:00:00Z', '2017-10-30T00:00:00.000Z'],
    ['America/Havana', 'the day after it has two midnights', '2023-10-28T15:00:00Z', '2023-11-05T04:00:00.000Z'],
    ['America/Havana', 'the seventh day has two midnights', '2023-10-29T15:00:00Z', '2023-11-06T05:00:00.000Z'],
  ])('ends where the calendar of %s says so, as when %s', (timeZone, _, when, due) => {
    const rule = rules.get('no_meeting_after_discharge')!;
    const before = [
      of('P1', 'ParticipantReferred', '2011-01-01', { site: 'S1' }),
      of('P1', 'ParticipantRandomised', '2011-01-01', { arm: 'support' }),
      of('P1', 'WorkerAllocated', '2011-01-01', { worker: 'W1' }),
      of('P1', 'ParticipantDischarged', when),
    ];
    const first = (...records: readonly SpecRecord[]) =>
      inShort(ruleEpisodes(rule, factsOf([...before, ...records], { timeZone })))[0]?.[1];
    expect(first()).toBe(due);
    expect(first(contact('P1', new Date(at(due) - 1).toISOString()))).toBeUndefined();
    expect(first(contact('P1', new Date(at(due) + 1).toISOString()))).toBe(due);
  });
});

describe('the shipped rules', () => {
  it('are twelve, on, with a source, of one subject each', () => {
    const shipped = [...rules.values()];
    expect(
      shipped.map(({ rule, severity, condition }) => [rule, severity, subjectKindOf(condition), audienceOf(condition)]),
    ).toEqual([
      ['no_ward_contact', 'warning', 'participant', 'delivery'],
      ['no_meeting_after_discharge', 'warning', 'participant', 'delivery'],
      ['meeting_gap', 'warning', 'participant', 'delivery'],
      ['follow_up_overdue', 'warning', 'participant', 'open'],
      ['supervision_gap', 'critical', 'site', 'delivery'],
      ['worker_unknown', 'warning', 'participant', 'delivery'],
      ['untrained_caseload', 'critical', 'worker', 'delivery'],
      ['engagement_low', 'warning', 'site', 'delivery'],
      ['fidelity_low', 'warning', 'site', 'delivery'],
      ['late_entries', 'notice', 'site', 'delivery'],
      ['missing_contact_data', 'critical', 'site', 'delivery'],
      ['contacts_falling', 'notice', 'site', 'delivery'],
    ]);
    expect(shipped.every(({ enabled, source, description }) => enabled && source && description)).toBe(true);
  });

  it('take their limits from the protocol where it has them', () => {
    const limits = (protocol: typeof specProtocol) =>
      Object.fromEntries(
        defaultRules(protocol).map(({ rule, condition }) => [
          rule,
          'withinDays' in condition ? condition.withinDays : 'limit' in condition ? condition.limit : undefined,
        ]),
      );
    const { trainingDays: _, ...bare } = specProtocol;
    expect(limits(bare)).toMatchObject({
      follow_up_overdue: 7,
      supervision_gap: 10,
      untrained_caseload: 8,
      engagement_low: 50,
      fidelity_low: 9,
    });
    const low = { fidelity: 7.5, engagement: 40 };
    const own = {
      ...bare,
      followUpWithinDays: 3,
      groupSupervisionEveryDays: 5,
      trainingDays: 4.5,
      siteClasses: { high: low, low, outlierResidual: 3 },
    };
    expect(limits(own)).toMatchObject({
      follow_up_overdue: 3,
      supervision_gap: 8,
      untrained_caseload: 4.5,
      engagement_low: 40,
      fidelity_low: 7.5,
    });
  });

  it('raise nothing when they are off', () => {
    const off = { ...rules.get('no_ward_contact')!, enabled: false };
    expect(ruleEpisodes(off, factsOf(P1))).toEqual([]);
  });
});
