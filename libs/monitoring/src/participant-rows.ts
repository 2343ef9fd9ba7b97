import type { Instant } from '@cairn/event-sourcing';
import type { DefinedEngagement } from './engagement-tables.js';
import { cellName, type Contribution } from './ledger.js';
import { flowBoxOf } from './flow-tree.js';
import type { ParticipantCourse } from './participant-course.js';
import { earliestOf, ofType, type RecordVersion } from './record-versions.js';
import { type ColumnRule, ownColumn, type TableRule, timeColumn } from './table-rule.js';
import type { TableValue } from './trial-table.js';

const TABLE = 'participants';
const own = (name: string, definition: string): ColumnRule => ownColumn(TABLE, name, definition);
const time = (name: string, definition: string): ColumnRule => timeColumn(TABLE, name, definition);

/**
 * Unblinded: each participant, for the statistician.
 * @param definitions ids of the trial's definitions of engagement
 */
export const participantsTable = (definitions: readonly string[]): TableRule => ({
  table: TABLE,
  audience: 'unblinded',
  key: [{ name: 'participant', definition: 'Participant referred or randomised by then, whose referral stands.' }],
  rows: (_, ledger) => ledger.rowsOf(TABLE),
  rowNames: (row) => [cellName(TABLE, row, 'site')],
  columns: [
    own('site', 'Site of the referral.'),
    own('flow', 'The box of the participant flow that they have come to.'),
    time('referred_at', 'When referred; null when that is later than the randomisation and has not come.'),
    time('randomised_at', 'When randomised; of two randomisations the earlier.'),
    own('arm', 'Arm of that randomisation.'),
    own('stratum', 'Stratum of that randomisation.'),
    own('worker', 'Peer worker of the earliest allocation.'),
    time('allocated_at', 'When that was.'),
    time('discharged_at', 'Index discharge: the earliest. Null also when the use of the data was withdrawn.'),
    time('window_closes_at', 'First instant from which contacts count no more.'),
    time('follow_up_due_at', 'First instant at which the clinical follow-up is too late.'),
    time('followed_up_at', 'First follow-up at or after the discharge.'),
    own('follow_up', 'in_time, late, missing, not_due or withdrawn; null when not discharged or not asked for.'),
    time('readmitted_at', 'First readmission within 12 months of the discharge.'),
    own('ward_contacts', 'Contacts on the ward that were attended, whenever they were.'),
    own('community_meetings', 'Meetings in the community that were attended, whenever they were.'),
    own('attempts', 'Contacts and meetings that were not attended.'),
    time('withdrawn_intervention_at', 'Earliest withdrawal from the intervention.'),
    time('withdrawn_follow_up_at', 'Earliest withdrawal from follow-up.'),
    time('withdrawn_data_use_at', 'Earliest withdrawal of the use of the data.'),
    ...definitions.flatMap((id) => [
      own(`status_${id}`, `engaged, not_yet, not_engaged, no_data or not_offered by definition ${id}.`),
      time(`engaged_at_${id}`, `When the contact took place that completed definition ${id}.`),
    ]),
  ],
});

/** A participant's own row. */
export function addParticipantRow(
  contribution: Contribution,
  participant: string,
  course: ParticipantCourse,
  engagements: readonly DefinedEngagement[],
  versions: readonly RecordVersion[],
  asOf: Instant,
): void {
  const { timeline, randomised, withdrawnAt, discharged } = course;
  const usable = withdrawnAt.data_use === undefined;
  const past = versions.filter(({ occurredAt }) => occurredAt <= asOf);
  const allocation = usable ? earliestOf(ofType(past, 'WorkerAllocated')) : undefined;
  const contacts = [...ofType(past, 'WardContactRecorded'), ...ofType(past, 'CommunityMeetingRecorded')];
  const attended = contacts.filter(({ data }) => data.outcome === 'attended');
  const attendedOf = (type: string): TableValue =>
    usable ? attended.filter((contact) => contact.type === type).length : null;
  const { followUp } = discharged ?? {};
  contribution.row(TABLE, [participant], {
    site: course.site,
    flow: flowBoxOf(course),
    referred_at: at(timeline.referredAt! <= asOf ? timeline.referredAt : undefined),
    randomised_at: at(randomised?.at),
    arm: randomised?.arm ?? null,
    stratum: randomised?.stratum ?? null,
    worker: allocation?.data.worker ?? null,
    allocated_at: at(allocation?.occurredAt),
    discharged_at: at(discharged?.at),
    window_closes_at: at(discharged && timeline.closesAt),
    follow_up_due_at: at(followUp?.dueAt),
    followed_up_at: at(followUp?.at),
    follow_up: followUp?.state ?? null,
    readmitted_at: at(discharged?.readmittedAt),
    ward_contacts: attendedOf('WardContactRecorded'),
    community_meetings: attendedOf('CommunityMeetingRecorded'),
    attempts: usable ? contacts.length - attended.length : null,
    withdrawn_intervention_at: at(withdrawnAt.intervention),
    withdrawn_follow_up_at: at(withdrawnAt.follow_up),
    withdrawn_data_use_at: at(withdrawnAt.data_use),
    ...Object.fromEntries(
      engagements.flatMap(({ definition, status, engagedAt }) => [
        [`status_${definition}`, status],
        [`engaged_at_${definition}`, at(engagedAt)],
      ]),
    ),
  });
}

const at = (instant: Instant | undefined): TableValue => instant ?? null;
