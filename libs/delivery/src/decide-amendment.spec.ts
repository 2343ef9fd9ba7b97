import type { DomainEvent } from '@cairn/event-sourcing';
import { givenEventId, specFor } from '@cairn/event-sourcing/spec';
import type { AmendRecord } from './commands.js';
import { participantDecider } from './decide-participant.js';
import { siteRecordDecider } from './decide-site-record.js';
import { trainingDecider } from './decide-training.js';
import type { DeliveryEvent, ParticipantEvent, SiteRecordEvent, TrainingEvent } from './events.js';
import {
  discharge,
  discharged,
  future,
  known,
  meet,
  meeting,
  randomised,
  readmitted,
  referred,
  voided,
  voiding,
  who,
  withdrawn,
} from './spec-participant.js';
import { world } from './spec-world.js';
import { type DeliveryFact, versionIn } from './versions.js';

/** An amendment of the n-th event before it. */
const amending = (index: number, changed: Partial<AmendRecord>): AmendRecord => ({
  type: 'amendRecord',
  trial: who.trial,
  event: givenEventId(index),
  reason: 'typed wrongly',
  ...changed,
});

const holding = ({ type, occurredAt, data }: DeliveryFact, changed: object = {}) => ({
  type,
  occurredAt: new Date(occurredAt).toISOString(),
  data: { ...data, ...changed },
});

const amended = (index: number, record: object, reason = 'typed wrongly'): ParticipantEvent =>
  ({
    type: 'ParticipantRecordAmended',
    occurredAt: world.now,
    data: { ...who, event: givenEventId(index), reason, record },
  }) as ParticipantEvent;

/** The world in which what past events say has been looked up. */
const knowing = (past: readonly DeliveryEvent[]) => ({
  ...world,
  versions: new Map(
    past.flatMap((event, index) => {
      const version = versionIn(event);
      return version ? [[givenEventId(index), version] as const] : [];
    }),
  ),
});

const { given: givenParticipant } = specFor(participantDecider, world);
const given = (...past: readonly ParticipantEvent[]) => ({
  when: (command: Parameters<ReturnType<typeof givenParticipant>['when']>[0]) =>
    givenParticipant(...past).when(command, knowing(past)),
});
const met = [...known, meeting];
const byTelephone = amended(3, holding(meeting, { mode: 'telephone' }));

describe('an amendment', () => {
  it('is a void of the version that it names, and a version in its place', () =>
    given(...met)
      .when(amending(3, { changes: { mode: 'telephone' } }))
      .then(byTelephone));
  it('can say that it happened at another time', () =>
    given(...met)
      .when(amending(3, { occurredAt: meeting.occurredAt + 60_000 }))
      .then(amended(3, { ...holding(meeting), occurredAt: '2017-04-03T09:01:00.000Z' })));
  it('removes what is null, and keeps what it does not name', () => {
    const { activities: _, ...rest } = meeting.data;
    given(...met)
      .when(amending(3, { changes: { activities: null } }))
      .then(amended(3, { ...holding(meeting), data: rest }));
  });
  it.each([
    { what: 'a referral', past: [referred], changes: { site: 'S2' } },
    { what: 'a randomisation', past: [referred, randomised], changes: { arm: 'care_as_usual' } },
    { what: 'an allocation', past: known, changes: { worker: 'W2' } },
    { what: 'a readmission', past: [referred, readmitted], changes: { dischargedAt: '2017-06-10T09:00:00Z' } },
    { what: 'a withdrawal', past: [referred, withdrawn('follow_up')], changes: { reason: 'moved' } },
  ])('is possible of $what', ({ past, changes }) =>
    given(...past)
      .when(amending(past.length - 1, { changes }))
      .then(amended(past.length - 1, holding(past.at(-1) as DeliveryFact, changes))),
  );
  it('of an amendment is one of its version', () => {
    const once = [...met, byTelephone];
    given(...once)
      .when(amending(4, { changes: { outcome: 'on_leave' } }))
      .then(amended(4, holding(meeting, { mode: 'telephone', outcome: 'on_leave' })));
  });
  it('that changes nothing adds nothing', () => {
    given(...met)
      .when(amending(3, {}))
      .then();
    given(...met)
      .when(amending(3, { changes: { mode: 'face_to_face', note: null }, occurredAt: meeting.occurredAt }))
      .then();
    // The same instant in another spelling.
    given(...met)
      .when(amending(3, { changes: { enteredAt: '2017-04-03T10:00:00Z' } }))
      .then();
  });
  it('given again adds nothing while its version stands', () => {
    const again = amending(3, { changes: { mode: 'telephone' } });
    given(...met, byTelephone)
      .when(again)
      .then();
    given(...met, byTelephone)
      .when({ ...again, reason: 'another' })
      .thenRefused('EVENT_SUPERSEDED', 'event');
    given(...met, byTelephone)
      .when({ ...again, changes: { mode: 'video' } })
      .thenRefused('EVENT_SUPERSEDED', 'event');
    given(...met, byTelephone, voided(4))
      .when(again)
      .thenRefused('EVENT_SUPERSEDED', 'event');
  });
});

describe('a version that does not stand', () => {
  it('is not amended', () => {
    const change = { changes: { mode: 'video' } };
    given(...met, byTelephone)
      .when(amending(3, change))
      .thenRefused('EVENT_SUPERSEDED', 'event');
    given(...met, voided(3))
      .when(amending(3, change))
      .thenRefused('EVENT_ALREADY_VOIDED', 'event');
    given(...met, voided(3))
      .when(amending(4, change))
      .thenRefused('EVENT_NOT_VOIDABLE', 'event');
    given(...met)
      .when(amending(9, change))
      .thenRefused('EVENT_UNKNOWN', 'event');
    given(...met)
      .when({ ...amending(3, change), trial: 'other' })
      .thenRefused('EVENT_UNKNOWN', 'event');
  });
  it('is not voided; the one that stands is', () => {
    given(...met, byTelephone)
      .when(voiding(3))
      .thenRefused('EVENT_SUPERSEDED', 'event');
    given(...met, byTelephone)
      .when(voiding(4))
      .then(voided(4));
    given(...met, byTelephone, voided(4))
      .when(voiding(4))
      .then();
  });
});

describe('which record it is', () => {
  it.each(['trial', 'participant', 'contact'])('says %s, which stays', (member) => {
    given(...met)
      .when(amending(3, { changes: { [member]: 'other' } }))
      .thenRefused('RECORD_IDENTITY_FIXED', `changes.${member}`);
    given(...met)
      .when(amending(3, { changes: { [member]: null } }))
      .thenRefused('RECORD_IDENTITY_FIXED', `changes.${member}`);
    given(...met)
      .when(amending(3, { changes: { [member]: meeting.data[member as 'trial'], mode: 'telephone' } }))
      .then(byTelephone);
  });
  it('says the scope of a withdrawal: another one is another withdrawal', () =>
    given(referred, withdrawn('follow_up'))
      .when(amending(1, { changes: { scope: 'intervention' } }))
      .thenRefused('RECORD_IDENTITY_FIXED', 'changes.scope'));
  it('says the contact, whose id is used by none of its versions but itself', () => {
    given(...met, byTelephone)
      .when(amending(4, { changes: { mode: 'video' } }))
      .then(amended(4, holding(meeting, { mode: 'video' })));
    given(...met, byTelephone)
      .when({ ...meet, mode: 'telephone' })
      .then();
    given(...met, byTelephone)
      .when(meet)
      .thenRefused('CONTACT_ID_REUSED', 'contact');
  });
});

describe('what is amended keeps the rules of what is recorded', () => {
  interface Fault {
    readonly changes?: Readonly<Record<string, unknown>>;
    readonly occurredAt?: number;
    readonly code: string;
    readonly field: string;
  }
  it.each<Fault>([
    { changes: { mode: 'by post' }, code: 'INVALID_INPUT', field: 'changes.mode' },
    { changes: { mode: null }, code: 'INVALID_INPUT', field: 'changes.mode' },
    { changes: { minutes: 1_441 }, code: 'INVALID_INPUT', field: 'changes.minutes' },
    { changes: { activities: ['walk', 7] }, code: 'INVALID_INPUT', field: 'changes.activities.1' },
    { changes: { minuets: 30 }, code: 'INVALID_INPUT', field: 'changes.minuets' },
    { changes: { type: 'WardContactRecorded' }, code: 'INVALID_INPUT', field: 'changes.type' },
    { changes: { constructor: 'x' }, code: 'INVALID_INPUT', field: 'changes.constructor' },
    { changes: { worker: 'W9' }, code: 'WORKER_UNKNOWN', field: 'changes.worker' },
    { changes: { enteredAt: '2019-01-01T00:00:00Z' }, code: 'OCCURRED_IN_FUTURE', field: 'changes.enteredAt' },
    { occurredAt: future, code: 'OCCURRED_IN_FUTURE', field: 'occurredAt' },
  ])('$changes $occurredAt: $code', ({ code, field, ...change }) =>
    given(...met)
      .when(amending(3, change))
      .thenRefused(code, field),
  );
  it('by what else stands: the participant, and a worker of theirs', () => {
    const change = { changes: { mode: 'telephone' } };
    given(...met, voided(0))
      .when(amending(3, change))
      .thenRefused('PARTICIPANT_UNKNOWN', 'event');
    given(...met, voided(2))
      .when(amending(3, change))
      .thenRefused('NOT_ALLOCATED', 'event');
  });
  it('and says nothing that another record says already', () => {
    const earlier = { ...discharged, occurredAt: discharged.occurredAt - 1 };
    given(referred, earlier, discharged)
      .when(amending(2, { occurredAt: earlier.occurredAt }))
      .thenRefused('RECORD_EXISTS', 'event');
    given(referred, earlier, discharged, voided(1))
      .when(amending(2, { occurredAt: earlier.occurredAt }))
      .then(amended(2, holding(earlier)));
  });
});

describe('what rests on an amended record', () => {
  it('rests on the version that stands', () => {
    const other = { ...randomised.data, arm: 'care_as_usual' };
    const toTheOther = amended(1, holding(randomised, other));
    given(referred, randomised, toTheOther)
      .when({ type: 'recordRandomisation', ...other, occurredAt: randomised.occurredAt })
      .then();
    given(referred, randomised, toTheOther)
      .when({ type: 'recordRandomisation', ...randomised.data, occurredAt: randomised.occurredAt })
      .thenRefused('ALREADY_RANDOMISED', 'participant');
  });
  it('says again what stands, not what stood', () => {
    const later = { ...discharged, occurredAt: discharged.occurredAt + 1 };
    const moved = amended(1, holding(later));
    given(referred, discharged, moved)
      .when({ ...discharge, occurredAt: later.occurredAt })
      .then();
    given(referred, discharged, moved).when(discharge).then(discharged);
  });
});

describe('withdrawn from any use of the data', () => {
  const past = [...met, withdrawn('data_use', 'asked us to')];
  it('what is on record may be struck or shortened, and nothing new be said', () => {
    given(...past)
      .when(amending(3, { changes: { mode: 'telephone' } }))
      .thenRefused('DATA_USE_WITHDRAWN', 'event');
    given(...past)
      .when(amending(3, { changes: { activities: null, enteredAt: null }, occurredAt: meeting.occurredAt + 1 }))
      .thenRefused('DATA_USE_WITHDRAWN', 'event');
    const { activities: _, ...rest } = meeting.data;
    given(...past)
      .when(amending(3, { changes: { activities: null, mode: 'face_to_face' } }))
      .then(amended(3, { ...holding(meeting), data: rest }));
    given(...past)
      .when(voiding(3))
      .then(voided(3));
  });
  it('the withdrawal itself can be mended', () =>
    given(...past)
      .when(amending(4, { changes: { reason: 'asked by letter' } }))
      .then(amended(4, holding(withdrawn('data_use', 'asked by letter')))));
});

describe('a record of a site', () => {
  const { given: givenSite } = specFor(siteRecordDecider, world);
  const assessed: Extract<SiteRecordEvent, { type: 'FidelityAssessed' }> = {
    type: 'FidelityAssessed',
    occurredAt: 0,
    data: { trial: 'enrich', site: 'S1', instrument: 'index', rater: 'R1', total: 9 },
  };
  const event = (record: object): SiteRecordEvent =>
    ({
      type: 'SiteRecordAmended',
      occurredAt: world.now,
      data: { trial: 'enrich', site: 'S1', event: givenEventId(0), reason: 'typed wrongly', record },
    }) as SiteRecordEvent;
  const when = (past: readonly SiteRecordEvent[], changed: Partial<AmendRecord>) =>
    givenSite(...past).when(amending(0, changed), knowing(past));

  it('is amended by the same rules', () => {
    when([assessed], { changes: { total: 10 } }).then(event(holding(assessed, { total: 10 })));
    when([assessed], { changes: { total: 13 } }).thenRefused('FIDELITY_OUT_OF_RANGE', 'changes.total');
    when([assessed], { changes: { total: null } }).thenRefused('FIDELITY_EMPTY', 'changes.total');
    when([assessed, event(holding(assessed, { total: 10 }))], { changes: { total: 11 } }).thenRefused(
      'EVENT_SUPERSEDED',
      'event',
    );
  });
  it.each([{ changes: { rater: 'R2' } }, { changes: { site: 'S2' } }, { occurredAt: 60_000 }])(
    'stays that of its stream: %j',
    (changed) => {
      const field = 'changes' in changed ? `changes.${Object.keys(changed.changes!)[0]}` : 'occurredAt';
      when([assessed], changed).thenRefused('RECORD_IDENTITY_FIXED', field);
    },
  );
  it('can have happened at another time where that does not name it', () => {
    const held: Extract<SiteRecordEvent, { type: 'SupervisionHeld' }> = {
      type: 'SupervisionHeld',
      occurredAt: 0,
      data: { trial: 'enrich', site: 'S1', supervision: 'G1', kind: 'group', attendees: ['W1'] },
    };
    when([held], { occurredAt: 60_000, changes: { attendees: ['W1', 'W2'] } }).then(
      event({ ...holding(held, { attendees: ['W1', 'W2'] }), occurredAt: '1970-01-01T00:01:00.000Z' }),
    );
    when([held], { changes: { attendees: ['W9'] } }).thenRefused('WORKER_UNKNOWN', 'changes.attendees');
  });
});

describe('a day of training', () => {
  const { given: givenTraining } = specFor(trainingDecider, world);
  const attended: TrainingEvent & DomainEvent<'TrainingAttended'> = {
    type: 'TrainingAttended',
    occurredAt: 0,
    data: { trial: 'enrich', worker: 'W1', attendedOn: '1970-01-01', days: 1 },
  };
  const when = (changed: Partial<AmendRecord>) =>
    givenTraining(attended).when(amending(0, changed), knowing([attended]));

  it('is amended but for the day and the worker', () => {
    when({ changes: { days: 0.5 } }).then({
      type: 'TrainingAmended',
      occurredAt: world.now,
      data: {
        trial: 'enrich',
        worker: 'W1',
        event: givenEventId(0),
        reason: 'typed wrongly',
        record: { ...holding(attended, { days: 0.5 }) } as never,
      },
    });
    when({ changes: { attendedOn: '1970-01-02' } }).thenRefused('RECORD_IDENTITY_FIXED', 'changes.attendedOn');
    when({ changes: { worker: 'W2' } }).thenRefused('RECORD_IDENTITY_FIXED', 'changes.worker');
    when({ occurredAt: 1 }).thenRefused('RECORD_IDENTITY_FIXED', 'occurredAt');
    when({ changes: { days: 32 } }).thenRefused('INVALID_INPUT', 'changes.days');
  });
});
