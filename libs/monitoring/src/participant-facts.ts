import type { ContactMode, ContactOutcome, ParticipantEvent, WithdrawalScope } from '@cairn/delivery/events';
import type { Fact, Projection } from '@cairn/event-sourcing';
import type { ContactSetting } from '@cairn/registry/protocol';
import { type AmendedRecord, amendedRecord } from './amended-record.js';
import { type RecordedFact, withVoid } from './moment.js';
import { specimenId, specimensOf } from './specimen.js';

/** A contact or the attempt at one: only outcome `attended` is a contact that counts. */
export interface ContactFact extends RecordedFact {
  readonly kind: 'contact';
  readonly setting: ContactSetting;
  readonly mode: ContactMode;
  readonly outcome: ContactOutcome;
}

/** A recorded event as far as engagement depends on it. */
export type ParticipantFact =
  | (RecordedFact & { readonly kind: 'referred'; readonly site: string })
  | (RecordedFact & { readonly kind: 'randomised'; readonly arm: string })
  | (RecordedFact & { readonly kind: 'allocated'; readonly worker: string })
  | ContactFact
  | (RecordedFact & { readonly kind: 'discharged' })
  | (RecordedFact & { readonly kind: 'withdrawn'; readonly scope: WithdrawalScope });

/**
 * What is on record about a participant as far as engagement depends on it, voided facts included, in the order of
 * recording. Readmissions and follow-ups have no part in any definition of engagement, so they are not kept here.
 */
export interface ParticipantFacts {
  readonly facts: readonly ParticipantFact[];
}

type FoldedEvent = Extract<ParticipantEvent, { type: (typeof foldedTypes)[number] }>;

const foldedTypes = [
  'ParticipantReferred',
  'ParticipantRandomised',
  'WorkerAllocated',
  'WardContactRecorded',
  'CommunityMeetingRecorded',
  'ParticipantDischarged',
  'ParticipantWithdrawn',
  'ParticipantRecordVoided',
  'ParticipantRecordAmended',
] as const satisfies readonly ParticipantEvent['type'][];

/** Adds to the document that it is given, which the fold owns: copying the facts for each event would be quadratic. */
function evolve(document: ParticipantFacts, event: Fact<FoldedEvent>): ParticipantFacts {
  switch (event.type) {
    case 'ParticipantRecordVoided':
      return { facts: withVoid(document.facts, event.data.event, event.recordedAt) };
    case 'ParticipantRecordAmended': {
      const facts = withVoid(document.facts, event.data.event, event.recordedAt);
      const version = amendedRecord(event);
      return { facts: isFolded(version) ? [...facts, factOf(version)] : facts };
    }
    default:
      (document.facts as ParticipantFact[]).push(factOf(event));
      return document;
  }
}

type FoldedRecord = Exclude<FoldedEvent, { type: 'ParticipantRecordVoided' | 'ParticipantRecordAmended' }>;
type Amendment = Fact<Extract<ParticipantEvent, { type: 'ParticipantRecordAmended' }>>;

const isFolded = (record: AmendedRecord<Amendment>): record is Fact<FoldedRecord> =>
  (foldedTypes as readonly string[]).includes(record.type);

function factOf(event: Fact<FoldedRecord>): ParticipantFact {
  const { id, occurredAt, recordedAt } = event;
  switch (event.type) {
    case 'ParticipantReferred':
      return { kind: 'referred', event: id, occurredAt, recordedAt, site: event.data.site };
    case 'ParticipantRandomised':
      return { kind: 'randomised', event: id, occurredAt, recordedAt, arm: event.data.arm };
    case 'WorkerAllocated':
      return { kind: 'allocated', event: id, occurredAt, recordedAt, worker: event.data.worker };
    case 'WardContactRecorded':
      return contact(event, 'ward');
    case 'CommunityMeetingRecorded':
      return contact(event, 'community');
    case 'ParticipantDischarged':
      return { kind: 'discharged', event: id, occurredAt, recordedAt };
    case 'ParticipantWithdrawn':
      return { kind: 'withdrawn', event: id, occurredAt, recordedAt, scope: event.data.scope };
    default:
      return event satisfies never;
  }
}

const contact = (
  event: Fact<Extract<ParticipantEvent, { type: 'WardContactRecorded' | 'CommunityMeetingRecorded' }>>,
  setting: ContactSetting,
): ContactFact => ({
  kind: 'contact',
  event: event.id,
  occurredAt: event.occurredAt,
  recordedAt: event.recordedAt,
  setting,
  mode: oneCopy(event.data.mode),
  outcome: oneCopy(event.data.outcome),
});

/**
 * A parsed payload brings its own copy of every longer text. A rebuild holds hundreds of thousands of contacts at once,
 * so those of a fixed vocabulary are replaced by one copy.
 */
function oneCopy<Text extends string>(text: Text): Text {
  const kept = vocabulary.get(text);
  return (kept as Text | undefined) ?? text;
}

const vocabulary = new Map(
  (
    [
      'face_to_face',
      'telephone',
      'video',
      'text',
      'attended',
      'participant_absent',
      'on_leave',
      'cancelled_by_participant',
      'cancelled_by_provider',
    ] as const satisfies readonly (ContactMode | ContactOutcome)[]
  ).map((word) => [word as string, word]),
);

const who = { trial: 'trial', participant: 'participant' };
const meeting = { ...who, worker: 'worker', mode: 'face_to_face', outcome: 'attended' } as const;

const amended = (index: number, record: { readonly type: string; readonly data: object }): Specimen =>
  ({
    type: 'ParticipantRecordAmended',
    data: {
      ...who,
      event: specimenId(index),
      reason: 'reason',
      record: { ...record, occurredAt: '1970-01-01T01:00:00+01:00' },
    },
  }) as Specimen;
type Specimen = Pick<Amendment, 'type' | 'data'>;

/** One document for each participant of a trial: scope is the trial, id the participant. */
export const participantsProjection: Projection<ParticipantFacts, FoldedEvent> = {
  name: 'participants',
  version: 2,
  eventTypes: foldedTypes,
  keyOf: (event) => ({ scope: event.data.trial, id: event.data.participant }),
  evolve: (document, event) => evolve(document ?? { facts: [] }, event),
  specimen: specimensOf<FoldedEvent>(
    { type: 'ParticipantReferred', data: { ...who, site: 'site' } },
    { type: 'ParticipantRandomised', data: { ...who, arm: 'arm', stratum: 'stratum' } },
    { type: 'WorkerAllocated', data: { ...who, worker: 'worker' } },
    { type: 'WardContactRecorded', data: { ...meeting, contact: 'first', minutes: 30, note: 'note' } },
    { type: 'ParticipantDischarged', data: who },
    { type: 'CommunityMeetingRecorded', data: { ...meeting, contact: 'second', mode: 'video', outcome: 'on_leave' } },
    { type: 'ParticipantWithdrawn', data: { ...who, scope: 'follow_up', reason: 'reason' } },
    { type: 'ParticipantRecordVoided', data: { ...who, event: specimenId(5), reason: 'reason' } },
    { type: 'ParticipantRecordVoided', data: { ...who, event: specimenId(5), reason: 'again' } },
    { type: 'ParticipantRecordVoided', data: { ...who, event: specimenId(99), reason: 'of nothing' } },
    amended(4, { type: 'ParticipantDischarged', data: who }),
    amended(3, { type: 'WardContactRecorded', data: { ...meeting, contact: 'first', outcome: 'on_leave' } }),
    amended(11, { type: 'WardContactRecorded', data: { ...meeting, contact: 'first', mode: 'text' } }),
    { type: 'ParticipantRecordVoided', data: { ...who, event: specimenId(12), reason: 'of an amendment' } },
    amended(99, { type: 'ParticipantReadmitted', data: who }),
  ),
};
