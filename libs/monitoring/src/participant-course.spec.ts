import { describe, expect, it } from '@jest/globals';
import { parseInstant } from '@cairn/event-sourcing';
import { Protocol } from '@cairn/registry/protocol';
import { participantCourse } from './participant-course.js';
import type { RecordEvent, RecordVersion } from './record-versions.js';
import { trialSetting } from './trial-setting.js';

const at = (text: string): number => parseInstant(text)!;
const who = { trial: 'trial', participant: 'P1' };

/** Records of a participant who was referred and randomised on 2 January 2017. */
function versions(...records: readonly (readonly [RecordEvent['type'], string, object?])[]): readonly RecordVersion[] {
  const before = [
    ['ParticipantReferred', '2017-01-02T10:00:00Z', { site: 'S1' }],
    ['ParticipantRandomised', '2017-01-02T11:00:00Z', { arm: 'usual' }],
  ] as const;
  return [...before, ...records].map(([type, occurredAt, data = {}], index) => ({
    type,
    occurredAt: at(occurredAt),
    data: { ...who, ...data },
    event: `event ${index}`,
    record: `event ${index}`,
    position: BigInt(index + 1),
    firstRecordedAt: at(occurredAt),
  })) as unknown as readonly RecordVersion[];
}

const protocol = Protocol.parse({
  arms: [
    { id: 'support', intervention: true },
    { id: 'usual', intervention: false },
  ],
  interventionWindow: { monthsAfterDischarge: 4 },
  followUpWithinDays: 7,
});
const setting = (timeZone: string) =>
  trialSetting(
    { timeZone, protocols: [{ version: 1, occurredAt: 0, protocol }], sites: [{ site: 'S1' }], workers: [] },
    0,
  );

const dischargedAt = (course: readonly RecordVersion[], asOf: string, timeZone = 'Europe/London') =>
  participantCourse(course, setting(timeZone), at(asOf))!.discharged!;

describe('the clinical follow-up', () => {
  const discharge = ['ParticipantDischarged', '2017-10-22T09:00:00+01:00'] as const;

  it.each([
    // Clocks go back on the last day: it has 25 hours.
    ['Europe/London', '2017-10-22T09:00:00+01:00', '2017-10-30T00:00:00Z'],
    // Clocks go forward at midnight, and the day after the last begins at 01:00.
    ['America/Sao_Paulo', '2017-10-07T09:00:00-03:00', '2017-10-15T03:00:00Z'],
  ])('is due by the end of the seventh local day after the discharge, in %s', (timeZone, discharged, dueAt) => {
    const course = versions(['ParticipantDischarged', discharged]);
    const just = new Date(at(dueAt) - 1).toISOString();
    expect(dischargedAt(course, just, timeZone).followUp).toEqual({
      state: 'not_due',
      at: undefined,
      dueAt: at(dueAt),
      due: false,
    });
    expect(dischargedAt(course, dueAt, timeZone).followUp).toMatchObject({ state: 'missing', due: true });
  });

  it('is in time up to the last millisecond of that day', () => {
    for (const [followedUp, state] of [
      ['2017-10-29T23:59:59.999Z', 'in_time'],
      ['2017-10-30T00:00:00Z', 'late'],
    ] as const) {
      const course = versions(discharge, ['FollowUpRecorded', followedUp]);
      expect(dischargedAt(course, '2017-12-01T00:00:00Z').followUp).toMatchObject({ state, due: true });
    }
  });

  it('is none when it was before the discharge', () => {
    const course = versions(['FollowUpRecorded', '2017-10-21T09:00:00Z'], discharge);
    expect(dischargedAt(course, '2017-12-01T00:00:00Z').followUp).toMatchObject({ state: 'missing', at: undefined });
  });

  it('is not asked of who withdrew before it was due, but counts when it was made', () => {
    const withdrawn = ['ParticipantWithdrawn', '2017-10-29T23:00:00Z', { scope: 'follow_up' }] as const;
    expect(dischargedAt(versions(discharge, withdrawn), '2017-12-01T00:00:00Z').followUp).toMatchObject({
      state: 'withdrawn',
      due: false,
    });
    const made = ['FollowUpRecorded', '2017-10-25T09:00:00Z'] as const;
    expect(dischargedAt(versions(discharge, made, withdrawn), '2017-12-01T00:00:00Z').followUp).toMatchObject({
      state: 'in_time',
    });
  });
});

describe('the primary outcome', () => {
  const discharge = ['ParticipantDischarged', '2020-02-29T09:00:00Z'] as const;

  it('is in observation to the end of the day twelve months later, clamped to the end of the month', () => {
    expect(dischargedAt(versions(discharge), '2021-02-28T23:59:59.999Z')).toMatchObject({
      outcome: 'in_observation',
      observed: false,
    });
    expect(dischargedAt(versions(discharge), '2021-03-01T00:00:00Z')).toMatchObject({
      outcome: 'not_readmitted',
      observed: true,
    });
  });

  it.each([
    ['2020-02-29T08:59:00Z', 'not_readmitted'],
    ['2020-02-29T09:00:00Z', 'readmitted'],
    ['2021-02-28T23:59:59.999Z', 'readmitted'],
    ['2021-03-01T00:00:00Z', 'not_readmitted'],
  ])('of a readmission on %s is %s', (readmitted, outcome) => {
    const course = versions(discharge, ['ParticipantReadmitted', readmitted]);
    expect(dischargedAt(course, '2022-01-01T00:00:00Z').outcome).toBe(outcome);
  });

  it('is unknown of who withdrew from follow-up before the twelve months were over', () => {
    const withdrawn = (on: string) => ['ParticipantWithdrawn', on, { scope: 'follow_up' }] as const;
    const outcome = (on: string) => dischargedAt(versions(discharge, withdrawn(on)), '2022-01-01T00:00:00Z').outcome;
    expect(outcome('2021-02-28T23:00:00Z')).toBe('withdrawn');
    expect(outcome('2021-03-01T00:00:00Z')).toBe('not_readmitted');
  });

  it('is not told of who withdrew the use of their data', () => {
    const course = versions(discharge, ['ParticipantWithdrawn', '2020-06-01T00:00:00Z', { scope: 'data_use' }]);
    const found = (asOf: string) => participantCourse(course, setting('Europe/London'), at(asOf))?.discharged?.outcome;
    expect(found('2020-05-31T00:00:00Z')).toBe('in_observation');
    expect(found('2022-01-01T00:00:00Z')).toBeUndefined();
  });
});
