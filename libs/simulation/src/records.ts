import type { Instant } from '@cairn/event-sourcing';

/*
 * What is made, in the words and shapes in which Cairn records it; the apps give it to the contexts whose events these are.
 */

interface Happened<Type extends string, Data> {
  readonly type: Type;
  readonly occurredAt: Instant;
  readonly data: Data;
}

interface OfParticipant {
  readonly trial: string;
  readonly participant: string;
}

export interface ContactData extends OfParticipant {
  readonly worker: string;
  readonly contact: string;
  readonly mode: 'face_to_face' | 'telephone' | 'video' | 'text';
  readonly outcome:
    'attended' | 'participant_absent' | 'on_leave' | 'cancelled_by_participant' | 'cancelled_by_provider';
  readonly minutes?: number;
  /** RFC 3339. */
  readonly enteredAt: string;
}

export type ContactRecord = Happened<'WardContactRecorded' | 'CommunityMeetingRecorded', ContactData>;

export type SimulatedRecord =
  | Happened<'ParticipantReferred', OfParticipant & { readonly site: string }>
  | Happened<'ParticipantRandomised', OfParticipant & { readonly arm: string; readonly stratum?: string }>
  | Happened<'WorkerAllocated', OfParticipant & { readonly worker: string }>
  | ContactRecord
  | Happened<'ParticipantDischarged', OfParticipant>
  | Happened<'ParticipantReadmitted', OfParticipant & { readonly dischargedAt: string }>
  | Happened<'FollowUpRecorded', OfParticipant>
  | Happened<'ParticipantWithdrawn', OfParticipant & { readonly scope: 'intervention' }>
  | SiteRecord
  | TrainingRecord;

interface OfSite {
  readonly trial: string;
  readonly site: string;
}

export type SiteRecord =
  | Happened<
      'SupervisionHeld',
      OfSite & {
        readonly supervision: string;
        readonly kind: 'group';
        readonly facilitator: string;
        readonly attendees: readonly string[];
        readonly minutes: number;
      }
    >
  | Happened<
      'TeamPreparationHeld',
      OfSite & { readonly session: string; readonly ward: string; readonly staffAttending: number }
    >
  | Happened<
      'FidelityAssessed',
      OfSite & { readonly instrument: string; readonly rater: string; readonly total: number }
    >;

export type SiteRecordOf<Type extends SiteRecord['type']> = Extract<SiteRecord, { readonly type: Type }>;

export type TrainingRecord = Happened<
  'TrainingAttended',
  { readonly trial: string; readonly worker: string; readonly attendedOn: string; readonly days: number }
>;
