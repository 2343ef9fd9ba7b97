import { type Assignment, peopleStream } from '@cairn/access';
import { participantStream, supervisionStream } from '@cairn/delivery';
import { type DomainEvent, type EventCatalogue, eventId, uuidV5 } from '@cairn/event-sourcing';
import { tenantStream, trialStream } from '@cairn/registry';
import { signalId, signalStream } from '@cairn/signals';
import fc from 'fast-check';
import { catalogue } from '../../apps/projector/src/projections.js';

/*
 * A trial twice: in the second world everybody is in the other arm. What both arms have is the same in both, to the
 * millisecond of its record; what only one arm has is recorded for whoever is in it in that world, at its own times and in
 * its own numbers, some of it in one go with what both have, as importers do.
 */

export const TRIAL = 'T';
const START = Date.parse('2020-01-06T09:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Whoever is limited is answered by the time of asking, which two worlds do not share. */
const MANY = 1_000_000;

/** The two worlds: who is in the intervention arm is turned round. */
export type World = 'one' | 'other';
export const worlds = ['one', 'other'] as const;

/** What happens to somebody in the arm that has peer workers. */
interface Peers {
  /** Hours after the referral, as all times here. */
  readonly allocatedAt: number;
  /** In one append with the referral: then ordinals of what follows are others. */
  readonly inOneGo: boolean;
  readonly contacts: readonly {
    readonly at: number;
    readonly ward: boolean;
    readonly corrected: 'voided' | 'amended' | undefined;
  }[];
  readonly leavesIntervention: boolean;
}

interface Participant {
  readonly site: string;
  readonly referredAt: number;
  /** Whether the intervention arm is theirs in the first world. */
  readonly intervention: boolean;
  readonly dischargedAt: number | undefined;
  readonly dischargeCorrected: 'voided' | 'amended' | undefined;
  /** Only the record says more then: to which arm stays what it was in each world. */
  readonly randomisationAmended: boolean;
  readonly readmittedAt: number | undefined;
  readonly followedUpAt: number | undefined;
  readonly withdraws: 'follow_up' | 'data_use' | undefined;
  /** What they would have in each world, were they in the arm that has it there. */
  readonly peers: Readonly<Record<World, Peers>>;
}

export interface FlippedTrial {
  readonly participants: readonly Participant[];
}

const hours = (from: number, to: number): fc.Arbitrary<number> => fc.integer({ min: from * 24, max: to * 24 });
const perhaps = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const corrected = fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 5 },
  { arbitrary: fc.constantFrom('voided' as const, 'amended' as const), weight: 2 },
);

const peers: fc.Arbitrary<Peers> = fc.record({
  allocatedAt: hours(1, 10),
  inOneGo: fc.boolean(),
  contacts: fc.array(
    fc.record({
      at: hours(2, 60),
      ward: fc.boolean(),
      corrected,
    }),
    { maxLength: 5 },
  ),
  leavesIntervention: fc.oneof({ arbitrary: fc.constant(false), weight: 4 }, fc.constant(true)),
});

const participant: fc.Arbitrary<Participant> = fc.record({
  site: fc.constantFrom('S1', 'S2'),
  referredAt: hours(0, 100),
  intervention: fc.boolean(),
  dischargedAt: perhaps(hours(1, 40)),
  dischargeCorrected: corrected,
  randomisationAmended: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, fc.constant(true)),
  readmittedAt: perhaps(hours(41, 60)),
  followedUpAt: perhaps(hours(41, 80)),
  withdraws: fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, fc.constantFrom('follow_up', 'data_use')),
  peers: fc.record({ one: peers, other: peers }),
});

/** At least one of each arm: otherwise there is nothing to tell apart. */
export const flippedTrial: fc.Arbitrary<FlippedTrial> = fc
  .array(participant, { minLength: 2, maxLength: 7 })
  .map((participants) => ({
    participants: participants.map((each, index) => (index < 2 ? { ...each, intervention: index === 0 } : each)),
  }));

/** Events of one command, as the store keeps them together. */
export interface Appended {
  readonly stream: string;
  readonly recordedAt: number;
  readonly commandId: string;
  readonly events: readonly DomainEvent[];
}

/** A command that an importer would make of a row: its id can be guessed by whoever guesses the row. */
export const importedId = (tenant: string, file: string, row: string): string =>
  uuidV5(JSON.stringify(['bundle', tenant, TRIAL, file, row]));

/** Ids of commands that only one of the worlds has, or both have and nobody who is blinded may know of. */
export const hiddenIds = (tenant: string, { participants }: FlippedTrial): readonly string[] =>
  participants.flatMap((_, index) => [
    importedId(tenant, 'participants.csv', `allocation ${idOf(index)}`),
    importedId(tenant, 'contacts.csv', `${idOf(index)} 0`),
  ]);

export const idOf = (index: number): string => `P${index + 1}`;

/** Everything that is recorded of the trial in one world, in the order of its record. */
export function recordsOf(tenant: string, trial: FlippedTrial, world: World): readonly Appended[] {
  const given = trial.participants.flatMap((each, index) => participantRecords(tenant, each, index, world));
  const supervision: Appended = {
    stream: supervisionStream(TRIAL, 'S1', 'G1'),
    recordedAt: START + 50 * DAY,
    commandId: importedId(tenant, 'supervision.csv', 'G1'),
    events: [
      {
        type: 'SupervisionHeld',
        occurredAt: START + 49 * DAY,
        data: { trial: TRIAL, site: 'S1', supervision: 'G1', kind: 'group', attendees: ['S1-W'] },
      },
    ],
  };
  const raised = trial.participants.flatMap((each, index) => signalsAbout(tenant, each, index, world));
  return [...given, supervision, ...raised].sort((a, b) => a.recordedAt - b.recordedAt);
}

function participantRecords(tenant: string, given: Participant, index: number, world: World): readonly Appended[] {
  const who = { trial: TRIAL, participant: idOf(index) };
  const stream = participantStream(TRIAL, idOf(index));
  const at = (hour: number): number => START + given.referredAt * HOUR + hour * HOUR;
  // To whole hours all would be recorded at once, in an order that nothing fixes.
  const late = 60_000 * (index + 1);
  const record = (
    hour: number,
    file: string,
    row: string,
    events: readonly Omit<DomainEvent, 'occurredAt'>[],
  ): Appended => ({
    stream,
    recordedAt: at(hour) + late + row.length * 1_000,
    commandId: importedId(tenant, file, row),
    events: events.map((event) => ({ ...event, occurredAt: at(hour) })),
  });
  const intervention = given.intervention === (world === 'one');
  const arm = intervention ? 'support' : 'usual';
  const { allocatedAt, inOneGo, contacts, leavesIntervention } = given.peers[world];
  const id = idOf(index);
  const allocation = { type: 'WorkerAllocated', data: { ...who, worker: `${given.site}-W` } };
  const referral = record(0, 'participants.csv', id, [
    { type: 'ParticipantReferred', data: { ...who, site: given.site } },
    { type: 'ParticipantRandomised', data: { ...who, arm } },
    ...(intervention && inOneGo ? [allocation] : []),
    ...(given.dischargedAt === undefined ? [] : [{ type: 'ParticipantDischarged', data: who }]),
  ]);
  const discharge = referral.events.findIndex(({ type }) => type === 'ParticipantDischarged');
  const voidOf = (event: string, reason: string): Omit<DomainEvent, 'occurredAt'> => ({
    type: 'ParticipantRecordVoided',
    data: { ...who, event, reason },
  });
  const amendmentOf = (
    event: string,
    { type, data }: Omit<DomainEvent, 'occurredAt'>,
    hour: number,
  ): Omit<DomainEvent, 'occurredAt'> => ({
    type: 'ParticipantRecordAmended',
    data: {
      ...who,
      event,
      reason: 'typed wrongly',
      record: { type, occurredAt: new Date(at(hour)).toISOString(), data },
    },
  });
  const both: Appended[] = [
    {
      ...referral,
      events: referral.events.map((event, ordinal) =>
        ordinal === discharge ? { ...event, occurredAt: at(given.dischargedAt!) } : event,
      ),
    },
    ...(discharge >= 0 && given.dischargeCorrected
      ? [
          record(62, 'corrections', `${id} discharge`, [
            given.dischargeCorrected === 'voided'
              ? voidOf(eventId(referral.commandId, discharge), 'entered twice')
              : amendmentOf(
                  eventId(referral.commandId, discharge),
                  { type: 'ParticipantDischarged', data: who },
                  given.dischargedAt! + 30,
                ),
          ]),
        ]
      : []),
    ...(given.randomisationAmended
      ? [
          record(63, 'corrections', `${id} randomisation`, [
            amendmentOf(
              eventId(referral.commandId, 1),
              { type: 'ParticipantRandomised', data: { ...who, arm, stratum: 'psychotic' } },
              0,
            ),
          ]),
        ]
      : []),
    ...(given.readmittedAt === undefined
      ? []
      : [record(given.readmittedAt, 'readmissions.csv', id, [{ type: 'ParticipantReadmitted', data: who }])]),
    ...(given.followedUpAt === undefined
      ? []
      : [record(given.followedUpAt, 'follow-ups', id, [{ type: 'FollowUpRecorded', data: who }])]),
    ...(given.withdraws === undefined
      ? []
      : [
          record(24 * 81, 'withdrawals', id, [
            { type: 'ParticipantWithdrawn', data: { ...who, scope: given.withdraws, reason: 'moved away' } },
          ]),
        ]),
  ];
  if (!intervention) return both;
  const meeting = (ward: boolean, n: number, outcome: string): Omit<DomainEvent, 'occurredAt'> => ({
    type: ward ? 'WardContactRecorded' : 'CommunityMeetingRecorded',
    data: {
      ...who,
      worker: `${given.site}-W`,
      contact: `C${n}`,
      mode: 'face_to_face',
      outcome,
      note: `world ${world}`,
    },
  });
  const met = contacts.map((contact, n) =>
    record(contact.at, 'contacts.csv', `${id} ${n}`, [meeting(contact.ward, n, 'attended')]),
  );
  return [
    ...both,
    ...(inOneGo ? [] : [record(allocatedAt, 'participants.csv', `allocation ${id}`, [allocation])]),
    ...met,
    ...contacts.flatMap(({ at: hour, corrected: how, ward }, n) => {
      if (how === undefined) return [];
      const target = eventId(met[n]!.commandId, 0);
      const correction =
        how === 'voided'
          ? voidOf(target, 'wrong person')
          : amendmentOf(target, meeting(ward, n, 'participant_absent'), hour);
      return [record(hour + 5, 'corrections', `${id} ${n}`, [correction])];
    }),
    ...(leavesIntervention
      ? [record(24 * 70, 'leaves', id, [{ type: 'ParticipantWithdrawn', data: { ...who, scope: 'intervention' } }])]
      : []),
  ];
}

/** The rule whose signals in `recordsOf` are about the delivery of the intervention. */
const DELIVERY_RULE = 'meeting_gap';
/** That whose are raised of all arms alike. */
const OPEN_RULE = 'follow_up_overdue';

const signalOf = (rule: string, index: number): string =>
  signalId(TRIAL, rule, { kind: 'participant', id: idOf(index) }, 'cause');

/** Ids of signals: some of both worlds, some of one. */
export const signalIds = ({ participants }: FlippedTrial): readonly string[] =>
  participants.flatMap((_, index) => [signalOf(OPEN_RULE, index), signalOf(DELIVERY_RULE, index)]);

/**
 * What the alerter found: of all arms alike when it held, but recorded when there was time for it, which is another time in
 * each world; and about whoever has a peer worker.
 */
function signalsAbout(tenant: string, given: Participant, index: number, world: World): readonly Appended[] {
  const from = START + (given.referredAt + 24 * 30) * HOUR;
  const intervention = given.intervention === (world === 'one');
  const found = (rule: string, audience: 'open' | 'delivery', lag: number): Appended => {
    const participant = idOf(index);
    const signal = signalOf(rule, index);
    return {
      stream: signalStream(TRIAL, signal),
      recordedAt: from + lag,
      commandId: uuidV5(`${tenant} ${signal}`),
      events: [
        {
          type: 'SignalRaised',
          occurredAt: from,
          data: {
            ...{ trial: TRIAL, signal, site: given.site, participant, rule, severity: 'warning', audience },
            ...{ subject: { kind: 'participant', id: participant }, ruleVersion: 'default/1', cause: 'cause' },
            ...{ numbers: { days: 7 }, events: [] },
          },
        },
      ],
    };
  };
  return [
    found(OPEN_RULE, 'open', (world === 'one' ? 1_000 : 2_000) + index),
    ...(intervention ? [found(DELIVERY_RULE, 'delivery', 3_000 + index)] : []),
  ];
}

/** One more contact, with somebody who is in the intervention arm of the world. */
export function oneMoreContact(tenant: string, trial: FlippedTrial, world: World): Appended {
  const index = trial.participants.findIndex(({ intervention }) => intervention === (world === 'one'));
  const id = idOf(index);
  const worker = `${trial.participants[index]!.site}-W`;
  return {
    stream: participantStream(TRIAL, id),
    recordedAt: START + 400 * DAY,
    commandId: importedId(tenant, 'contacts.csv', `${id} one more`),
    events: [
      {
        type: 'CommunityMeetingRecorded',
        occurredAt: START + 399 * DAY,
        data: { trial: TRIAL, participant: id, worker, contact: 'more', mode: 'video', outcome: 'attended' },
      },
    ],
  };
}

/** The trial and its people, as both worlds have them. */
export function setUp(tenant: string, people: readonly Omit<Assignment, 'assignment'>[]): readonly Appended[] {
  const event = (type: string, data: object): DomainEvent => ({ type, occurredAt: START - 30 * DAY, data });
  const append = (stream: string, name: string, ...events: readonly DomainEvent[]): Appended => ({
    stream,
    recordedAt: START - 29 * DAY,
    commandId: uuidV5(`${tenant} ${name}`),
    events,
  });
  const site = (id: string): DomainEvent =>
    event('SiteRegistered', {
      trial: TRIAL,
      site: id,
      name: `Site ${id}`,
      employerKind: 'NHS',
      employerName: 'Trust',
      hostOrganisation: 'Trust',
      localities: ['urban'],
    });
  const worker = (id: string): DomainEvent =>
    event('WorkerRegistered', { trial: TRIAL, worker: `${id}-W`, site: id, role: 'peer_worker' });
  return [
    append(
      tenantStream,
      'tenant',
      event('TenantRegistered', { tenant, name: 'Sponsor' }),
      event('TenantLimitsSet', { tenant, commandsPerMinute: MANY, queryCostPerSecond: MANY, subscriptions: MANY }),
    ),
    append(
      peopleStream,
      'people',
      ...people.flatMap((assignment, index) => [
        event('PersonRegistered', { person: assignment.person, name: assignment.person }),
        event('RoleAssigned', { ...assignment, assignment: `role-${index}` }),
      ]),
    ),
    append(
      trialStream(TRIAL),
      'trial',
      event('TrialRegistered', {
        trial: TRIAL,
        title: 'A trial',
        timeZone: 'Europe/London',
        protocol: {
          arms: [
            { id: 'support', intervention: true },
            { id: 'usual', intervention: false },
          ],
          interventionWindow: { monthsAfterDischarge: 4 },
        },
      }),
      site('S1'),
      site('S2'),
      worker('S1'),
      worker('S2'),
    ),
  ];
}

/** A row of `cairn.event`, in the order of its columns in `insertEvents`. */
export interface EventRow {
  readonly tenant: string;
  readonly position: number;
  readonly occurred_at: string;
  readonly recorded_at: string;
  readonly id: string;
  readonly command_id: string;
  readonly revision: number;
  readonly schema_version: number;
  readonly stream: string;
  readonly type: string;
  readonly actor: string;
  readonly payload: string;
}

/** A tenant's log as rows, as if the store had taken the appends at those times. */
export function rowsOf(
  tenant: string,
  appends: readonly Appended[],
  from: { position: number; readonly revisions: Map<string, number> } = { position: 0, revisions: new Map() },
): readonly EventRow[] {
  const encoder: EventCatalogue = catalogue;
  return appends.flatMap(({ stream, recordedAt, commandId, events }) =>
    events.map((event, ordinal): EventRow => {
      const { type, schemaVersion, occurredAt, payload } = encoder.encode(event);
      const revision = from.revisions.get(stream) ?? 0;
      from.revisions.set(stream, revision + 1);
      return {
        tenant,
        position: ++from.position,
        occurred_at: new Date(occurredAt).toISOString(),
        recorded_at: new Date(recordedAt).toISOString(),
        id: eventId(commandId, ordinal),
        command_id: commandId,
        revision,
        schema_version: schemaVersion,
        stream,
        type,
        actor: 'importer',
        payload,
      };
    }),
  );
}
