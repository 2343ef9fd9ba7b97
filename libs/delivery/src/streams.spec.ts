import fc from 'fast-check';
import type { DeliveryRecordCommand } from './commands.js';
import { deliveryEventTypes } from './events.js';
import { streamKindOf, streamKindOfEvent } from './routes.js';
import { fidelityStream, participantStream, streamOf } from './streams.js';

const trial = 'T 1';
const occurredAt = 0;
const participant = { trial, participant: 'P/1', occurredAt };
const site = { trial, site: 'S1', occurredAt };
const contact = { worker: 'W1', contact: 'C1', mode: 'text', outcome: 'attended' } as const;

describe('where a record goes', () => {
  it.each([
    { type: 'referParticipant', ...participant, site: 'S1' } as const,
    { type: 'recordRandomisation', ...participant, arm: 'A' } as const,
    { type: 'allocateWorker', ...participant, worker: 'W1' } as const,
    { type: 'recordWardContact', ...participant, ...contact } as const,
    { type: 'recordCommunityMeeting', ...participant, ...contact } as const,
    { type: 'recordDischarge', ...participant } as const,
    { type: 'recordReadmission', ...participant } as const,
    { type: 'recordFollowUp', ...participant } as const,
    { type: 'withdrawParticipant', ...participant, scope: 'data_use' } as const,
  ])('$type: to the stream of the participant', (command) => {
    expect(streamOf(command)).toBe('T%201/participant/P%2F1');
    expect(streamKindOf(command)).toBe('participant');
  });

  it.each<[DeliveryRecordCommand, string]>([
    [{ type: 'recordSupervision', ...site, supervision: 'G1', kind: 'group', attendees: [] }, 'supervision/G1'],
    [{ type: 'recordTeamPreparation', ...site, session: 'P1', ward: 'W' }, 'team-preparation/P1'],
    [
      { type: 'recordFidelityAssessment', ...site, instrument: 'index', rater: 'R1', total: 9 },
      'fidelity/index/R1/1970-01-01T00%3A00%3A00.000Z',
    ],
  ])('%j: to a stream of its own', (command, name) => {
    expect(streamOf(command)).toBe(`T%201/site/S1/${name}`);
    expect(streamKindOf(command)).toBe('siteRecord');
  });

  it('recordTraining: to the stream of the worker and the day', () => {
    const command = {
      type: 'recordTraining',
      trial,
      worker: 'W1',
      attendedOn: '2017-01-31',
      days: 1,
      occurredAt,
    } as const;
    expect(streamOf(command)).toBe('T%201/worker/W1/training/2017-01-31');
    expect(streamKindOf(command)).toBe('training');
  });
});

describe('the name of a stream', () => {
  const id = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }),
    fc.integer({ min: 1, max: 50 }).map((length) => '病'.repeat(length)),
    fc.constantFrom('/', ':', '%2F', 'participant'),
  );
  const isWritable = (text: string): boolean => text.isWellFormed() && text.length <= 100;

  it('has room for the longest ids of any script', () => {
    fc.assert(
      fc.property(id.filter(isWritable), id.filter(isWritable), (one, other) => {
        expect(participantStream(one, other).length).toBeLessThanOrEqual(512);
        expect(fidelityStream(one, other, one, other, 0).length).toBeLessThanOrEqual(512);
      }),
    );
  });

  it('is that of no other participant', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(id.filter(isWritable), id.filter(isWritable)), { maxLength: 20 }), (pairs) => {
        const given = new Set(pairs.map((pair) => JSON.stringify(pair)));
        expect(new Set(pairs.map(([trial, participant]) => participantStream(trial, participant))).size).toBe(
          given.size,
        );
      }),
    );
  });
});

describe('who judges the void of an event', () => {
  it('is known for every event of this context', () => {
    const kinds = deliveryEventTypes.map(({ type }) => [type, streamKindOfEvent(type)]);
    expect(Object.fromEntries(kinds)).toEqual({
      ParticipantReferred: 'participant',
      ParticipantRandomised: 'participant',
      WorkerAllocated: 'participant',
      WardContactRecorded: 'participant',
      CommunityMeetingRecorded: 'participant',
      ParticipantDischarged: 'participant',
      ParticipantReadmitted: 'participant',
      FollowUpRecorded: 'participant',
      ParticipantWithdrawn: 'participant',
      ParticipantRecordVoided: 'participant',
      ParticipantRecordAmended: 'participant',
      SupervisionHeld: 'siteRecord',
      TeamPreparationHeld: 'siteRecord',
      FidelityAssessed: 'siteRecord',
      SiteRecordVoided: 'siteRecord',
      SiteRecordAmended: 'siteRecord',
      TrainingAttended: 'training',
      TrainingVoided: 'training',
      TrainingAmended: 'training',
    });
  });

  it('is nobody for events of other contexts', () => {
    expect(streamKindOfEvent('SiteRegistered')).toBeUndefined();
    expect(streamKindOfEvent('constructor')).toBeUndefined();
  });
});
