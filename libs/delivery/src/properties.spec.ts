import {
  type Decider,
  type DomainEvent,
  EventCatalogue,
  eventId,
  type Fact,
  type Identified,
  parseInstant,
  type RecordedEvent,
  uuidV5,
} from '@cairn/event-sourcing';
import fc from 'fast-check';
import {
  AmendRecord,
  type Correction,
  DeliveryRecordCommand,
  type ParticipantCommand,
  type ParticipantRecordCommand,
  type RecordTraining,
  type SiteRecordCommand,
  type VoidRecord,
} from './commands.js';
import { contentOf } from './content.js';
import { participantDecider } from './decide-participant.js';
import { siteRecordDecider } from './decide-site-record.js';
import { trainingDecider } from './decide-training.js';
import { type DeliveryEvent, deliveryEventTypes, type ParticipantEvent } from './events.js';
import type { RecordBook } from './record-book.js';
import type { DeliveryWorld } from './roster.js';
import { world } from './spec-world.js';
import { type DeliveryFact, versionIn } from './versions.js';

const catalogue = new EventCatalogue(deliveryEventTypes);
const trial = 'enrich';

/** A void of the n-th event of the stream so far, counted round. */
interface VoidNth {
  readonly void: number;
  readonly reason: string;
}

/** An amendment of the n-th event of the stream so far, counted round. */
interface AmendNth {
  readonly amend: number;
  readonly reason: string;
  readonly occurredAt: number | undefined;
  readonly changes: Readonly<Record<string, unknown>>;
}

// Few values of each kind, so that sequences often repeat and contradict themselves.
const time = fc.integer({ min: 0, max: 3 }).map((day) => parseInstant('2017-12-30T12:00:00Z')! + day * 86_400_000);
const written = fc.constantFrom('2017-12-30T13:00:00+01:00', '2017-12-30T12:00:00Z', '2017-12-31T12:00:00Z');
const text = fc.constantFrom('', 'plain', 'with\nlines and ünïcödé 🙂');
const voidNth = fc.record({ void: fc.nat(20), reason: fc.constantFrom('typed twice', 'wrong person') });
const amendNth = fc.record({
  amend: fc.nat(20),
  reason: fc.constantFrom('typed twice', 'wrong person'),
  occurredAt: fc.option(time, { nil: undefined }),
  changes: fc.dictionary(
    fc.constantFrom(
      'mode',
      'outcome',
      'worker',
      'arm',
      'site',
      'minutes',
      'note',
      'reason',
      'days',
      'total',
      'nothing',
    ),
    fc.constantFrom<unknown>('text', 'attended', 'W2', 'S2', 'care_as_usual', 30, 0.5, 12, null),
    { maxKeys: 2 },
  ),
});
const optional = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: undefined });

const who = { trial: fc.constant(trial), participant: fc.constant('S1-0001'), occurredAt: time };
const contact = {
  ...who,
  worker: fc.constantFrom('W1', 'W2', 'W9'),
  contact: fc.constantFrom('C1', 'C2', 'C3'),
  mode: fc.constantFrom('face_to_face' as const, 'text' as const),
  outcome: fc.constantFrom('attended' as const, 'on_leave' as const),
  minutes: optional(fc.constantFrom(0, 30)),
  activities: optional(fc.subarray(['walk', 'café'])),
  note: optional(text),
  enteredAt: optional(written),
};
const participantCommand: fc.Arbitrary<ParticipantRecordCommand> = fc.oneof(
  fc.record({ type: fc.constant('referParticipant' as const), ...who, site: fc.constantFrom('S1', 'S2', 'S9') }),
  fc.record({
    type: fc.constant('recordRandomisation' as const),
    ...who,
    arm: fc.constantFrom('peer_support', 'care_as_usual', 'placebo'),
    stratum: optional(fc.constantFrom('psychotic', 'other')),
  }),
  fc.record({ type: fc.constant('allocateWorker' as const), ...who, worker: fc.constantFrom('W1', 'W2', 'W9') }),
  fc.record({ type: fc.constant('recordWardContact' as const), ...contact }),
  fc.record({ type: fc.constant('recordCommunityMeeting' as const), ...contact }),
  fc.record({ type: fc.constant('recordDischarge' as const), ...who }),
  fc.record({ type: fc.constant('recordReadmission' as const), ...who, dischargedAt: optional(written) }),
  fc.record({ type: fc.constant('recordFollowUp' as const), ...who }),
  fc.record({
    type: fc.constant('withdrawParticipant' as const),
    ...who,
    scope: fc.constantFrom('intervention' as const, 'follow_up' as const, 'data_use' as const),
    reason: optional(text),
  }),
);

const where = { trial: fc.constant(trial), site: fc.constantFrom('S1', 'S9'), occurredAt: time };
const siteRecords: Readonly<Record<SiteRecordCommand['type'], fc.Arbitrary<SiteRecordCommand>>> = {
  recordSupervision: fc.record({
    type: fc.constant('recordSupervision' as const),
    ...where,
    supervision: fc.constant('G1'),
    kind: fc.constantFrom('group' as const, 'action_learning_set' as const),
    facilitator: optional(fc.constantFrom('W1', 'W9')),
    attendees: fc.subarray(['W1', 'W2']),
    minutes: optional(fc.constantFrom(0, 90)),
  }),
  recordTeamPreparation: fc.record({
    type: fc.constant('recordTeamPreparation' as const),
    ...where,
    session: fc.constant('P1'),
    ward: fc.constantFrom('ward 4', 'ward 5'),
    staffAttending: optional(fc.constantFrom(0, 6)),
  }),
  recordFidelityAssessment: fc.record({
    type: fc.constant('recordFidelityAssessment' as const),
    ...where,
    instrument: fc.constantFrom('index', 'other'),
    rater: fc.constant('R1'),
    total: optional(fc.constantFrom(2, 3, 10.4, 12, 13)),
    items: optional(
      fc.array(fc.record({ item: fc.constantFrom('a', 'b'), value: fc.double({ min: 0, max: 3, noNaN: true }) })),
    ),
  }),
};

const training: fc.Arbitrary<RecordTraining> = fc.record({
  type: fc.constant('recordTraining' as const),
  trial: fc.constant(trial),
  worker: fc.constantFrom('W1', 'W9'),
  attendedOn: fc.constant('2017-12-30'),
  days: fc.constantFrom(0.5, 1),
  occurredAt: time,
});

const commandId = (index: number): string => uuidV5(`command ${index}`);

function recorded<E extends DomainEvent>(event: E, id: string): RecordedEvent {
  const envelope = { tenant: 't', stream: 's', revision: 0, position: 1n, recordedAt: 0, actor: 'a', metadata: {} };
  return { ...catalogue.encode(event), ...envelope, id, commandId: id, correlationId: id, causationId: id };
}

/** What must hold after every command of any sequence. */
function checkSequence<Command extends DeliveryRecordCommand, E extends DeliveryEvent, F extends DomainEvent>(
  decider: Decider<Command | Correction, E, RecordBook<F>, DeliveryWorld>,
  sequence: readonly (Command | VoidNth | AmendNth)[],
): void {
  const log: { readonly id: string; readonly event: E }[] = [];
  let state = decider.initial;
  for (const [index, step] of sequence.entries()) {
    const nth = (n: number): string => log[n % Math.max(log.length, 1)]?.id ?? eventId(commandId(index), 0);
    const command = commandOf(step, nth);
    if ('type' in step) expect(DeliveryRecordCommand.parse(step)).toEqual(step);
    if (command.type === 'amendRecord') expect(AmendRecord.parse(command)).toEqual(command);
    const around = { ...world, versions: versionsOf(log) };
    const decision = decider.decide(command, state, around);
    if (decision.kind === 'refused') {
      expectReason(command, decision.refusal.code, log);
      continue;
    }
    for (const [ordinal, event] of decision.events.entries()) {
      const id = eventId(commandId(index), ordinal);
      log.push({ id, event });
      state = decider.evolve(state, { ...event, id } as unknown as Identified<E>);
    }
    // Under another command id the same says nothing new.
    expect(decider.decide(command, state, around)).toEqual({ kind: 'accepted', events: [] });
  }
  expectWhatStands(state, log);
  const facts = log.map(({ id, event }) => catalogue.decode(recorded(event, id)));
  expect(facts.map(({ type, occurredAt, data }) => ({ type, occurredAt, data }))).toEqual(
    log.map(({ event }) => event),
  );
  const replayed = facts.reduce(
    (folded, fact: Fact) =>
      decider.evolve(folded, {
        type: fact.type,
        occurredAt: fact.occurredAt,
        data: fact.data,
        id: fact.id,
      } as unknown as Identified<E>),
    decider.initial,
  );
  expect(replayed).toEqual(state);
}

interface Logged {
  readonly id: string;
  readonly event: DeliveryEvent;
}

/** What stands of a log by counting: what holds a version, less what any later event names as wrong. */
const standingIn = (log: readonly Logged[]): ReadonlyMap<string, DeliveryFact> => {
  const struck = new Set(log.flatMap(({ event: { data } }) => ('event' in data ? [data.event] : [])));
  return new Map([...versionsOf(log)].filter(([id]) => !struck.has(id)));
};

const versionsOf = (log: readonly Logged[]): ReadonlyMap<string, DeliveryFact> =>
  new Map(
    log.flatMap(({ id, event }) => {
      const version = versionIn(event);
      return version ? [[id, version] as const] : [];
    }),
  );

function expectWhatStands<F extends DomainEvent>(book: RecordBook<F>, log: readonly Logged[]): void {
  const standing = standingIn(log);
  expect(log.filter(({ id }) => book.find(id).kind === 'standing').map(({ id }) => id)).toEqual([...standing.keys()]);
  expect(book.isEmpty).toBe(standing.size === 0);
  for (const [id, version] of versionsOf(log)) {
    const holds = [...standing.values()].some((each) => contentOf(each) === contentOf(version));
    expect([id, book.holds(version as unknown as F), book.says(id, version as unknown as F)]).toEqual([
      id,
      holds,
      true,
    ]);
    expect(book.stands(version.type)).toBe([...standing.values()].some(({ type }) => type === version.type));
  }
}

/** A correction is refused for the state of what it names exactly when that does not stand. */
function expectReason(command: { readonly type: string }, code: string, log: readonly Logged[]): void {
  if (!('event' in command)) return;
  const stands = standingIn(log).has(command.event as string);
  expect(/^EVENT_/.test(code)).toBe(!stands);
}

function commandOf<Command extends DeliveryRecordCommand>(
  step: Command | VoidNth | AmendNth,
  nth: (n: number) => string,
): Command | Correction {
  if ('void' in step) return { type: 'voidRecord', trial, event: nth(step.void), reason: step.reason };
  if (!('amend' in step)) return step;
  const { amend, occurredAt, ...rest } = step;
  return { type: 'amendRecord', trial, event: nth(amend), ...rest, ...(occurredAt !== undefined && { occurredAt }) };
}

const sequenceOf = <Command>(command: fc.Arbitrary<Command>) =>
  fc.array(
    fc.oneof({ weight: 4, arbitrary: command }, { weight: 1, arbitrary: voidNth }, { weight: 2, arbitrary: amendNth }),
    { maxLength: 30 },
  );

describe('any sequence of commands can be replayed from what was stored, and repeats nothing', () => {
  it('of a participant', () => {
    fc.assert(fc.property(sequenceOf(participantCommand), (sequence) => checkSequence(participantDecider, sequence)));
  });
  it.each(Object.entries(siteRecords))('of a site record: %s', (_, command) => {
    fc.assert(fc.property(sequenceOf(command), (sequence) => checkSequence(siteRecordDecider, sequence)));
  });
  it('of a training day', () => {
    fc.assert(fc.property(sequenceOf(training), (sequence) => checkSequence(trainingDecider, sequence)));
  });
});

describe('contacts, discharges, readmissions and voids', () => {
  const base = { trial, participant: 'S1-0001' };
  const begin = world.now - 1_000;
  const known: readonly ParticipantCommand[] = [
    { type: 'referParticipant', ...base, site: 'S1', occurredAt: begin },
    { type: 'recordRandomisation', ...base, arm: 'peer_support', occurredAt: begin },
    { type: 'allocateWorker', ...base, worker: 'W1', occurredAt: begin },
  ];
  /** The n-th record; no two are the same. */
  const nth = (n: number, kind: number): ParticipantCommand => {
    const when = { ...base, occurredAt: begin + n };
    const meeting = { ...when, worker: 'W1', contact: `C${n}`, mode: 'text', outcome: 'attended' } as const;
    switch (kind) {
      case 0:
        return { type: 'recordWardContact', ...meeting };
      case 1:
        return { type: 'recordCommunityMeeting', ...meeting };
      case 2:
        return { type: 'recordDischarge', ...when };
      default:
        return { type: 'recordReadmission', ...when };
    }
  };
  const records = fc.array(fc.record({ kind: fc.nat(3), void: fc.boolean() }), { maxLength: 12 });
  const ranks = fc.array(fc.nat(), { minLength: 24, maxLength: 24 });

  it('end in the same facts in whatever order they are given, a void after what it voids', () => {
    fc.assert(
      fc.property(records, ranks, (given, order) => {
        const steps = given.flatMap(({ kind, void: isVoided }, n) => {
          const id = commandId(100 + n);
          const record = { id, rank: order[2 * n]!, command: nth(n, kind) };
          const command: VoidRecord = { type: 'voidRecord', trial, event: eventId(id, 0), reason: 'typed twice' };
          const strike = { id: commandId(200 + n), rank: Math.max(record.rank, order[2 * n + 1]!), command };
          return isVoided ? [record, strike] : [record];
        });
        // The sort is stable: of equal rank, the record comes before its void.
        const shuffled = steps.toSorted((a, b) => a.rank - b.rank);

        const facts = factsAfter(steps);
        expect(factsAfter(shuffled)).toEqual(facts);
        expect(facts).toHaveLength(known.length + given.filter((record) => !record.void).length);
      }),
    );
  });

  /** What stands, as a set. */
  function factsAfter(steps: readonly { readonly id: string; readonly command: ParticipantCommand }[]): string[] {
    const setUp = known.map((command, n) => ({ id: commandId(n), command }));
    let participant = participantDecider.initial;
    const log: Identified<ParticipantEvent>[] = [];
    for (const { id, command } of [...setUp, ...steps]) {
      const decision = participantDecider.decide(command, participant, world);
      if (decision.kind === 'refused') throw new Error(decision.refusal.code);
      for (const [n, event] of decision.events.entries()) {
        log.push({ ...event, id: eventId(id, n) });
        participant = participantDecider.evolve(participant, log.at(-1)!);
      }
    }
    return log
      .filter(({ id }) => participant.find(id).kind === 'standing')
      .map(({ id: _, ...fact }) => JSON.stringify(fact))
      .sort();
  }
});
