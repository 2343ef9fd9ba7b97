import type { ParticipantEvent, SiteRecordEvent } from '@cairn/delivery/events';
import type { Fact, Projection } from '@cairn/event-sourcing';
import {
  fidelityProjection,
  type ParticipantFacts,
  participantsProjection,
  type SiteAssessments,
} from '@cairn/monitoring';
import type { OracleTrial, Recorded } from './engagement-oracle.js';

type Event = ParticipantEvent | SiteRecordEvent;
type Content = Event extends infer E ? (E extends Event ? Pick<E, 'type' | 'data'> : never) : never;

/** The events that the oracle's records come from, in the order of recording. */
export function eventsOf(trial: OracleTrial): Fact<Event>[] {
  const events: Fact<Event>[] = [];
  let ids = 0;
  const record = ({ at, recordedAt, voidedAt }: Recorded, content: Content, voiding: Content['type']): void => {
    const id = uuid(ids++);
    events.push(fact(content, id, at, recordedAt));
    if (voidedAt === undefined) return;
    const data = { ...content.data, event: id, reason: 'entered in error' };
    events.push(fact({ type: voiding, data } as Content, uuid(ids++), voidedAt, voidedAt));
  };
  for (const { id, ...participant } of trial.participants) {
    const who = { trial: 'trial', participant: id };
    const add = (recorded: Recorded, content: Content): void => record(recorded, content, 'ParticipantRecordVoided');
    add(participant.referral, { type: 'ParticipantReferred', data: { ...who, site: participant.site } });
    for (const each of participant.randomisations) {
      add(each, { type: 'ParticipantRandomised', data: { ...who, arm: each.arm } });
    }
    for (const each of participant.allocations) {
      add(each, { type: 'WorkerAllocated', data: { ...who, worker: each.worker } });
    }
    for (const each of participant.discharges) add(each, { type: 'ParticipantDischarged', data: who });
    for (const each of participant.withdrawals) {
      add(each, { type: 'ParticipantWithdrawn', data: { ...who, scope: each.scope } });
    }
    for (const [index, each] of participant.contacts.entries()) {
      add(each, {
        type: each.setting === 'ward' ? 'WardContactRecorded' : 'CommunityMeetingRecorded',
        data: { ...who, worker: 'worker', contact: `C${index}`, mode: each.mode, outcome: each.outcome as 'attended' },
      });
    }
  }
  for (const { site, instrument, rater, total, ...recorded } of trial.assessments) {
    const data = { trial: 'trial', site, instrument, rater, total };
    record(recorded, { type: 'FidelityAssessed', data }, 'SiteRecordVoided');
  }
  return events.sort((a, b) => a.recordedAt - b.recordedAt);
}

export const participantDocuments = (events: readonly Fact<Event>[]): Map<string, ParticipantFacts> =>
  fold(participantsProjection, events);

export const fidelityDocuments = (events: readonly Fact<Event>[]): Map<string, SiteAssessments> =>
  fold(fidelityProjection, events);

function fold<Document, E extends Event>(
  projection: Projection<Document, E>,
  events: readonly Fact<Event>[],
): Map<string, Document> {
  const documents = new Map<string, Document>();
  for (const event of events as readonly Fact<E>[]) {
    if (!projection.eventTypes.includes(event.type)) continue;
    const id = projection.keyOf(event)!.id;
    documents.set(id, projection.evolve(documents.get(id), event));
  }
  return documents;
}

const fact = (content: Content, id: string, occurredAt: number, recordedAt: number): Fact<Event> => ({
  ...content,
  id,
  occurredAt,
  recordedAt,
  schemaVersion: 1,
  tenant: 'tenant',
  stream: 'stream',
  revision: 0,
  position: 1n,
  actor: 'actor',
  commandId: id,
  correlationId: id,
  causationId: id,
  metadata: {},
});

const uuid = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
