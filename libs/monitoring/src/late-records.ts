import type { Instant } from '@cairn/event-sourcing';
import { cellName, type Contribution } from './ledger.js';
import type { RecordVersion } from './record-versions.js';
import { type ColumnRule, ownColumn, type TableRule, timeColumn } from './table-rule.js';

/** A record is late when it was first recorded more than so many times 24 hours after it happened. The limit is ours. */
export const LATE_AFTER_DAYS = 14;

const DAY = 86_400_000;
const TABLE = 'late';
const own = (name: string, definition: string, unit?: string): ColumnRule => ownColumn(TABLE, name, definition, unit);

/** Unblinded, for a record of a contact or an allocation tells the arm. */
export const lateTable: TableRule = {
  table: TABLE,
  audience: 'unblinded',
  key: [
    {
      name: 'event',
      definition: `Id of the event that holds the record, which was first recorded more than ${LATE_AFTER_DAYS} times 24 hours after it happened and is not void.`,
    },
  ],
  rows: (_, ledger) => ledger.rowsOf(TABLE),
  rowNames: (row) => [cellName(TABLE, row, 'type')],
  columns: [
    own('type', 'Type of the record.'),
    own('site', 'Site of the participant, the record or the worker.'),
    own('participant', 'Whom it is about, if a participant.'),
    own('worker', 'The worker of a contact, an allocation or a training.'),
    timeColumn(TABLE, 'occurred_at', 'When it happened.'),
    timeColumn(TABLE, 'recorded_at', 'When it was first recorded; an amendment does not count as a late entry.'),
    own('delay_days', 'From happening to first recording.', 'days of 24 hours'),
  ],
};

/** Milliseconds from happening to first recording; 0 where an amendment moved what happened to after its recording. */
export const delayOf = ({ occurredAt, firstRecordedAt }: RecordVersion): number =>
  Math.max(0, firstRecordedAt - occurredAt);

/** A row for each of a unit's late records. */
export function addLateRows(
  contribution: Contribution,
  versions: readonly RecordVersion[],
  site: string,
  asOf: Instant,
): void {
  for (const version of versions) {
    if (version.occurredAt > asOf || delayOf(version) <= LATE_AFTER_DAYS * DAY) continue;
    const { data } = version;
    contribution.row(TABLE, [version.event], {
      type: version.type,
      site,
      participant: 'participant' in data ? data.participant : null,
      worker: 'worker' in data ? data.worker : null,
      occurred_at: version.occurredAt,
      recorded_at: version.firstRecordedAt,
      delay_days: delayOf(version) / DAY,
    });
  }
}
