import type { Decider, Decision } from '@cairn/event-sourcing';
import type { z } from 'zod';
import type { Correction, SiteRecordCommand } from './commands.js';
import { type Amendable, decideAmendment } from './decide-amendment.js';
import { fidelityAssessment, type SiteRecordEvent, supervision, teamPreparation } from './events.js';
import { decideRecord, decideVoid, type Rule as RecordRule } from './record-book.js';
import { type DeliveryRefusalCode, refused } from './refusals.js';
import type { DeliveryWorld } from './roster.js';
import { hasHappened, siteIsKnown } from './rules.js';
import { evolve, noRecord, type SiteRecord, type SiteRecordFact } from './site-record.js';

type Rule<Command = unknown> = RecordRule<Command, SiteRecordFact, DeliveryWorld>;
type CommandOf<Type extends SiteRecordCommand['type']> = Extract<SiteRecordCommand, { type: Type }>;
type Supervision = CommandOf<'recordSupervision'>;
type Assessment = CommandOf<'recordFidelityAssessment'>;

/** Each record has a stream of its own, so whatever stands in it has the same identity and other content. */
const isNew =
  (code: DeliveryRefusalCode, field: string): Rule =>
  (_, record) =>
    record.isEmpty ? undefined : refused(code, field);

const facilitatorIsKnown: Rule<Supervision> = ({ facilitator }, _, { roster }) =>
  facilitator === undefined || roster.hasWorker(facilitator) ? undefined : refused('WORKER_UNKNOWN', 'facilitator');

const attendeesAreKnown: Rule<Supervision> = ({ attendees }, _, { roster }) =>
  attendees.every((worker) => roster.hasWorker(worker)) ? undefined : refused('WORKER_UNKNOWN', 'attendees');

const instrumentIsKnown: Rule<Assessment> = ({ instrument }, _, { roster }) =>
  roster.fidelityRange(instrument) ? undefined : refused('INSTRUMENT_UNKNOWN', 'instrument');

const somethingIsRated: Rule<Assessment> = ({ total, items = [] }) =>
  total === undefined && items.length === 0 ? refused('FIDELITY_EMPTY', 'total') : undefined;

const totalIsInRange: Rule<Assessment> = ({ instrument, total }, _, { roster }) => {
  const range = roster.fidelityRange(instrument);
  if (total === undefined || !range) return undefined;
  return total < range.minimum || total > range.maximum ? refused('FIDELITY_OUT_OF_RANGE', 'total') : undefined;
};

const itemsAreRatedOnce: Rule<Assessment> = ({ items = [] }) =>
  new Set(items.map(({ item }) => item)).size < items.length ? refused('ITEM_RATED_TWICE', 'items') : undefined;

/** For each command the event it leads to and the rules it must keep, in the order in which they are looked at. */
const records: {
  readonly [Type in SiteRecordCommand['type']]: {
    readonly event: SiteRecordFact['type'];
    readonly content: z.ZodObject;
    /** What the name of its stream is made of. */
    readonly identity: readonly string[];
    readonly rules: readonly Rule<CommandOf<Type>>[];
  };
} = {
  recordSupervision: {
    event: 'SupervisionHeld',
    content: supervision,
    identity: ['trial', 'site', 'supervision'],
    rules: [
      siteIsKnown,
      hasHappened,
      facilitatorIsKnown,
      attendeesAreKnown,
      isNew('SUPERVISION_ID_REUSED', 'supervision'),
    ],
  },
  recordTeamPreparation: {
    event: 'TeamPreparationHeld',
    content: teamPreparation,
    identity: ['trial', 'site', 'session'],
    rules: [siteIsKnown, hasHappened, isNew('SESSION_ID_REUSED', 'session')],
  },
  recordFidelityAssessment: {
    event: 'FidelityAssessed',
    content: fidelityAssessment,
    identity: ['trial', 'site', 'instrument', 'rater', 'occurredAt'],
    rules: [
      siteIsKnown,
      hasHappened,
      instrumentIsKnown,
      somethingIsRated,
      totalIsInRange,
      itemsAreRatedOnce,
      isNew('ASSESSMENT_EXISTS', 'occurredAt'),
    ],
  },
};

const commandFor = new Map(Object.entries(records).map(([command, { event }]) => [event, command]));

function amendable(type: SiteRecordFact['type']): Amendable<SiteRecordFact> {
  const command = commandFor.get(type) as SiteRecordCommand['type'];
  const { content, identity, rules } = records[command];
  return { command, content, identity, rules };
}

function decide(
  command: SiteRecordCommand | Correction,
  record: SiteRecord,
  world: DeliveryWorld,
): Decision<SiteRecordEvent> {
  if (command.type === 'voidRecord') {
    return decideVoid(command, record, ({ data }) => ({
      type: 'SiteRecordVoided',
      occurredAt: world.now,
      data: { trial: data.trial, site: data.site, event: command.event, reason: command.reason },
    }));
  }
  if (command.type === 'amendRecord') {
    return decideAmendment(command, record, world, amendable, ({ data }, version) => ({
      type: 'SiteRecordAmended',
      occurredAt: world.now,
      data: { trial: data.trial, site: data.site, event: command.event, reason: command.reason, record: version },
    }));
  }
  const { event: eventType, rules } = records[command.type];
  const { type: _, occurredAt, ...data } = command;
  // A command's shape is its event's shape (commands.ts), which the compiler cannot follow through the table.
  const event = { type: eventType, occurredAt, data } as SiteRecordFact;
  return decideRecord(command, event, record, world, rules as readonly Rule<SiteRecordCommand>[]);
}

/** What may be recorded of what is done at a site: supervision, team preparation, assessments of fidelity. */
export const siteRecordDecider: Decider<SiteRecordCommand | Correction, SiteRecordEvent, SiteRecord, DeliveryWorld> = {
  initial: noRecord,
  decide,
  evolve,
};
