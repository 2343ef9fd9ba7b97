import { formatInstant, type Instant } from '@cairn/event-sourcing';
import { localDayOf } from './local-days.js';
import type { ContactRecord } from './records.js';
import type { SimulatedLife } from './simulated-life.js';
import type { SimulatedTrial } from './simulate-trial.js';

/** An empty cell is undefined. */
export type Cell = string | number | undefined;

/** A file of a trial bundle (docs/bundle.md). Its rows are made while they are read. */
export interface SimulatedFile {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: () => Generator<readonly Cell[]>;
}

/** A simulated trial as a bundle: what `trial.json` says, and its tables. */
export interface SimulatedBundle {
  readonly trial: Readonly<Record<string, unknown>>;
  readonly files: readonly SimulatedFile[];
}

export function bundleOf(trial: SimulatedTrial): SimulatedBundle {
  const { protocol, ...description } = trial.description;
  const file = (name: string, columns: string, rows: () => Generator<readonly Cell[]>): SimulatedFile => ({
    file: name,
    columns: columns.split(' '),
    rows,
  });
  return {
    trial: { ...description, ...protocol },
    files: [
      file(
        'sites.csv',
        'site_id name employer_kind employer_name host_organisation locality time_zone opened_on',
        function* () {
          for (const { site, employer, openedOn } of trial.sites) {
            const host = `Trust of ${site}`;
            const employerName = employer === 'NHS' ? host : `Voluntary organisation of ${site}`;
            yield [site, `Site ${site}`, employer, employerName, host, 'urban', undefined, openedOn];
          }
        },
      ),
      file('workers.csv', 'worker_id site_id role started_at ended_at days_per_week', function* () {
        for (const { workers } of trial.sites) {
          for (const { worker, site, role } of workers) yield [worker, site, role, undefined, undefined, undefined];
        }
      }),
      file('training.csv', 'worker_id attended_on days', function* () {
        for (const { data } of trial.trainings()) yield [data.worker, data.attendedOn, data.days];
      }),
      file(
        'participants.csv',
        'participant_id site_id referred_at randomised_at arm stratum worker_id discharged_at followed_up_at withdrawn_at',
        function* () {
          for (const life of trial.lives()) yield participantRow(life);
        },
      ),
      file('readmissions.csv', 'participant_id admitted_at discharged_at', function* () {
        for (const { participant, readmitted } of trial.lives()) {
          if (readmitted) yield [participant, formatInstant(readmitted.at), formatInstant(readmitted.dischargedAt)];
        }
      }),
      file(
        'contacts.csv',
        'contact_id participant_id worker_id occurred_at entered_at setting mode outcome minutes',
        function* () {
          for (const { contacts } of trial.lives()) for (const contact of contacts) yield contactRow(contact);
        },
      ),
      file(
        'supervision.csv',
        'supervision_id site_id occurred_at kind facilitator_id attendee_ids minutes',
        function* () {
          for (const { occurredAt, data } of trial.supervisions()) {
            const { supervision, site, kind, facilitator, attendees, minutes } = data;
            yield [supervision, site, formatInstant(occurredAt), kind, facilitator, attendees.join('|'), minutes];
          }
        },
      ),
      file('team_preparation.csv', 'session_id site_id ward_id occurred_at staff_attending', function* () {
        for (const { occurredAt, data } of trial.preparations()) {
          yield [data.session, data.site, data.ward, formatInstant(occurredAt), data.staffAttending];
        }
      }),
      file('fidelity.csv', 'site_id assessed_on instrument rater_id total', function* () {
        for (const { occurredAt, data } of trial.assessments()) {
          const assessedOn = localDayOf(occurredAt, trial.description.timeZone);
          yield [data.site, assessedOn, data.instrument, data.rater, data.total];
        }
      }),
    ],
  };
}

const time = (at: Instant | undefined): string | undefined => (at === undefined ? undefined : formatInstant(at));

const participantRow = (life: SimulatedLife): readonly Cell[] => [
  life.participant,
  life.site,
  time(life.referredAt),
  time(life.randomisedAt),
  life.arm,
  life.stratum,
  life.worker,
  time(life.dischargedAt),
  time(life.followedUpAt),
  time(life.withdrawnAt),
];

const contactRow = ({ type, occurredAt, data }: ContactRecord): readonly Cell[] => [
  data.contact,
  data.participant,
  data.worker,
  formatInstant(occurredAt),
  data.enteredAt,
  type === 'WardContactRecorded' ? 'ward' : 'community',
  data.mode,
  data.outcome,
  data.minutes,
];
