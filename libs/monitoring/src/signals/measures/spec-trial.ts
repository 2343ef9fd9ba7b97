import { type Instant, parseInstant } from '@cairn/event-sourcing';
import { Protocol } from '@cairn/registry/protocol';
import type { RecordEvent, RecordVersion } from '../../record-versions.js';
import type { RegisteredSite, RegisteredWorker } from '../../trial-register.js';
import { TrialCalendar, trialSetting } from '../../trial-setting.js';
import { unitName, type TrialUnit } from '../../trial-units.js';
import type { Episode } from '../episode.js';
import type { TrialFacts } from '../trial-facts.js';

/** An instant in writing, or a day, which is the noon of it. */
export const at = (text: string): Instant => parseInstant(text.length === 10 ? `${text}T12:00:00Z` : text)!;

/** Something recorded about somebody; `id` is the event's as well. */
export interface SpecRecord {
  readonly kind: TrialUnit['kind'];
  readonly unit: string;
  readonly type: RecordEvent['type'];
  readonly occurredAt: Instant;
  readonly recordedAt?: Instant;
  readonly data?: object;
  readonly id?: string;
}

export const of = (
  unit: string,
  type: RecordEvent['type'],
  occurredAt: string,
  data: object = {},
  id?: string,
): SpecRecord => {
  const kind = type === 'TrainingAttended' ? 'worker' : ofSites.has(type) ? 'site' : 'participant';
  return { kind, unit, type, occurredAt: at(occurredAt), data, ...(id !== undefined && { id }) };
};

const ofSites: ReadonlySet<string> = new Set(['SupervisionHeld', 'TeamPreparationHeld', 'FidelityAssessed']);

export const specProtocol = Protocol.parse({
  arms: [
    { id: 'support', intervention: true },
    { id: 'usual', intervention: false },
  ],
  interventionWindow: { monthsAfterDischarge: 4 },
  fidelity: { instrument: 'index', minimum: 3, maximum: 12 },
  trainingDays: 8,
});

const workers: readonly RegisteredWorker[] = [
  { worker: 'W1', site: 'S1', role: 'peer_worker' },
  { worker: 'W2', site: 'S2', role: 'peer_worker' },
  { worker: 'C1', site: 'S1', role: 'coordinator' },
];
const opened = ['S1', 'S2', 'S3'].map((site): RegisteredSite => ({ site, openedOn: '2017-01-02' }));

/** The facts that records make, in a trial of three sites that opened on 2 January 2017. */
export function factsOf(
  records: readonly SpecRecord[],
  {
    sites = opened,
    timeZone = 'Europe/London',
    recruitmentTo,
  }: {
    readonly sites?: readonly RegisteredSite[];
    readonly timeZone?: string;
    readonly recruitmentTo?: string;
  } = {},
): TrialFacts {
  const protocols = [{ version: 1, occurredAt: 0, protocol: specProtocol }];
  const units = new Map<string, TrialUnit & { versions: RecordVersion[] }>();
  records.forEach(({ kind, unit: id, type, occurredAt, recordedAt, data, id: given }, index) => {
    const event = given ?? `event ${index}`;
    const name = unitName({ kind, id });
    const unit = units.get(name) ?? { kind, id, versions: [] };
    units.set(name, unit);
    unit.versions.push({
      type,
      occurredAt,
      data: { trial: 'trial', [kind]: id, ...data },
      event,
      record: event,
      position: BigInt(index + 1),
      firstRecordedAt: recordedAt ?? occurredAt,
    } as RecordVersion);
  });
  const setting = trialSetting({ timeZone, protocols, sites, workers }, 0, calendarOf(timeZone));
  return { setting, recruitmentTo, units };
}

const calendars = new Map<string, TrialCalendar>();

/** Days are worked out once for all trials of a zone. */
function calendarOf(timeZone: string): TrialCalendar {
  const calendar = calendars.get(timeZone) ?? new TrialCalendar(timeZone);
  calendars.set(timeZone, calendar);
  return calendar;
}

/** A participant of a site with a worker, discharged on a day. */
export const discharged = (unit: string, on: string, site = 'S1'): readonly SpecRecord[] => [
  of(unit, 'ParticipantReferred', '2017-01-02', { site }),
  of(unit, 'ParticipantRandomised', '2017-01-03', { arm: 'support' }),
  of(unit, 'WorkerAllocated', '2017-01-04', { worker: 'W1' }),
  of(unit, 'ParticipantDischarged', on, {}, `discharge ${unit}`),
];

export const contact = (unit: string, on: string, data: object = {}, id?: string): SpecRecord =>
  of(unit, 'CommunityMeetingRecorded', on, { mode: 'face_to_face', outcome: 'attended', ...data }, id);

/** Episodes in short: of whom, from when, until when, and what ended them. */
export const inShort = (episodes: readonly Episode[]) =>
  episodes.map(({ subject, from, until, end }) => [
    subject.id,
    new Date(from).toISOString(),
    until === undefined ? undefined : new Date(until).toISOString(),
    end,
  ]);
