import { specFor } from '@cairn/event-sourcing/spec';
import type { ParticipantCommand } from './commands.js';
import { participantDecider } from './decide-participant.js';
import {
  allocate,
  allocated,
  discharge,
  discharged,
  followedUp,
  followUp,
  future,
  known,
  meet,
  meeting,
  randomise,
  randomised,
  readmit,
  readmitted,
  refer,
  referred,
  visit,
  voided,
  voiding,
  who,
  withdraw,
  withdrawn,
} from './spec-participant.js';
import { world } from './spec-world.js';

const { given } = specFor(participantDecider, world);

describe('referral', () => {
  it('makes the participant known', () => given().when(refer).then(referred));
  it('given again changes nothing', () => given(referred).when(refer).then());
  it('to another site is refused', () =>
    given(referred)
      .when({ ...refer, site: 'S2' })
      .thenRefused('PARTICIPANT_ALREADY_REFERRED', 'participant'));
  it('at another time is refused', () =>
    given(referred)
      .when({ ...refer, occurredAt: refer.occurredAt - 1 })
      .thenRefused('PARTICIPANT_ALREADY_REFERRED', 'participant'));
  it('to an unknown site is refused', () =>
    given()
      .when({ ...refer, site: 'S9' })
      .thenRefused('SITE_UNKNOWN', 'site'));
  it('may be given anew once it was voided', () => {
    given(referred, voided(0))
      .when({ ...refer, site: 'S2' })
      .then({ ...referred, data: { ...who, site: 'S2' } });
    given(referred, voided(0)).when(refer).then(referred);
  });
});

describe('randomisation', () => {
  it('names arm and stratum', () => given(referred).when(randomise).then(randomised));
  it('does without a stratum', () => {
    const { stratum: _, ...unstratified } = randomise;
    given(referred)
      .when(unstratified)
      .then({ ...randomised, data: { ...who, arm: 'peer_support' } });
  });
  it('given again changes nothing', () => given(referred, randomised).when(randomise).then());
  it.each([{ arm: 'care_as_usual' }, { stratum: 'personality' }, { occurredAt: randomised.occurredAt + 1 }])(
    'with %j is refused when one stands',
    (other) =>
      given(referred, randomised)
        .when({ ...randomise, ...other })
        .thenRefused('ALREADY_RANDOMISED', 'participant'),
  );
  it('to an unknown arm is refused', () =>
    given(referred)
      .when({ ...randomise, arm: 'placebo' })
      .thenRefused('ARM_UNKNOWN', 'arm'));
  it('in an unknown stratum is refused', () =>
    given(referred)
      .when({ ...randomise, stratum: 'other' })
      .thenRefused('STRATUM_UNKNOWN', 'stratum'));
  it('may be recorded anew once it was voided', () =>
    given(referred, randomised, voided(1))
      .when({ ...randomise, arm: 'care_as_usual' })
      .then({ ...randomised, data: { ...randomised.data, arm: 'care_as_usual' } }));
});

describe('allocation', () => {
  it('gives a worker', () => given(referred).when(allocate).then(allocated));
  it('given again changes nothing', () =>
    given(...known)
      .when(allocate)
      .then());
  it('of another worker follows the first', () =>
    given(...known)
      .when({ ...allocate, worker: 'W2' })
      .then({ ...allocated, data: { ...who, worker: 'W2' } }));
  it('of an unknown worker is refused', () =>
    given(referred)
      .when({ ...allocate, worker: 'W9' })
      .thenRefused('WORKER_UNKNOWN', 'worker'));
  it('of a worker to somebody of the other arm is odd, and recorded', () =>
    given(referred, { ...randomised, data: { ...who, arm: 'care_as_usual' } })
      .when(allocate)
      .then(allocated));
});

describe.each([
  { name: 'ward contact', record: visit, event: { ...meeting, type: 'WardContactRecorded' as const } },
  { name: 'community meeting', record: meet, event: meeting },
])('$name', ({ record, event }) => {
  it('is recorded with all that is said of it', () =>
    given(...known)
      .when(record)
      .then(event));
  it('given again changes nothing', () =>
    given(...known, event)
      .when(record)
      .then());
  it('is the same when its times are spelled otherwise and its lists turned round', () =>
    given(...known, event)
      .when({ ...record, enteredAt: '2017-04-03T10:00:00Z', activities: ['café', 'walk'] })
      .then());
  it.each([
    { worker: 'W2' },
    { mode: 'telephone' as const },
    { outcome: 'on_leave' as const },
    { minutes: 3 },
    { note: 'x' },
    { activities: [] },
    { enteredAt: '2017-04-03T10:00:01Z' },
    { occurredAt: meeting.occurredAt + 1 },
  ])('under a used id with %j is refused', (other) =>
    given(...known, event)
      .when({ ...record, ...other })
      .thenRefused('CONTACT_ID_REUSED', 'contact'),
  );
  it('cannot have the id of a contact in the other setting', () =>
    given(...known, event)
      .when(record.type === 'recordWardContact' ? meet : visit)
      .thenRefused('CONTACT_ID_REUSED', 'contact'));
  it('cannot have the id of a voided contact: a new one has a new id', () => {
    given(...known, event, voided(3))
      .when(record)
      .thenRefused('CONTACT_ID_REUSED', 'contact');
    given(...known, event, voided(3))
      .when({ ...record, contact: 'C2' })
      .then({ ...event, data: { ...event.data, contact: 'C2' } });
  });
  it('with an unknown worker is refused', () =>
    given(...known)
      .when({ ...record, worker: 'W9' })
      .thenRefused('WORKER_UNKNOWN', 'worker'));
  it('with another worker than the allocated one is odd, and recorded', () =>
    given(...known)
      .when({ ...record, worker: 'W2' })
      .then({ ...event, data: { ...event.data, worker: 'W2' } }));
  it('of somebody never allocated a worker is refused', () =>
    given(referred, randomised).when(record).thenRefused('NOT_ALLOCATED', 'participant'));
  it('of somebody whose only allocation was voided is refused', () =>
    given(...known, voided(2))
      .when(record)
      .thenRefused('NOT_ALLOCATED', 'participant'));
  it('before referral and allocation is odd, and recorded', () =>
    given(...known)
      .when({ ...record, occurredAt: referred.occurredAt - 1 })
      .then({ ...event, occurredAt: referred.occurredAt - 1 }));
  it('typed in at a time still to come is refused', () =>
    given(...known)
      .when({ ...record, enteredAt: '2030-01-01T00:00:00Z' })
      .thenRefused('OCCURRED_IN_FUTURE', 'enteredAt'));
});

describe('discharge', () => {
  it('is recorded', () => given(referred).when(discharge).then(discharged));
  it('given again changes nothing', () => given(referred, discharged).when(discharge).then());
  it('at another time is a further one: the earliest that stands is the index discharge', () =>
    given(referred, discharged)
      .when({ ...discharge, occurredAt: discharged.occurredAt - 5 })
      .then({ ...discharged, occurredAt: discharged.occurredAt - 5 }));
  it('may be recorded anew once it was voided', () =>
    given(referred, discharged, voided(1)).when(discharge).then(discharged));
});

describe('readmission', () => {
  it('holds its own discharge', () => given(referred).when(readmit).then(readmitted));
  it('may be going on', () => {
    const { dischargedAt: _, ...ongoing } = readmit;
    given(referred)
      .when(ongoing)
      .then({ ...readmitted, data: who });
  });
  it('given again changes nothing', () =>
    given(referred, readmitted)
      .when({ ...readmit, dischargedAt: '2017-06-09T10:00:00+01:00' })
      .then());
  it('with another discharge is a further record', () =>
    given(referred, readmitted)
      .when({ ...readmit, dischargedAt: '2017-06-10T09:00:00Z' })
      .then({ ...readmitted, data: { ...who, dischargedAt: '2017-06-10T09:00:00Z' } }));
  it('that ends before it begins is refused', () =>
    given(referred)
      .when({ ...readmit, dischargedAt: '2017-06-01T08:59:59.999Z' })
      .thenRefused('DISCHARGED_BEFORE_ADMISSION', 'dischargedAt'));
  it('that ends as it begins is recorded', () =>
    given(referred)
      .when({ ...readmit, dischargedAt: '2017-06-01T09:00:00Z' })
      .then({ ...readmitted, data: { ...who, dischargedAt: '2017-06-01T09:00:00Z' } }));
  it('whose discharge is still to come is refused', () =>
    given(referred)
      .when({ ...readmit, dischargedAt: '2030-01-01T00:00:00Z' })
      .thenRefused('OCCURRED_IN_FUTURE', 'dischargedAt'));
});

describe('follow-up', () => {
  it('is recorded', () => given(referred).when(followUp).then(followedUp));
  it('given again changes nothing', () => given(referred, followedUp).when(followUp).then());
  it('at another time is a further one', () =>
    given(referred, followedUp)
      .when({ ...followUp, occurredAt: followUp.occurredAt + 5 })
      .then({ ...followedUp, occurredAt: followUp.occurredAt + 5 }));
});

describe('withdrawal', () => {
  it.each(['intervention', 'follow_up', 'data_use'] as const)('from %s is recorded', (scope) =>
    given(referred)
      .when({ ...withdraw, scope, reason: 'moved away' })
      .then(withdrawn(scope, 'moved away')),
  );
  it('given again changes nothing, that from data use too', () => {
    given(referred, withdrawn('intervention')).when(withdraw).then();
    given(referred, withdrawn('data_use'))
      .when({ ...withdraw, scope: 'data_use' })
      .then();
  });
  it.each(['intervention', 'follow_up'] as const)('from %s does not end recording', (scope) =>
    given(...known, withdrawn(scope))
      .when(meet)
      .then(meeting),
  );
  it.each<{ command: ParticipantCommand }>(
    [randomise, { ...allocate, worker: 'W2' }, visit, meet, discharge, readmit, followUp, withdraw].map((command) => ({
      command,
    })),
  )('from data use refuses $command.type', ({ command }) =>
    given(referred, allocated, withdrawn('data_use')).when(command).thenRefused('DATA_USE_WITHDRAWN', 'participant'),
  );
  it('from data use refuses what happened before it as well: nothing more may be recorded', () =>
    given(...known, withdrawn('data_use'))
      .when({ ...discharge, occurredAt: withdraw.occurredAt - 1 })
      .thenRefused('DATA_USE_WITHDRAWN', 'participant'));
  it('from data use refuses to refer anew', () =>
    given(referred, withdrawn('data_use'), voided(0)).when(refer).thenRefused('DATA_USE_WITHDRAWN', 'participant'));
  it('from data use lets what is recorded be repeated and voided', () => {
    given(...known, meeting, withdrawn('data_use'))
      .when(meet)
      .then();
    given(...known, meeting, withdrawn('data_use'))
      .when(voiding(3))
      .then(voided(3));
  });
  it('from data use entered in error is voided, and recording goes on', () => {
    given(...known, withdrawn('data_use'))
      .when(voiding(3))
      .then(voided(3));
    given(...known, withdrawn('data_use'), voided(3))
      .when(meet)
      .then(meeting);
  });
});

describe('every record', () => {
  it.each<{ command: ParticipantCommand }>(
    [randomise, allocate, visit, meet, discharge, readmit, followUp, withdraw].map((command) => ({ command })),
  )('$command.type of an unknown participant is refused', ({ command }) =>
    given().when(command).thenRefused('PARTICIPANT_UNKNOWN', 'participant'),
  );
  it.each(
    [randomise, allocate, visit, meet, discharge, { ...readmit, dischargedAt: undefined }, followUp, withdraw].map(
      (command) => ({ command }),
    ),
  )('$command.type in the future is refused', ({ command }) =>
    given(referred, allocated)
      .when({ ...command, occurredAt: future })
      .thenRefused('OCCURRED_IN_FUTURE', 'occurredAt'),
  );
  it('a referral in the future is refused', () =>
    given()
      .when({ ...refer, occurredAt: future })
      .thenRefused('OCCURRED_IN_FUTURE', 'occurredAt'));
  it('at this very moment is taken', () =>
    given(referred)
      .when({ ...discharge, occurredAt: world.now })
      .then({ ...discharged, occurredAt: world.now }));
});
