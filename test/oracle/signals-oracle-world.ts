import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { endOfDay } from './calendar.js';

/** What stands of a trial's records, as rules about signals need it. */
export interface SignalWorld {
  zone: string;
  window: { months: number } | { weeks: number };
  interventionArms: string[];
  recruitmentTo: string | undefined;
  instrument: string | undefined;
  /** What the protocol says, else what holds for every trial. */
  limits: {
    followUpDays: number;
    supervisionDays: number;
    trainingDays: number;
    engagement: number;
    fidelity: number;
  };
  sites: { id: string; openedOn?: string }[];
  workers: { id: string; site: string; role: string; endedAt?: number }[];
  people: SignalPerson[];
  supervisions: { site: string; at: number; kind: string }[];
  preparations: { site: string; at: number }[];
  trainings: { worker: string; at: number; days: number }[];
  assessments: { site: string; at: number; instrument: string; rater: string; total: number }[];
}

export interface SignalPerson {
  id: string;
  site: string;
  referrals: { at: number }[];
  randomisations: { at: number; arm: string }[];
  allocations: { at: number; worker: string }[];
  discharges: { at: number }[];
  followUps: { at: number }[];
  readmissions: { at: number }[];
  withdrawals: { at: number; scope: string }[];
  contacts: SignalContact[];
}

export interface SignalContact {
  at: number;
  /** When it was typed in, where the source system says so, else when it was recorded first. */
  entered: number;
  setting: string;
  mode: string;
  outcome: string;
}

/** Reads a bundle's folder, everything recorded as soon as it happened. */
export function signalWorld(directory: string): SignalWorld {
  const rows = (file: string): Record<string, string>[] =>
    existsSync(join(directory, file))
      ? parse(readFileSync(join(directory, file)), { columns: true, bom: true, skip_empty_lines: true })
      : [];
  const trial = JSON.parse(readFileSync(join(directory, 'trial.json'), 'utf8')) as {
    timeZone: string;
    recruitmentTo?: string;
    arms: { id: string; intervention: boolean }[];
    interventionWindow: { monthsAfterDischarge: number } | { weeksAfterDischarge: number };
    followUpWithinDays?: number;
    trainingDays?: number;
    groupSupervisionEveryDays?: number;
    fidelity?: { instrument: string };
    siteClasses?: { low: { fidelity: number; engagement: number } };
  };
  const zone = trial.timeZone;
  const window = trial.interventionWindow;
  const when = (text: string | undefined): { at: number }[] => (text ? [{ at: Date.parse(text) }] : []);
  const dayStart = (day: string): number =>
    endOfDay(new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10), zone);
  const contacts = Map.groupBy(rows('contacts.csv'), (row) => row['participant_id']!);
  const readmissions = Map.groupBy(rows('readmissions.csv'), (row) => row['participant_id']!);
  return {
    zone,
    window:
      'weeksAfterDischarge' in window ? { weeks: window.weeksAfterDischarge } : { months: window.monthsAfterDischarge },
    interventionArms: trial.arms.filter(({ intervention }) => intervention).map(({ id }) => id),
    recruitmentTo: trial.recruitmentTo,
    instrument: trial.fidelity?.instrument,
    limits: {
      followUpDays: trial.followUpWithinDays ?? 7,
      supervisionDays: (trial.groupSupervisionEveryDays ?? 7) + 3,
      trainingDays: trial.trainingDays ?? 8,
      engagement: trial.siteClasses?.low.engagement ?? 50,
      fidelity: trial.siteClasses?.low.fidelity ?? 9,
    },
    sites: rows('sites.csv').map((row) => ({
      id: row['site_id']!,
      ...(row['opened_on'] && { openedOn: row['opened_on'] }),
    })),
    workers: rows('workers.csv').map((row) => ({
      id: row['worker_id']!,
      site: row['site_id']!,
      role: row['role']!,
      ...(row['ended_at'] && { endedAt: Date.parse(row['ended_at']) }),
    })),
    people: rows('participants.csv').map((row) => ({
      id: row['participant_id']!,
      site: row['site_id']!,
      referrals: when(row['referred_at'] || row['randomised_at']),
      randomisations: when(row['randomised_at']).map(({ at }) => ({ at, arm: row['arm']! })),
      allocations: row['worker_id']
        ? when(row['randomised_at'] || row['referred_at']).map(({ at }) => ({ at, worker: row['worker_id']! }))
        : [],
      discharges: when(row['discharged_at']),
      followUps: when(row['followed_up_at']),
      readmissions: readmissions.get(row['participant_id']!)?.flatMap((each) => when(each['admitted_at'])) ?? [],
      withdrawals: when(row['withdrawn_at']).map(({ at }) => ({ at, scope: 'intervention' })),
      contacts: (contacts.get(row['participant_id']!) ?? []).map((contact) => ({
        at: Date.parse(contact['occurred_at']!),
        entered: Date.parse(contact['entered_at'] || contact['occurred_at']!),
        setting: contact['setting']!,
        mode: contact['mode']!,
        outcome: contact['outcome']!,
      })),
    })),
    supervisions: rows('supervision.csv').map((row) => ({
      site: row['site_id']!,
      at: Date.parse(row['occurred_at']!),
      kind: row['kind']!,
    })),
    preparations: rows('team_preparation.csv').map((row) => ({
      site: row['site_id']!,
      at: Date.parse(row['occurred_at']!),
    })),
    trainings: rows('training.csv').map((row) => ({
      worker: row['worker_id']!,
      at: dayStart(row['attended_on']!),
      days: Number(row['days']),
    })),
    assessments: rows('fidelity.csv').map((row) => ({
      site: row['site_id']!,
      at: dayStart(row['assessed_on']!),
      instrument: row['instrument']!,
      rater: row['rater_id']!,
      total: Number(row['total']),
    })),
  };
}
