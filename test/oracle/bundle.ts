import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { endOfDay } from './calendar.js';
import type { OracleTrial } from './engagement-oracle.js';

interface TrialFile {
  id: string;
  timeZone: string;
  arms: { id: string; intervention: boolean }[];
  interventionWindow: { monthsAfterDischarge: number } | { weeksAfterDischarge: number };
  fidelity?: { instrument: string };
}

export const trialFile = (directory: string): TrialFile =>
  JSON.parse(readFileSync(join(directory, 'trial.json'), 'utf8').replace(/^\uFEFF/, '')) as TrialFile;

/** Reads a bundle's folder; everything counts as recorded long ago. */
export function readBundle(directory: string): OracleTrial {
  const rows = (file: string): Record<string, string>[] =>
    existsSync(join(directory, file))
      ? parse(readFileSync(join(directory, file)), { columns: true, bom: true, skip_empty_lines: true })
      : [];
  const trial = trialFile(directory);
  const zone = trial.timeZone;
  const window = trial.interventionWindow;
  const at = (text: string | undefined) => ({ at: Date.parse(text!), recordedAt: 0 });
  const contacts = Map.groupBy(rows('contacts.csv'), (row) => row['participant_id']);
  return {
    zone,
    window:
      'weeksAfterDischarge' in window ? { weeks: window.weeksAfterDischarge } : { months: window.monthsAfterDischarge },
    interventionArms: trial.arms.filter((arm) => arm.intervention).map((arm) => arm.id),
    sites: rows('sites.csv').map((row) => row['site_id']!),
    instrument: trial.fidelity?.instrument,
    participants: rows('participants.csv').map((row) => ({
      id: row['participant_id']!,
      site: row['site_id']!,
      referral: at(row['referred_at'] || row['randomised_at']),
      randomisations: row['randomised_at'] ? [{ ...at(row['randomised_at']), arm: row['arm']! }] : [],
      allocations: row['worker_id']
        ? [{ ...at(row['randomised_at'] || row['referred_at']), worker: row['worker_id'] }]
        : [],
      discharges: row['discharged_at'] ? [at(row['discharged_at'])] : [],
      withdrawals: row['withdrawn_at'] ? [{ ...at(row['withdrawn_at']), scope: 'intervention' as const }] : [],
      contacts: (contacts.get(row['participant_id']) ?? []).map((contact) => ({
        ...at(contact['occurred_at']),
        setting: contact['setting'] as 'ward',
        mode: contact['mode'] as 'text',
        outcome: contact['outcome']!,
      })),
    })),
    assessments: rows('fidelity.csv').map((row) => ({
      at: startOfDay(row['assessed_on']!, zone),
      recordedAt: 0,
      site: row['site_id']!,
      instrument: row['instrument']!,
      rater: row['rater_id']!,
      total: Number(row['total']),
    })),
  };
}

function startOfDay(day: string, zone: string): number {
  const before = new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
  return endOfDay(before, zone);
}
