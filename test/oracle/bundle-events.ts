import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeliveryEvent } from '@cairn/delivery/events';
import type { Fact } from '@cairn/event-sourcing';
import type { RegisterStep, TrialRegister } from '@cairn/monitoring';
import { Protocol } from '@cairn/registry/protocol';
import { parse } from 'csv-parse/sync';
import { trialFile } from './bundle.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A bundle as a log: the trial is registered, then everything is recorded within days, a tenth of it after three weeks. */
export interface BundleLog {
  readonly register: TrialRegister;
  readonly registers: readonly RegisterStep[];
  readonly events: readonly Fact<DeliveryEvent>[];
}

export function bundleLog(directory: string): BundleLog {
  const rows = (file: string): Record<string, string>[] =>
    parse(readFileSync(join(directory, file)), { columns: true, bom: true, skip_empty_lines: true });
  const trial = trialFile(directory);
  const recorded: { type: string; id: string; occurredAt: number; recordedAt: number; data: object }[] = [];
  const add = (type: string, at: string, data: object): void => {
    const number = recorded.length;
    const occurredAt = Date.parse(at);
    const late = number % 10 === 0 ? 21 * DAY : (number % 5) * DAY;
    const id = `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
    recorded.push({ type, id, occurredAt, recordedAt: occurredAt + late + HOUR, data: { trial: trial.id, ...data } });
  };
  for (const row of rows('participants.csv')) {
    const participant = row['participant_id'];
    add('ParticipantReferred', row['referred_at']!, { participant, site: row['site_id'] });
    if (row['randomised_at']) {
      add('ParticipantRandomised', row['randomised_at'], { participant, arm: row['arm'], stratum: row['stratum'] });
    }
    if (row['worker_id']) add('WorkerAllocated', row['randomised_at']!, { participant, worker: row['worker_id'] });
    if (row['discharged_at']) add('ParticipantDischarged', row['discharged_at'], { participant });
    if (row['followed_up_at']) add('FollowUpRecorded', row['followed_up_at'], { participant });
    if (row['withdrawn_at']) add('ParticipantWithdrawn', row['withdrawn_at'], { participant, scope: 'intervention' });
  }
  for (const row of rows('contacts.csv')) {
    add(row['setting'] === 'ward' ? 'WardContactRecorded' : 'CommunityMeetingRecorded', row['occurred_at']!, {
      participant: row['participant_id'],
      worker: row['worker_id'],
      contact: row['contact_id'],
      mode: row['mode'],
      outcome: row['outcome'],
    });
  }
  for (const row of rows('readmissions.csv')) {
    add('ParticipantReadmitted', row['admitted_at']!, { participant: row['participant_id'] });
  }
  for (const row of rows('supervision.csv')) {
    const { site_id: site, supervision_id: supervision, kind } = row;
    add('SupervisionHeld', row['occurred_at']!, { site, supervision, kind, attendees: [] });
  }
  for (const row of rows('team_preparation.csv')) {
    add('TeamPreparationHeld', row['occurred_at']!, { site: row['site_id'], session: row['session_id'], ward: 'ward' });
  }
  for (const row of rows('training.csv')) {
    const { worker_id: worker, attended_on: attendedOn, days } = row;
    add('TrainingAttended', `${attendedOn}T00:00:00Z`, { worker, attendedOn, days: Number(days) });
  }
  for (const row of rows('fidelity.csv')) {
    const { site_id: site, instrument, rater_id: rater, total } = row;
    add('FidelityAssessed', `${row['assessed_on']}T00:00:00Z`, { site, instrument, rater, total: Number(total) });
  }
  const register: TrialRegister = {
    timeZone: trial.timeZone,
    protocols: [{ version: 1, occurredAt: 0, protocol: Protocol.parse(trial) }],
    sites: rows('sites.csv').map((row) => ({ site: row['site_id']!, openedOn: row['opened_on']! })),
    workers: rows('workers.csv').map((row) => ({
      worker: row['worker_id']!,
      site: row['site_id']!,
      role: row['role'] as 'peer_worker',
      ...(row['started_at'] && { startedAt: row['started_at'] }),
    })),
  };
  const registration = 'ffffffff-0000-4000-8000-000000000000';
  return {
    register,
    registers: [{ event: registration, position: 1n, register }],
    events: recorded
      .sort((a, b) => a.recordedAt - b.recordedAt)
      .map((event, index) => ({
        ...event,
        position: BigInt(index + 2),
        schemaVersion: 1,
        tenant: 'tenant',
        stream: 'stream',
        revision: 0,
        actor: 'actor',
        commandId: event.id,
        correlationId: event.id,
        causationId: event.id,
        metadata: {},
      })) as unknown as readonly Fact<DeliveryEvent>[],
  };
}
