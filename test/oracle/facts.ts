import type { ParticipantEvent, SiteRecordEvent } from '@cairn/delivery/events';
import type { Fact, Projection } from '@cairn/event-sourcing';
import {
  fidelityProjection,
  type ParticipantFacts,
  participantsProjection,
  type SiteAssessments,
} from '@cairn/monitoring';
import type { Amendable, OracleTrial, Recorded } from './engagement-oracle.js';

type Event = ParticipantEvent | SiteRecordEvent;
type Content = Event extends infer E ? (E extends Event ? Pick<E, 'type' | 'data'> : never) : never;

/** The events that the oracle's records come from, in the order of recording. */
export function eventsOf(trial: OracleTrial): Fact<Event>[] {
  const events: Fact<Event>[] = [];
  let ids = 0;
  const record = <R extends Recorded>(
    recorded: Amendable<R>,
    contentOf: (version: R) => Content,
    on: 'ParticipantRecord' | 'SiteRecord',
  ): void => {
    let id = uuid(ids++);
    events.push(fact(contentOf(recorded), id, recorded.at, recorded.recordedAt));
    const strike = (type: string, at: number, what: object): void => {
      const { trial: name, participant, site } = contentOf(recorded).data as Record<string, string>;
      const whose = on === 'SiteRecord' ? { site } : { participant };
      const data = { trial: name, ...whose, event: id, reason: 'entered in error', ...what };
      id = uuid(ids++);
      events.push(fact({ type: `${on}${type}`, data } as unknown as Content, id, at, at));
    };
    let version = recorded;
    while (version.amended) {
      version = version.amended;
      const occurredAt = new Date(version.at).toISOString();
      strike('Amended', version.recordedAt, { record: { ...contentOf(version), occurredAt } });
    }
    if (version.voidedAt !== undefined) strike('Voided', version.voidedAt, {});
  };
  for (const { id, ...participant } of trial.participants) {
    const who = { trial: 'trial', participant: id };
    const add = <R extends Recorded>(each: Amendable<R>, contentOf: (version: R) => Content): void =>
      record(each, contentOf, 'ParticipantRecord');
    add(participant.referral, ({ site = participant.site }) => ({
      type: 'ParticipantReferred',
      data: { ...who, site },
    }));
    for (const each of participant.randomisations) {
      add(each, ({ arm }) => ({ type: 'ParticipantRandomised', data: { ...who, arm } }));
    }
    for (const each of participant.allocations) {
      add(each, ({ worker }) => ({ type: 'WorkerAllocated', data: { ...who, worker } }));
    }
    for (const each of participant.discharges) add(each, () => ({ type: 'ParticipantDischarged', data: who }));
    for (const each of participant.withdrawals) {
      add(each, ({ scope }) => ({ type: 'ParticipantWithdrawn', data: { ...who, scope } }));
    }
    for (const [index, each] of participant.contacts.entries()) {
      add(each, ({ setting, mode, outcome }) => ({
        type: setting === 'ward' ? 'WardContactRecorded' : 'CommunityMeetingRecorded',
        data: { ...who, worker: 'worker', contact: `C${index}`, mode, outcome: outcome as 'attended' },
      }));
    }
  }
  for (const each of trial.assessments) {
    record(
      each,
      ({ site, instrument, rater, total }) => ({
        type: 'FidelityAssessed',
        data: { trial: 'trial', site, instrument, rater, total },
      }),
      'SiteRecord',
    );
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
