import { parseInstant } from '@cairn/event-sourcing';
import { givenEventId, specFor } from '@cairn/event-sourcing/spec';
import { trainingDecider } from './decide-training.js';
import type { TrainingEvent } from './events.js';
import { world } from './spec-world.js';

const { given } = specFor(trainingDecider, world);
const whose = { trial: 'enrich', worker: 'W1' };
const occurredAt = parseInstant('2016-12-10T00:00:00Z')!;

const record = { type: 'recordTraining', ...whose, attendedOn: '2016-12-10', days: 1, occurredAt } as const;
const attended: TrainingEvent = {
  type: 'TrainingAttended',
  occurredAt,
  data: { ...whose, attendedOn: '2016-12-10', days: 1 },
};
const voided: TrainingEvent = {
  type: 'TrainingVoided',
  occurredAt: world.now,
  data: { ...whose, event: givenEventId(0), reason: 'was ill' },
};
const voiding = (index: number, reason = 'was ill') =>
  ({ type: 'voidRecord', trial: whose.trial, event: givenEventId(index), reason }) as const;

describe('training', () => {
  it('is recorded', () => given().when(record).then(attended));
  it('given again changes nothing', () => given(attended).when(record).then());
  it('of another length on the same day is refused', () =>
    given(attended)
      .when({ ...record, days: 0.5 })
      .thenRefused('TRAINING_EXISTS', 'attendedOn'));
  it('may be recorded anew once it was voided', () =>
    given(attended, voided)
      .when({ ...record, days: 0.5 })
      .then({ ...attended, data: { ...attended.data, days: 0.5 } }));
  it('of an unknown worker is refused', () =>
    given()
      .when({ ...record, worker: 'W9' })
      .thenRefused('WORKER_UNKNOWN', 'worker'));
  it('in the future is refused', () =>
    given()
      .when({ ...record, occurredAt: world.now + 1 })
      .thenRefused('OCCURRED_IN_FUTURE', 'attendedOn'));
});

describe('void', () => {
  it('strikes the day', () => given(attended).when(voiding(0)).then(voided));
  it('given again for the same reason changes nothing', () => given(attended, voided).when(voiding(0)).then());
  it('for another reason is refused', () =>
    given(attended, voided).when(voiding(0, 'typed twice')).thenRefused('EVENT_ALREADY_VOIDED', 'event'));
  it('of an unknown event is refused', () => given().when(voiding(0)).thenRefused('EVENT_UNKNOWN', 'event'));
  it('of a void is refused', () => given(attended, voided).when(voiding(1)).thenRefused('EVENT_NOT_VOIDABLE', 'event'));
});
