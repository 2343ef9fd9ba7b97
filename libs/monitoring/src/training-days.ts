import type { Instant } from '@cairn/event-sourcing';
import { countExpected } from './currency.js';
import { cellName, type Contribution } from './ledger.js';
import { instantOf, ofType, type RecordVersion } from './record-versions.js';
import { ownColumn, protocolPart, siteKey, type TableRule } from './table-rule.js';
import type { TrialSetting } from './trial-setting.js';
import type { RegisteredWorker } from './trial-register.js';

const TABLE = 'training';

export const trainingTable: TableRule = {
  table: TABLE,
  audience: 'open',
  key: [siteKey, { name: 'worker', definition: 'Id of a worker of the site.' }],
  rows: (_, ledger) => ledger.rowsOf(TABLE),
  rowNames: (row) => [cellName(TABLE, row, 'role')],
  columns: [
    ownColumn(TABLE, 'role', 'peer_worker or coordinator.'),
    ownColumn(TABLE, 'started', 'Whether the employment had started by then; true when no start was given.'),
    ownColumn(TABLE, 'days', 'Sum of the days of training that were attended by then.', 'days'),
    {
      name: 'days_required',
      unit: 'days',
      definition: "The protocol's trainingDays for a peer worker; null for a coordinator, or where it gives none.",
      value: (read, row) =>
        read.own(TABLE, row, 'role') === 'peer_worker' ? protocolPart(read, 'trainingDays') : null,
    },
    {
      name: 'complete',
      definition: 'Whether days is at least days_required; null without those.',
      value: (read, row) => {
        const required = read.own(TABLE, row, 'role') === 'peer_worker' ? protocolPart(read, 'trainingDays') : null;
        return required === null ? null : Number(read.own(TABLE, row, 'days')) >= Number(required);
      },
    },
  ],
};

/** What a worker's training adds. */
export function countTraining(
  contribution: Contribution,
  { worker, site, role, startedAt }: RegisteredWorker,
  versions: readonly RecordVersion[],
  { protocol }: TrialSetting,
  asOf: Instant,
): void {
  const days = ofType(versions, 'TrainingAttended')
    .filter(({ occurredAt }) => occurredAt <= asOf)
    .reduce((sum, { data }) => sum + data.days, 0);
  const started = startedAt === undefined || instantOf(startedAt) <= asOf;
  contribution.row(TABLE, [site, worker], { role, started, days });
  if (protocol.trainingDays === undefined || role !== 'peer_worker' || !started) return;
  countExpected(contribution, 'currency', 'training', site, 1, days >= protocol.trainingDays ? 1 : 0);
}
