import { type ParticipantEvent, participantEventTypes } from './events.js';
import { isNeutral } from './neutral.js';

const about = { trial: 't', participant: 'p' };
const record = (type: string, data: object = {}): ParticipantEvent =>
  ({ type, occurredAt: 0, data: { ...about, ...data } }) as unknown as ParticipantEvent;
const withdrawal = (scope: string) => record('ParticipantWithdrawn', { scope });
const strike = record('ParticipantRecordVoided', { event: 'e', reason: 'wrong' });

test('what is recorded of everybody is neutral, what is recorded of those with a worker is not', () => {
  const types = participantEventTypes.map(({ type }) => type).filter((type) => !/Withdrawn|Voided/.test(type));
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

test('a void is as neutral as what it strikes', () => {
  expect(isNeutral(strike, () => record('ParticipantDischarged'))).toBe(true);
  expect(isNeutral(strike, () => record('WorkerAllocated'))).toBe(false);
  expect(isNeutral(strike, () => undefined)).toBe(false);
});
