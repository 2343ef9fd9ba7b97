import { DeliveryRecordCommand, VoidRecord } from './commands.js';

const meeting = {
  type: 'recordCommunityMeeting',
  trial: 'enrich',
  participant: 'S1-0001',
  worker: 'W1',
  contact: 'C1',
  mode: 'text',
  outcome: 'attended',
  occurredAt: 0,
};
const training = {
  type: 'recordTraining',
  trial: 'enrich',
  worker: 'W1',
  attendedOn: '2017-01-31',
  days: 1,
  occurredAt: 0,
};

describe('the shape of a command', () => {
  it('is that of its event, with a name and a time', () => {
    expect(DeliveryRecordCommand.parse(meeting)).toEqual(meeting);
    expect(DeliveryRecordCommand.parse(training)).toEqual(training);
  });

  it('has no room for what is not asked for', () => {
    expect(DeliveryRecordCommand.parse({ ...meeting, actor: 'mallory' })).toEqual(meeting);
  });

  it.each([
    { type: 'recordNothing' },
    { trial: '' },
    { participant: undefined },
    { participant: null },
    { participant: ' S1' },
    { participant: 'S1\u0000' },
    { participant: 'S\ud800' },
    { participant: 'x'.repeat(101) },
    { participant: 7 },
    { mode: 'FACE_TO_FACE' },
    { outcome: 'gone' },
    { minutes: -1 },
    { minutes: 1_441 },
    { minutes: 1.5 },
    { note: 'x'.repeat(1_000_000) },
    { note: 'bell \u0007' },
    { activities: Array.from({ length: 51 }, () => 'walk') },
    { activities: ['x'.repeat(201)] },
    { enteredAt: '2017-01-01' },
    { enteredAt: '2017-01-01T00:00:00' },
    { occurredAt: '2017-01-01T00:00:00Z' },
    { occurredAt: 0.5 },
    { occurredAt: NaN },
    { occurredAt: -1e15 },
    { occurredAt: 1e15 },
  ])('is refused with %j', (fault) => {
    expect(DeliveryRecordCommand.safeParse({ ...meeting, ...fault }).success).toBe(false);
  });

  it.each([{ attendedOn: '2017-02-30' }, { attendedOn: '31.01.2017' }, { days: 0 }, { days: 32 }])(
    'of a training is refused with %j',
    (fault) => {
      expect(DeliveryRecordCommand.safeParse({ ...training, ...fault }).success).toBe(false);
    },
  );

  it('of a void points at an event in any spelling of its id, and has a reason', () => {
    const event = '5f0c6e7a-8d3b-5a1e-9c41-2b7d90e4f613';
    const strike = { type: 'voidRecord', trial: 'enrich', event, reason: 'typed twice' };
    expect(VoidRecord.parse({ ...strike, event: event.toUpperCase() })).toEqual(strike);
    expect(VoidRecord.safeParse({ ...strike, reason: '' }).success).toBe(false);
    expect(VoidRecord.safeParse({ ...strike, reason: ' \n\u00a0' }).success).toBe(false);
    expect(VoidRecord.safeParse({ ...strike, event: 'S1-0001' }).success).toBe(false);
  });
});
