import {
  boxesOf,
  flowBoxOf,
  type FlowNode,
  flowNode,
  followUpFlow,
  pathTo,
  randomisedFlow,
  referredFlow,
} from './flow-tree.js';
import { ALL, cellName, type Contribution, type RowKey } from './ledger.js';
import type { ParticipantCourse } from './participant-course.js';
import {
  type ColumnRule,
  countColumn,
  protocolPart,
  shareColumn,
  siteKey,
  siteRowNames,
  siteRows,
  type TableRule,
} from './table-rule.js';
import type { TrialTable } from './trial-table.js';

/** The columns of a flow, one for each box. */
const flowColumns = (table: string, flow: typeof referredFlow): readonly ColumnRule[] =>
  boxesOf(flow).map(({ id, definition }) => countColumn(table, id, definition));

/** Null when the protocol asks for no follow-up. */
const whereAsked = (column: ColumnRule): ColumnRule => ({
  ...column,
  value: (read, row) => (protocolPart(read, 'followUpWithinDays') === null ? null : column.value(read, row)),
});

/** The clinical follow-up, for a table that has the boxes of the flow. */
function followUpColumns(table: string): readonly ColumnRule[] {
  const [, ...columns] = flowColumns(table, followUpFlow).map(whereAsked);
  const due = whereAsked(
    countColumn(
      table,
      'follow_up_due',
      'Discharged, the last day for the follow-up is over, and not withdrawn from follow-up before its end.',
    ),
  );
  const dueInTime = whereAsked(
    countColumn(table, 'follow_up_due_in_time', 'Of follow_up_due: followed up by the end of the last day.'),
  );
  return [
    ...columns,
    due,
    dueInTime,
    shareColumn('follow_up_in_time_share', 'follow_up_due_in_time / follow_up_due.', dueInTime, due),
  ];
}

function outcomeColumns(table: string): readonly ColumnRule[] {
  const observed = countColumn(
    table,
    'observed',
    'Discharged, 12 months over, and not withdrawn from follow-up before their end unless readmitted by then.',
  );
  const readmitted = countColumn(table, 'observed_readmitted', 'Of observed: readmitted within 12 months.');
  return [
    observed,
    readmitted,
    shareColumn('readmitted_share', 'observed_readmitted / observed.', readmitted, observed),
  ];
}

/*
 * Withdrawal from the intervention is one arm's, so it is counted where arms are known and not in the open flow.
 */
const withdrawnFollowUp = (table: string): ColumnRule =>
  countColumn(table, 'withdrawn_follow_up', 'Randomised, and withdrawn from follow-up.');
const withdrawnDataUse = (table: string): ColumnRule =>
  countColumn(table, 'withdrawn_data_use', 'Randomised, and the use of their data withdrawn.');
const withdrawnIntervention = (table: string): ColumnRule =>
  countColumn(table, 'withdrawn_intervention', 'Randomised, and withdrawn from the intervention.');

export const flowTable: TableRule = {
  table: 'flow',
  audience: 'open',
  key: [siteKey],
  rows: siteRows,
  rowNames: siteRowNames,
  columns: [
    ...flowColumns('flow', referredFlow),
    ...followUpColumns('flow'),
    ...outcomeColumns('flow'),
    withdrawnFollowUp('flow'),
    withdrawnDataUse('flow'),
  ],
};

export const armsTable: TableRule = {
  table: 'arms',
  audience: 'closed',
  key: [{ name: 'arm', definition: 'Arm of the protocol; of two randomisations the earlier holds.' }],
  rows: ({ protocol }, ledger) => [
    ...new Map(
      [...protocol.arms.map(({ id }) => [id]), ...ledger.rowsOf('arms')].map((row) => [row[0]!, row] as const),
    ).values(),
  ],
  rowNames: (row) => [cellName('@arm', row, 'arm'), cellName('arms', row, 'randomised')],
  columns: [
    ...flowColumns('arms', randomisedFlow),
    ...followUpColumns('arms'),
    ...outcomeColumns('arms'),
    withdrawnIntervention('arms'),
    withdrawnFollowUp('arms'),
    withdrawnDataUse('arms'),
  ],
};

/** What a participant adds to the flow of the site, of all sites and of the arm. */
export function countFlow(contribution: Contribution, course: ParticipantCourse): void {
  const box = flowBoxOf(course);
  const add = (table: string, row: RowKey, flow: typeof referredFlow): void => {
    for (const id of pathTo(box, flow)) contribution.count(table, row, id);
    if (course.randomised) countCourse(contribution, table, row, course);
  };
  add('flow', [course.site], referredFlow);
  add('flow', [ALL], referredFlow);
  if (!course.randomised) return;
  const row = [course.randomised.arm];
  contribution.rows.push({ table: 'arms', row });
  add('arms', row, randomisedFlow);
}

function countCourse(
  contribution: Contribution,
  table: string,
  row: RowKey,
  { discharged, withdrawnAt }: ParticipantCourse,
): void {
  if (withdrawnAt.intervention !== undefined && table === 'arms')
    contribution.count(table, row, 'withdrawn_intervention');
  if (withdrawnAt.follow_up !== undefined) contribution.count(table, row, 'withdrawn_follow_up');
  if (withdrawnAt.data_use !== undefined) contribution.count(table, row, 'withdrawn_data_use');
  if (!discharged) return;
  const { followUp, outcome, observed } = discharged;
  if (observed && outcome !== 'withdrawn') contribution.count(table, row, 'observed');
  if (observed && outcome === 'readmitted') contribution.count(table, row, 'observed_readmitted');
  if (!followUp) return;
  contribution.count(table, row, `follow_up_${followUp.state}`);
  if (!followUp.due) return;
  contribution.count(table, row, 'follow_up_due');
  if (followUp.state === 'in_time') contribution.count(table, row, 'follow_up_due_in_time');
}

const rowOf = (table: Pick<TrialTable, 'rows'>, key: string, value: string) =>
  table.rows.find((row) => row[key] === value);

/**
 * The participant flow of all arms together, for a diagram: from referral to the primary outcome.
 * @param flow the table `flow`
 * @param site `all` or a site
 * @returns undefined when the table has no such row
 */
export function participantFlow(flow: Pick<TrialTable, 'rows'>, site = 'all'): FlowNode | undefined {
  const row = rowOf(flow, 'site', site);
  return row && flowNode(row, referredFlow);
}

/** The clinical follow-up of those discharged; undefined also when the protocol asks for none. */
export function clinicalFollowUpFlow(flow: Pick<TrialTable, 'rows'>, site = 'all'): FlowNode | undefined {
  const row = rowOf(flow, 'site', site);
  return row && row['follow_up_in_time'] !== null ? flowNode(row, followUpFlow) : undefined;
}

/** The participant flow of one arm, from randomisation on, for the closed report. @param arms the table `arms` */
export function armFlow(arms: Pick<TrialTable, 'rows'>, arm: string): FlowNode | undefined {
  const row = rowOf(arms, 'arm', arm);
  return row && flowNode(row, randomisedFlow);
}
