import type { Decider, Decision } from '@cairn/event-sourcing';
import type { Correction, RecordTraining } from './commands.js';
import { type Amendable, decideAmendment } from './decide-amendment.js';
import { training, type TrainingEvent } from './events.js';
import { decideRecord, decideVoid, type Rule as RecordRule } from './record-book.js';
import { refused } from './refusals.js';
import type { DeliveryWorld } from './roster.js';
import { workerIsKnown } from './rules.js';
import { evolve, noTraining, type TrainingDay, type TrainingFact } from './training.js';

type Rule<Command = unknown> = RecordRule<Command, TrainingFact, DeliveryWorld>;

const dayIsNew: Rule = (_, day) => (day.isEmpty ? undefined : refused('TRAINING_EXISTS', 'attendedOn'));

/** The day is what was given; the time is only reckoned from it. */
const dayHasBegun: Rule<RecordTraining> = ({ occurredAt }, _, { now }) =>
  occurredAt > now ? refused('OCCURRED_IN_FUTURE', 'attendedOn') : undefined;

const rules: readonly Rule<RecordTraining>[] = [workerIsKnown, dayHasBegun, dayIsNew];

const amendable: Amendable<TrainingFact> = {
  command: 'recordTraining',
  content: training,
  // The time is reckoned from the day.
  identity: ['trial', 'worker', 'attendedOn', 'occurredAt'],
  rules,
};

function decide(command: RecordTraining | Correction, day: TrainingDay, world: DeliveryWorld): Decision<TrainingEvent> {
  if (command.type === 'voidRecord') {
    return decideVoid(command, day, ({ data }) => ({
      type: 'TrainingVoided',
      occurredAt: world.now,
      data: { trial: data.trial, worker: data.worker, event: command.event, reason: command.reason },
    }));
  }
  if (command.type === 'amendRecord') {
    return decideAmendment(
      command,
      day,
      world,
      () => amendable,
      ({ data }, record) => ({
        type: 'TrainingAmended',
        occurredAt: world.now,
        data: { trial: data.trial, worker: data.worker, event: command.event, reason: command.reason, record },
      }),
    );
  }
  const { type: _, occurredAt, ...data } = command;
  return decideRecord(command, { type: 'TrainingAttended', occurredAt, data }, day, world, rules);
}

/** What may be recorded of a worker's training on one day. */
export const trainingDecider: Decider<RecordTraining | Correction, TrainingEvent, TrainingDay, DeliveryWorld> = {
  initial: noTraining,
  decide,
  evolve,
};
