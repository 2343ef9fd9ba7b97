import { describe, expect, it } from '@jest/globals';
import { tableDefinition, textDefinition } from './engagement-definitions.js';
import { type EngagementStatus, participantEngagement } from './engagement.js';
import { present } from './moment.js';
import type { ContactFact, ParticipantFact } from './participant-facts.js';

const trial = {
  timeZone: 'Europe/London',
  protocol: {
    arms: [
      { id: 'peer_support', intervention: true },
      { id: 'care_as_usual', intervention: false },
    ],
    interventionWindow: { monthsAfterDischarge: 4 },
  },
};

type Content<F> = F extends ParticipantFact ? Omit<F, 'event' | 'occurredAt' | 'recordedAt'> : never;
let events = 0;
const on = (text: string, content: Content<ParticipantFact>): ParticipantFact => {
  const occurredAt = Date.parse(text);
  return { event: `event ${events++}`, occurredAt, recordedAt: occurredAt, ...content };
};
const met = (text: string, how: Partial<ContactFact> = {}): ParticipantFact =>
  on(text, { kind: 'contact', setting: 'community', mode: 'face_to_face', outcome: 'attended', ...how });

const referred = on('2017-03-01T09:00:00Z', { kind: 'referred', site: 'S1' });
const randomised = on('2017-03-02T09:00:00Z', { kind: 'randomised', arm: 'peer_support' });
const allocated = on('2017-03-03T09:00:00Z', { kind: 'allocated', worker: 'W1' });
const onWard = met('2017-03-10T09:00:00Z', { setting: 'ward' });
const discharged = on('2017-03-20T12:00:00Z', { kind: 'discharged' });
const offered = [referred, randomised, allocated];
/** The window closes with 20 July 2017, British Summer Time. */
const close = '2017-07-20T23:00:00Z';

const of = (facts: readonly ParticipantFact[], asOf: string, definition = tableDefinition) =>
  participantEngagement('S1-1', { facts }, definition, trial, present(Date.parse(asOf)));
const status = (facts: readonly ParticipantFact[], asOf: string, definition = tableDefinition) =>
  of(facts, asOf, definition)?.status;

describe('engagement by Table 2', () => {
  it('is two face-to-face contacts, one of them in the community from discharge on', () => {
    const facts = [...offered, onWard, discharged, met('2017-03-27T10:00:00Z')];
    expect(status(facts, '2017-03-27T09:59:59Z')).toBe('not_yet');
    expect(of(facts, '2017-03-27T10:00:00Z')).toEqual({
      participant: 'S1-1',
      site: 'S1',
      status: 'engaged',
      engagedAt: Date.parse('2017-03-27T10:00:00Z'),
      dischargedAt: discharged.occurredAt,
      windowClosesAt: Date.parse(close),
    });
  });

  it('takes a meeting at the minute of discharge, and none before it', () => {
    expect(status([...offered, onWard, discharged, met('2017-03-20T12:00:00Z')], close)).toBe('engaged');
    expect(status([...offered, onWard, discharged, met('2017-03-20T11:59:00Z')], close)).toBe('not_engaged');
  });

  it('takes the last minute of the last day, and not the next', () => {
    expect(status([...offered, onWard, discharged, met('2017-07-20T23:59:00+01:00')], close)).toBe('engaged');
    expect(status([...offered, onWard, discharged, met('2017-07-21T00:00:00+01:00')], '2018-01-01T00:00:00Z')).toBe(
      'not_engaged',
    );
  });

  it.each(['telephone', 'video', 'text'] as const)('does not take %s', (mode) => {
    const facts = [...offered, onWard, discharged, met('2017-03-27T10:00:00Z', { mode })];
    expect(status(facts, close)).toBe('not_engaged');
    expect(status(facts, close, textDefinition)).toBe('engaged');
  });

  it.each(['participant_absent', 'on_leave', 'cancelled_by_participant', 'cancelled_by_provider'] as const)(
    'does not take an attempt: %s',
    (outcome) => {
      const facts = [...offered, onWard, discharged, met('2017-03-27T10:00:00Z', { outcome })];
      expect(status(facts, close)).toBe('not_engaged');
      expect(status(facts, close, textDefinition)).toBe('not_engaged');
    },
  );

  it('dates engagement by the contact that completed it, in whatever order they were recorded', () => {
    const [first, second, third] = [
      met('2017-03-27T10:00:00Z'),
      met('2017-04-03T10:00:00Z'),
      met('2017-04-10T10:00:00Z'),
    ];
    expect(of([...offered, third, second, discharged, first], close)?.engagedAt).toBe(second.occurredAt);
  });

  it('goes by the earliest discharge: of two, and of the other when that one is voided', () => {
    const later = on('2017-05-01T12:00:00Z', { kind: 'discharged' });
    const between = met('2017-04-03T10:00:00Z');
    expect(status([...offered, onWard, later, between, discharged], close)).toBe('engaged');
    const voided = { ...discharged, voidedAt: Date.parse('2017-05-02T00:00:00Z') };
    expect(status([...offered, onWard, later, between, voided], close)).toBe('not_yet');
  });
});

describe('engagement by the trial report', () => {
  it('takes a ward visit during a readmission', () => {
    const facts = [...offered, onWard, discharged, met('2017-04-10T10:00:00Z', { setting: 'ward' })];
    expect(status(facts, close, textDefinition)).toBe('engaged');
    expect(status(facts, close)).toBe('not_engaged');
  });
});

describe('a status', () => {
  const withdrawn = (scope: 'intervention' | 'follow_up' | 'data_use'): ParticipantFact =>
    on('2017-04-01T09:00:00Z', { kind: 'withdrawn', scope });
  const engaged = [...offered, onWard, discharged, met('2017-03-27T10:00:00Z')];

  it.each<[string, readonly ParticipantFact[], EngagementStatus]>([
    ['in the other arm', [referred, { ...randomised, arm: 'care_as_usual' } as ParticipantFact], 'not_offered'],
    ['not randomised', [referred], 'not_offered'],
    ['no worker known', [referred, randomised, discharged], 'no_data'],
    ['never discharged', [...offered, onWard, onWard], 'not_yet'],
    ['window closed', [...offered, onWard, discharged], 'not_engaged'],
    ['withdrawn from the intervention', [...engaged, withdrawn('intervention')], 'engaged'],
    ['withdrawn from follow-up', [...engaged, withdrawn('follow_up')], 'engaged'],
    ['withdrawn from any use of data', [...engaged, withdrawn('data_use')], 'no_data'],
  ])('%s', (_case, facts, wanted) => expect(status(facts, close)).toBe(wanted));

  it('is never "not engaged" before the window has closed', () => {
    const facts = [...offered, onWard, discharged];
    expect(status(facts, '2017-07-20T22:59:59.999Z')).toBe('not_yet');
    expect(status(facts, close)).toBe('not_engaged');
  });

  it('shows nothing of data that may not be used', () => {
    expect(of([...engaged, withdrawn('data_use')], close)).toEqual({
      participant: 'S1-1',
      site: 'S1',
      status: 'no_data',
    });
  });

  it('is none before there was a participant, or when the referral was voided', () => {
    expect(of(engaged, '2017-02-01T00:00:00Z')).toBeUndefined();
    expect(of([{ ...referred, voidedAt: 0 }, ...engaged.slice(1)], close)).toBeUndefined();
    expect(of([], close)).toBeUndefined();
  });
});
