import { ContactMode, ContactOutcome, SupervisionKind } from '@cairn/delivery';
import { EmployerKind, Locality, WorkerRole } from '@cairn/registry';
import { type CommandFromRow } from './bundle-record.js';
import { startOfDay } from './start-of-day.js';
import type { RowCells } from './row-cells.js';

/** What a row's meaning depends on beside the row. */
export interface TrialContext {
  readonly trial: string;
  /** Days are those of this zone. */
  readonly timeZone: string;
}

/** A file of the format: its columns, and the commands that one row stands for. */
export interface BundleTable<Column extends string = string> {
  readonly file: string;
  readonly columns: readonly Column[];
  /** All commands of a row are for one stream. What the row leaves open has no command. */
  readonly commands: (cells: RowCells<Column>, context: TrialContext) => readonly CommandFromRow[];
}

const table = <const Column extends string>(
  file: string,
  columns: readonly Column[],
  commands: BundleTable<NoInfer<Column>>['commands'],
): BundleTable => ({ file, columns, commands }) as unknown as BundleTable;

/**
 * A command made of cells: each field with the column it comes from. Fields that are undefined are left out: an empty cell is
 * "not known", which is not a value.
 */
function command(
  name: string,
  fixed: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, readonly [column: string, value: unknown]>>,
): CommandFromRow {
  const input: Record<string, unknown> = { ...fixed };
  const columns: Record<string, string> = {};
  for (const [field, [column, value]] of Object.entries(fields)) {
    if (value !== undefined) input[field] = value;
    columns[field] = column;
  }
  return { name, input, columns };
}

const sites = table(
  'sites.csv',
  ['site_id', 'name', 'employer_kind', 'employer_name', 'host_organisation', 'locality', 'time_zone', 'opened_on'],
  (cells, { trial }) => [
    command(
      'registerSite',
      { trial },
      {
        site: ['site_id', cells.required('site_id', cells.identifier)],
        name: ['name', cells.requiredText('name')],
        employerKind: ['employer_kind', cells.required('employer_kind', (c) => cells.oneOf(c, EmployerKind.options))],
        employerName: ['employer_name', cells.requiredText('employer_name')],
        hostOrganisation: ['host_organisation', cells.requiredText('host_organisation')],
        locality: ['locality', cells.someOf('locality', Locality.options)],
        timeZone: ['time_zone', cells.timeZone('time_zone')],
        openedOn: ['opened_on', cells.date('opened_on')],
      },
    ),
  ],
);

const workers = table(
  'workers.csv',
  ['worker_id', 'site_id', 'role', 'started_at', 'ended_at', 'days_per_week'],
  (cells, { trial }) => [
    command(
      'registerWorker',
      { trial },
      {
        worker: ['worker_id', cells.required('worker_id', cells.identifier)],
        site: ['site_id', cells.required('site_id', cells.identifier)],
        role: ['role', cells.required('role', (c) => cells.oneOf(c, WorkerRole.options))],
        startedAt: ['started_at', cells.time('started_at')],
        endedAt: ['ended_at', cells.time('ended_at')],
        daysPerWeek: ['days_per_week', cells.number('days_per_week')],
      },
    ),
  ],
);

const training = table('training.csv', ['worker_id', 'attended_on', 'days'], (cells, { trial }) => [
  command(
    'recordTraining',
    { trial },
    {
      worker: ['worker_id', cells.required('worker_id', cells.identifier)],
      attendedOn: ['attended_on', cells.required('attended_on', cells.date)],
      days: ['days', cells.required('days', cells.number)],
    },
  ),
]);

const participants = table(
  'participants.csv',
  [
    'participant_id',
    'site_id',
    'referred_at',
    'randomised_at',
    'arm',
    'stratum',
    'worker_id',
    'discharged_at',
    'followed_up_at',
    'withdrawn_at',
  ],
  (cells, { trial }) => {
    const participant = cells.required('participant_id', cells.identifier);
    const site = cells.required('site_id', cells.identifier);
    const referredAt = cells.time('referred_at');
    const randomisedAt = cells.time('randomised_at');
    const arm = cells.identifier('arm');
    const worker = cells.identifier('worker_id');
    const dischargedAt = cells.time('discharged_at');
    const followedUpAt = cells.time('followed_up_at');
    const withdrawnAt = cells.time('withdrawn_at');
    if (cells.text('referred_at') === undefined && cells.text('randomised_at') === undefined) {
      cells.fault('referred_at', 'VALUE_MISSING', 'Neither referred_at nor randomised_at is known.');
    }
    if (randomisedAt !== undefined) cells.requiredText('arm');
    if (arm !== undefined) cells.requiredText('randomised_at');

    const whose = (name: string, fields: Parameters<typeof command>[2]): CommandFromRow =>
      command(name, { trial }, { participant: ['participant_id', participant], ...fields });
    // A referral comes before randomisation; without its own time, the latest it can have been is all that is known.
    const referral = referredAt !== undefined ? 'referred_at' : 'randomised_at';
    const allocation = randomisedAt !== undefined ? 'randomised_at' : 'referred_at';
    return [
      whose('referParticipant', { site: ['site_id', site], occurredAt: [referral, referredAt ?? randomisedAt] }),
      ...(arm !== undefined
        ? [
            whose('recordRandomisation', {
              arm: ['arm', arm],
              stratum: ['stratum', cells.identifier('stratum')],
              occurredAt: ['randomised_at', randomisedAt],
            }),
          ]
        : []),
      ...(worker !== undefined
        ? [
            whose('allocateWorker', {
              worker: ['worker_id', worker],
              occurredAt: [allocation, randomisedAt ?? referredAt],
            }),
          ]
        : []),
      ...(dischargedAt !== undefined
        ? [whose('recordDischarge', { occurredAt: ['discharged_at', dischargedAt] })]
        : []),
      ...(followedUpAt !== undefined
        ? [whose('recordFollowUp', { occurredAt: ['followed_up_at', followedUpAt] })]
        : []),
      ...(withdrawnAt !== undefined
        ? [
            command(
              'withdrawParticipant',
              { trial, scope: 'intervention' },
              { participant: ['participant_id', participant], occurredAt: ['withdrawn_at', withdrawnAt] },
            ),
          ]
        : []),
    ];
  },
);

const readmissions = table(
  'readmissions.csv',
  ['participant_id', 'admitted_at', 'discharged_at'],
  (cells, { trial }) => [
    command(
      'recordReadmission',
      { trial },
      {
        participant: ['participant_id', cells.required('participant_id', cells.identifier)],
        occurredAt: ['admitted_at', cells.required('admitted_at', cells.time)],
        dischargedAt: ['discharged_at', cells.time('discharged_at')],
      },
    ),
  ],
);

const contacts = table(
  'contacts.csv',
  ['contact_id', 'participant_id', 'worker_id', 'occurred_at', 'entered_at', 'setting', 'mode', 'outcome', 'minutes'],
  (cells, { trial }) => {
    const setting = cells.required('setting', (c) => cells.oneOf(c, ['ward', 'community']));
    return [
      command(
        setting === 'ward' ? 'recordWardContact' : 'recordCommunityMeeting',
        { trial },
        {
          participant: ['participant_id', cells.required('participant_id', cells.identifier)],
          worker: ['worker_id', cells.required('worker_id', cells.identifier)],
          contact: ['contact_id', cells.required('contact_id', cells.identifier)],
          occurredAt: ['occurred_at', cells.required('occurred_at', cells.time)],
          enteredAt: ['entered_at', cells.time('entered_at')],
          mode: ['mode', cells.required('mode', (c) => cells.oneOf(c, ContactMode.options))],
          outcome: ['outcome', cells.required('outcome', (c) => cells.oneOf(c, ContactOutcome.options))],
          minutes: ['minutes', cells.wholeNumber('minutes')],
        },
      ),
    ];
  },
);

const supervision = table(
  'supervision.csv',
  ['supervision_id', 'site_id', 'occurred_at', 'kind', 'facilitator_id', 'attendee_ids', 'minutes'],
  (cells, { trial }) => [
    command(
      'recordSupervision',
      { trial },
      {
        site: ['site_id', cells.required('site_id', cells.identifier)],
        supervision: ['supervision_id', cells.required('supervision_id', cells.identifier)],
        kind: ['kind', cells.required('kind', (c) => cells.oneOf(c, SupervisionKind.options))],
        facilitator: ['facilitator_id', cells.identifier('facilitator_id')],
        attendees: ['attendee_ids', cells.identifiers('attendee_ids')],
        minutes: ['minutes', cells.wholeNumber('minutes')],
        occurredAt: ['occurred_at', cells.required('occurred_at', cells.time)],
      },
    ),
  ],
);

const teamPreparation = table(
  'team_preparation.csv',
  ['session_id', 'site_id', 'ward_id', 'occurred_at', 'staff_attending'],
  (cells, { trial }) => [
    command(
      'recordTeamPreparation',
      { trial },
      {
        site: ['site_id', cells.required('site_id', cells.identifier)],
        session: ['session_id', cells.required('session_id', cells.identifier)],
        ward: ['ward_id', cells.required('ward_id', cells.identifier)],
        staffAttending: ['staff_attending', cells.wholeNumber('staff_attending')],
        occurredAt: ['occurred_at', cells.required('occurred_at', cells.time)],
      },
    ),
  ],
);

const fidelity = table(
  'fidelity.csv',
  ['site_id', 'assessed_on', 'instrument', 'rater_id', 'total'],
  (cells, { trial, timeZone }) => {
    const assessedOn = cells.required('assessed_on', cells.date);
    return [
      command(
        'recordFidelityAssessment',
        { trial },
        {
          site: ['site_id', cells.required('site_id', cells.identifier)],
          instrument: ['instrument', cells.required('instrument', cells.identifier)],
          rater: ['rater_id', cells.required('rater_id', cells.identifier)],
          total: ['total', cells.required('total', cells.number)],
          occurredAt: ['assessed_on', assessedOn === undefined ? undefined : startOfDay(assessedOn, timeZone)],
        },
      ),
    ];
  },
);

/** Every table of the format, in the order in which they are imported: nobody is named before they are known. */
export const bundleTables: readonly BundleTable[] = [
  sites,
  workers,
  training,
  participants,
  readmissions,
  contacts,
  supervision,
  teamPreparation,
  fidelity,
];
