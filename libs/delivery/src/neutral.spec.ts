import { type ParticipantEvent, participantEventTypes } from './events.js';
import { isNeutral } from './neutral.js';

const about = { trial: 't', participant: 'p' };
const record = (type: string, data: object = {}): ParticipantEvent =>
  ({ type, occurredAt: 0, data: { ...about, ...data } }) as unknown as ParticipantEvent;
const withdrawal = (scope: string) => record('ParticipantWithdrawn', { scope });
const strike = record('ParticipantRecordVoided', { event: 'e', reason: 'wrong' });

test('what is recorded of everybody is neutral, what is recorded of those with a worker is not', () => {
  const types = participantEventTypes.map(({ type }) => type).filter((type) => !/Withdrawn|Voided|Amended/.test(type));
  expect(types.filter((type) => isNeutral(record(type), () => undefined))).toEqual([
    'ParticipantReferred',
    'ParticipantRandomised',
    'ParticipantDischarged',
    'ParticipantReadmitted',
    'FollowUpRecorded',
  ]);
});

test.each([
  ['intervention', false],
  ['follow_up', true],
  ['data_use', true],
])('a withdrawal from %s: %s', (scope, neutral) => {
  expect(isNeutral(withdrawal(scope), () => undefined)).toBe(neutral);
});

const amendment = (type: string, data: object = {}) =>
  record('ParticipantRecordAmended', {
    event: 'e',
    reason: 'wrong',
    record: { type, occurredAt: '2017-01-01T00:00:00Z', data: { ...about, ...data } },
  });

test('an amendment is as neutral as what it amends, and so is its void', () => {
  const neutral = [amendment('ParticipantRandomised'), amendment('ParticipantWithdrawn', { scope: 'data_use' })];
  const telling = [amendment('WorkerAllocated'), amendment('ParticipantWithdrawn', { scope: 'intervention' })];
  expect([...neutral, ...telling].map((each) => isNeutral(each, () => undefined))).toEqual([true, true, false, false]);
  expect([...neutral, ...telling].map((each) => isNeutral(strike, () => each))).toEqual([true, true, false, false]);
});

test('a void is as neutral as what it strikes', () => {
  expect(isNeutral(strike, () => record('ParticipantDischarged'))).toBe(true);
  expect(isNeutral(strike, () => record('WorkerAllocated'))).toBe(false);
  expect(isNeutral(strike, () => undefined)).toBe(false);
});
