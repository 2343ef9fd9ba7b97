import type { Instant } from '@cairn/event-sourcing';
import { engagedAt, type EngagementStatus, statusAt } from './engagement.js';
import { ALL, cellName, type Contribution } from './ledger.js';
import type { ParticipantCourse } from './participant-course.js';
import { countColumn, share, shareColumn, siteKey, siteRowNames, siteRows, type TableRule } from './table-rule.js';
import type { TrialSetting } from './trial-setting.js';

const key = [{ name: 'definition', definition: 'Id of the definition of engagement.' }, siteKey];

/** A row for each definition and site. */
const definitionRows: TableRule['rows'] = (setting) =>
  setting.definitions.flatMap(({ id }) => siteRows(setting).map((row) => [id, ...row]));
export const definitionRowNames: TableRule['rowNames'] = (row) => [
  cellName('@definition', row.slice(0, 1), 'definition'),
  ...siteRowNames(row),
];
export { definitionRows, key as definitionKey };

const withData = (table: string) =>
  countColumn(
    table,
    'with_data',
    'Randomised to an arm with the intervention, a peer worker is known, and the use of the data was not withdrawn.',
  );
const engaged = (table: string) =>
  countColumn(
    table,
    'engaged',
    'With data, and the definition is met by contacts that were attended before the intervention window closed.',
  );

/** Open: the intervention's delivery among those of whom there are data, without whom it was offered to. */
export const engagementTable: TableRule = {
  table: 'engagement',
  audience: 'open',
  key,
  rows: definitionRows,
  rowNames: definitionRowNames,
  columns: [
    withData('engagement'),
    engaged('engagement'),
    countColumn(
      'engagement',
      'not_yet',
      'With data, not engaged, and the window is still open or there was no discharge yet.',
    ),
    countColumn('engagement', 'not_engaged', 'With data, not engaged, and the window has closed.'),
    shareColumn('of_with_data', 'engaged / with_data.', engaged('engagement'), withData('engagement')),
  ],
};

const offered = countColumn('offered', 'offered', 'Randomised to an arm with the intervention.');

/** Unblinded: how many were offered the intervention, and so how many are in the other arms. */
export const offeredTable: TableRule = {
  table: 'offered',
  audience: 'unblinded',
  key,
  rows: definitionRows,
  rowNames: definitionRowNames,
  columns: [
    countColumn('offered', 'randomised', 'Randomised to any arm.'),
    offered,
    withData('offered'),
    engaged('offered'),
    shareColumn('of_with_data', 'engaged / with_data.', engaged('offered'), withData('offered')),
    shareColumn('of_offered', 'engaged / offered.', engaged('offered'), offered),
    shareColumn('lower', 'All without data taken as not engaged: engaged / offered.', engaged('offered'), offered),
    {
      name: 'upper',
      unit: 'proportion',
      definition: 'All without data taken as engaged: (engaged + offered − with_data) / offered.',
      value: (read, row) => {
        const count = (column: string): number => read.count('offered', row, column);
        return share(count('engaged') + count('offered') - count('with_data'), count('offered'));
      },
    },
  ],
};

/** A participant by one definition. */
export interface DefinedEngagement {
  readonly definition: string;
  readonly status: EngagementStatus;
  readonly engagedAt: Instant | undefined;
}

/** By every definition of the trial. */
export const engagementsOf = (
  { timeline }: ParticipantCourse,
  { definitions }: TrialSetting,
  asOf: Instant,
): readonly DefinedEngagement[] =>
  definitions.map((definition) => {
    const at = engagedAt(timeline, definition);
    const status = statusAt(timeline, at, asOf);
    return { definition: definition.id, status, engagedAt: status === 'engaged' ? at : undefined };
  });

/** What a participant adds to the tables of engagement. */
export function countEngagement(
  contribution: Contribution,
  { site, randomised }: ParticipantCourse,
  engagements: readonly DefinedEngagement[],
): void {
  if (!randomised) return;
  for (const { definition, status } of engagements) {
    for (const row of [
      [definition, site],
      [definition, ALL],
    ]) {
      contribution.count('offered', row, 'randomised');
      if (status === 'not_offered') continue;
      contribution.count('offered', row, 'offered');
      if (status === 'no_data') continue;
      for (const table of ['offered', 'engagement']) contribution.count(table, row, 'with_data');
      contribution.count('engagement', row, status);
      if (status === 'engaged') contribution.count('offered', row, 'engaged');
    }
  }
}
