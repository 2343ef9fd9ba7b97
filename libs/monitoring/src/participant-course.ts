import type { Instant } from '@cairn/event-sourcing';
import { hasCome, type Timeline } from './engagement.js';
import { interventionWindowClose } from './intervention-window.js';
import { type ParticipantFacts, participantsProjection } from './participant-facts.js';
import { earliestOf, ofType, type RecordVersion } from './record-versions.js';
import type { TrialSetting } from './trial-setting.js';

/** The primary outcome is readmission within so many calendar months of the index discharge (`domain.md`, ENRICH). */
export const READMISSION_MONTHS = 12;

/**
 * The clinical follow-up after the index discharge.
 * - `in_time`: recorded, before it was due. - `late`: recorded, after it was due.
 * - `missing`: not recorded, and it was due. - `not_due`: not recorded, and it is not due yet.
 * - `withdrawn`: not recorded, and withdrawn from follow-up before it was due.
 */
export type FollowUpState = 'in_time' | 'late' | 'missing' | 'not_due' | 'withdrawn';

/**
 * The primary outcome, of those who were discharged.
 * - `readmitted`: within the months. - `not_readmitted`: the months are over.
 * - `withdrawn`: not readmitted, and withdrawn from follow-up before the months were over.
 * - `in_observation`: not readmitted, and the months are not over.
 */
export type OutcomeState = 'readmitted' | 'not_readmitted' | 'withdrawn' | 'in_observation';

/** How far a participant has come at an instant. */
export interface ParticipantCourse {
  readonly site: string;
  readonly timeline: Timeline;
  readonly randomised?: { readonly at: Instant; readonly arm: string; readonly stratum: string | undefined };
  /** The earliest of each scope. */
  readonly withdrawnAt: Readonly<Record<'intervention' | 'follow_up' | 'data_use', Instant | undefined>>;
  /** The index discharge; absent as well when the use of the data was withdrawn. */
  readonly discharged?: {
    readonly at: Instant;
    readonly outcome: OutcomeState;
    readonly readmittedAt: Instant | undefined;
    /** Whether the months of observation are over. */
    readonly observed: boolean;
    /** Absent when the protocol asks for none. */
    readonly followUp?: {
      readonly state: FollowUpState;
      readonly at: Instant | undefined;
      /** The first instant that is too late. */
      readonly dueAt: Instant;
      /** The due time has passed, and there was no withdrawal from follow-up before it. */
      readonly due: boolean;
    };
  };
}

/**
 * A participant at an instant.
 * @param versions what is on record about the participant, whenever it occurred
 * @returns undefined when no referral to a site of the trial stands, or when neither referred nor randomised by then
 */
export function participantCourse(
  versions: readonly RecordVersion[],
  setting: TrialSetting,
  asOf: Instant,
): ParticipantCourse | undefined {
  const timeline = setting.reader.read(participantFactsOf(versions), Infinity);
  const { site } = timeline;
  if (site === undefined || !setting.sites.has(site)) return undefined;
  if (!hasCome(timeline.referredAt, asOf) && !hasCome(timeline.randomisedAt, asOf)) return undefined;
  const past = versions.filter(({ occurredAt }) => occurredAt <= asOf);
  const randomised = earliestOf(ofType(past, 'ParticipantRandomised'));
  const withdrawals = ofType(past, 'ParticipantWithdrawn');
  const withdrawn = (scope: string): Instant | undefined =>
    earliestOf(withdrawals.filter(({ data }) => data.scope === scope))?.occurredAt;
  const withdrawnAt = {
    intervention: withdrawn('intervention'),
    follow_up: withdrawn('follow_up'),
    data_use: withdrawn('data_use'),
  };
  const dischargedAt = earliestOf(ofType(past, 'ParticipantDischarged'))?.occurredAt;
  return {
    site,
    timeline,
    withdrawnAt,
    ...(randomised && {
      randomised: { at: randomised.occurredAt, arm: randomised.data.arm, stratum: randomised.data.stratum },
    }),
    ...(dischargedAt !== undefined &&
      withdrawnAt.data_use === undefined && {
        discharged: {
          at: dischargedAt,
          ...outcomeOf(dischargedAt, withdrawnAt.follow_up, past, setting, asOf),
          ...followUpOf(dischargedAt, withdrawnAt.follow_up, past, setting, asOf),
        },
      }),
  };
}

type Discharged = NonNullable<ParticipantCourse['discharged']>;

function outcomeOf(
  dischargedAt: Instant,
  withdrawnAt: Instant | undefined,
  past: readonly RecordVersion[],
  { calendar }: TrialSetting,
  asOf: Instant,
): Pick<Discharged, 'outcome' | 'readmittedAt' | 'observed'> {
  const endsAt = calendar.endOfTerm(dischargedAt, { months: READMISSION_MONTHS });
  const readmittedAt = earliestOf(
    ofType(past, 'ParticipantReadmitted').filter(({ occurredAt }) => occurredAt >= dischargedAt && occurredAt < endsAt),
  )?.occurredAt;
  const observed = endsAt <= asOf;
  const state = (): OutcomeState => {
    if (readmittedAt !== undefined) return 'readmitted';
    if (withdrawnAt !== undefined && withdrawnAt < endsAt) return 'withdrawn';
    return observed ? 'not_readmitted' : 'in_observation';
  };
  return { outcome: state(), readmittedAt, observed };
}

function followUpOf(
  dischargedAt: Instant,
  withdrawnAt: Instant | undefined,
  past: readonly RecordVersion[],
  { calendar, protocol }: TrialSetting,
  asOf: Instant,
): Pick<Discharged, 'followUp'> {
  if (protocol.followUpWithinDays === undefined) return {};
  const dueAt = calendar.endOfTerm(dischargedAt, { days: protocol.followUpWithinDays });
  const at = earliestOf(
    ofType(past, 'FollowUpRecorded').filter(({ occurredAt }) => occurredAt >= dischargedAt),
  )?.occurredAt;
  const withdrawn = withdrawnAt !== undefined && withdrawnAt < dueAt;
  const state = (): FollowUpState => {
    if (at !== undefined) return at < dueAt ? 'in_time' : 'late';
    if (withdrawn) return 'withdrawn';
    return dueAt <= asOf ? 'missing' : 'not_due';
  };
  return { followUp: { state: state(), at, dueAt, due: dueAt <= asOf && !withdrawn } };
}

/** The standing versions as the document of the `participants` projection has them. */
export function participantFactsOf(versions: readonly RecordVersion[]): ParticipantFacts {
  let document: ParticipantFacts = { facts: [] };
  for (const version of versions) {
    if (!folded.has(version.type)) continue;
    const fact = { ...version, id: version.event, recordedAt: version.firstRecordedAt };
    document = participantsProjection.evolve(
      document,
      fact as unknown as Parameters<typeof participantsProjection.evolve>[1],
    );
  }
  return document;
}

const folded: ReadonlySet<string> = new Set(participantsProjection.eventTypes);

/** The instants from which on the course can be another by the passage of time alone. */
export function turnsOfCourse(
  versions: readonly RecordVersion[],
  { calendar, protocol }: TrialSetting,
): readonly Instant[] {
  return ofType(versions, 'ParticipantDischarged').flatMap(({ occurredAt }) => [
    calendar.endOfTerm(occurredAt, { months: READMISSION_MONTHS }),
    ...(protocol.followUpWithinDays === undefined
      ? []
      : [calendar.endOfTerm(occurredAt, { days: protocol.followUpWithinDays })]),
    interventionWindowClose(occurredAt, protocol.interventionWindow, calendar.timeZone),
  ]);
}
