import type { Instant } from '@cairn/event-sourcing';
import { delayOf } from './late-records.js';
import { ALL, type Contribution, type Reader, type RowKey } from './ledger.js';
import type { ParticipantCourse } from './participant-course.js';
import { ofType, type RecordVersion } from './record-versions.js';
import {
  type ColumnRule,
  protocolPart,
  shareColumn,
  siteKey,
  siteRowNames,
  siteRows,
  type TableRule,
} from './table-rule.js';
import type { TableValue } from './trial-table.js';

/*
 * How current the record is: what should be on record at the cut against what is, and how long records take to arrive.
 */

const HOUR = 3_600_000;

/** Why nothing is expected of a kind anywhere, or since when it is. */
type Expectation =
  | { readonly kind: 'none' }
  | { readonly kind: 'always' }
  /** Of the protocol, which may not ask for it; `fromOpening`: reckoned from the day on which the site opened. */
  | { readonly kind: 'protocol'; readonly part: string; readonly fromOpening: boolean };

interface CurrencyKind {
  readonly id: string;
  readonly expected: string;
  readonly recorded: string;
  readonly expectation: Expectation;
}

const noneExpected = { expected: 'nothing', recorded: 'nothing', expectation: { kind: 'none' } } as const;

const openKinds: readonly CurrencyKind[] = [
  {
    id: 'discharge',
    expected: 'participants randomised, data may be used',
    recorded: 'those with an index discharge',
    expectation: { kind: 'always' },
  },
  {
    id: 'fidelity',
    expected: "1 a site from the day on that is the instrument's notBeforeMonthsOfDelivery (else 0) after opening",
    recorded: 'those with a fidelity that was not assessed early',
    expectation: { kind: 'protocol', part: 'fidelity', fromOpening: true },
  },
  {
    id: 'follow_up',
    expected:
      'participants discharged whose last day for the follow-up is over, not withdrawn from follow-up before its end',
    recorded: 'those with a follow-up, in time or late',
    expectation: { kind: 'protocol', part: 'followUpWithinDays', fromOpening: false },
  },
  {
    id: 'group_supervision',
    expected: "whole periods of the protocol's groupSupervisionEveryDays since the day of opening",
    recorded: 'those with a group session on one of their days',
    expectation: { kind: 'protocol', part: 'groupSupervisionEveryDays', fromOpening: true },
  },
  { id: 'randomisation', ...noneExpected },
  { id: 'readmission', ...noneExpected },
  { id: 'referral', ...noneExpected },
  { id: 'team_preparation', ...noneExpected },
  {
    id: 'training',
    expected: 'peer workers who have started',
    recorded: "those with at least the protocol's trainingDays",
    expectation: { kind: 'protocol', part: 'trainingDays', fromOpening: false },
  },
  { id: 'withdrawal', ...noneExpected },
];

const allocationKinds: readonly CurrencyKind[] = [
  {
    id: 'allocation',
    expected: 'participants offered the intervention, data may be used',
    recorded: 'those with a peer worker',
    expectation: { kind: 'always' },
  },
  { id: 'community_meeting', ...noneExpected },
  {
    id: 'ward_contact',
    expected: 'participants offered the intervention, with a peer worker, discharged',
    recorded: 'those with a contact on the ward, attended or attempted, by the discharge',
    expectation: { kind: 'always' },
  },
  { id: 'withdrawal_intervention', ...noneExpected },
];

/** Open: what is recorded of every arm alike, and of sites and workers. */
export const currencyTable: TableRule = currencyRule('currency', 'open', openKinds);
/** Unblinded: what only those have who were offered the intervention. */
export const currencyAllocationTable: TableRule = currencyRule('currency_allocation', 'unblinded', allocationKinds);

function currencyRule(table: string, audience: TableRule['audience'], kinds: readonly CurrencyKind[]): TableRule {
  const byId = new Map(kinds.map((kind) => [kind.id, kind]));
  const inWords = (which: 'expected' | 'recorded'): string =>
    kinds
      .flatMap(({ id, expectation, [which]: words }) => (expectation.kind === 'none' ? [] : [`${id}: ${words}`]))
      .join('; ');
  const amount = (name: 'expected' | 'recorded'): ColumnRule => ({
    name,
    definition: `${inWords(name)}. Null where nothing is expected, see reason.`,
    value: (read, row) =>
      withoutExpectation(read, row, byId.get(row[0]!)!.expectation) === null ? read.count(table, row, name) : null,
    isCount: true,
  });
  const delays = (read: Reader, row: RowKey): readonly number[] => read.list(table, row, 'delays');
  return {
    table,
    audience,
    key: [{ name: 'kind', definition: 'What is recorded.' }, siteKey],
    rows: (setting) => kinds.flatMap(({ id }) => siteRows(setting).map((row) => [id, ...row])),
    rowNames: siteRowNames,
    columns: [
      amount('expected'),
      amount('recorded'),
      shareColumn('proportion', 'recorded / expected.', amount('recorded'), amount('expected')),
      {
        name: 'reason',
        definition:
          'Why there is no proportion: no_expectation of that kind, not_in_protocol, opening_unknown of the site, none_expected yet.',
        value: (read, row) =>
          withoutExpectation(read, row, byId.get(row[0]!)!.expectation) ??
          (read.count(table, row, 'expected') === 0 ? 'none_expected' : null),
      },
      {
        name: 'records',
        definition: 'Standing records of the kind that happened by then, whose delay is measured.',
        value: (read, row) => delays(read, row).length,
      },
      {
        name: 'delay_median',
        unit: 'hours',
        definition:
          'Median of the time from happening to first recording; of an even number the mean of the middle two.',
        value: (read, row) => median(delays(read, row)),
      },
      {
        name: 'delay_p90',
        unit: 'hours',
        definition: 'The shortest delay that at least 90 % of the records do not exceed.',
        value: (read, row) => nearestRank(delays(read, row), 9, 10),
      },
    ],
  };
}

function withoutExpectation(read: Reader, row: RowKey, expectation: Expectation): string | null {
  switch (expectation.kind) {
    case 'none':
      return 'no_expectation';
    case 'always':
      return null;
    case 'protocol': {
      if (protocolPart(read, expectation.part) === null) return 'not_in_protocol';
      const site = row.at(-1)!;
      const unknown = expectation.fromOpening && site !== ALL && read.own('@site', [site], 'openedOn') === null;
      return unknown ? 'opening_unknown' : null;
    }
    default:
      return expectation satisfies never;
  }
}

/** @param sorted in rising order */
export function median(sorted: readonly number[]): TableValue {
  if (sorted.length === 0) return null;
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}

/** The value whose rank is numerator/denominator of all, rounded up. @param sorted in rising order */
export const nearestRank = (sorted: readonly number[], numerator: number, denominator: number): TableValue =>
  sorted[Math.ceil((sorted.length * numerator) / denominator) - 1] ?? null;

/** Adds to what is expected of a site, and to what of it is on record. */
export function countExpected(
  contribution: Contribution,
  table: 'currency' | 'currency_allocation',
  kind: string,
  site: string,
  expected: number,
  recorded: number,
): void {
  for (const row of [
    [kind, site],
    [kind, ALL],
  ]) {
    contribution.count(table, row, 'expected', expected);
    contribution.count(table, row, 'recorded', recorded);
  }
}

/** The time that each record took to arrive. */
export function measureDelays(
  contribution: Contribution,
  versions: readonly RecordVersion[],
  site: string,
  asOf: Instant,
): void {
  for (const version of versions) {
    const [table, kind] = kindOf(version);
    if (version.occurredAt > asOf || kind === undefined) continue;
    for (const at of [site, ALL]) contribution.measure(table, [kind, at], 'delays', delayOf(version) / HOUR);
  }
}

/** The table and the kind in which a record's delay is measured. */
function kindOf(version: RecordVersion): readonly ['currency' | 'currency_allocation', string | undefined] {
  switch (version.type) {
    case 'ParticipantReferred':
      return ['currency', 'referral'];
    case 'ParticipantRandomised':
      return ['currency', 'randomisation'];
    case 'WorkerAllocated':
      return ['currency_allocation', 'allocation'];
    case 'WardContactRecorded':
      return ['currency_allocation', 'ward_contact'];
    case 'CommunityMeetingRecorded':
      return ['currency_allocation', 'community_meeting'];
    case 'ParticipantDischarged':
      return ['currency', 'discharge'];
    case 'ParticipantReadmitted':
      return ['currency', 'readmission'];
    case 'FollowUpRecorded':
      return ['currency', 'follow_up'];
    case 'ParticipantWithdrawn':
      return version.data.scope === 'intervention'
        ? ['currency_allocation', 'withdrawal_intervention']
        : ['currency', 'withdrawal'];
    case 'SupervisionHeld':
      return ['currency', version.data.kind === 'group' ? 'group_supervision' : undefined];
    case 'TeamPreparationHeld':
      return ['currency', 'team_preparation'];
    case 'FidelityAssessed':
      return ['currency', 'fidelity'];
    case 'TrainingAttended':
      return ['currency', 'training'];
    default:
      return version satisfies never;
  }
}

/** What a participant should have on record. */
export function countParticipantCurrency(
  contribution: Contribution,
  { site, randomised, withdrawnAt, discharged, timeline }: ParticipantCourse,
  versions: readonly RecordVersion[],
  asOf: Instant,
): void {
  if (!randomised || withdrawnAt.data_use !== undefined) return;
  countExpected(contribution, 'currency', 'discharge', site, 1, discharged ? 1 : 0);
  const { followUp } = discharged ?? {};
  if (followUp?.due) countExpected(contribution, 'currency', 'follow_up', site, 1, followUp.at === undefined ? 0 : 1);
  if (!timeline.intervention) return;
  const allocated = timeline.allocatedAt !== undefined && timeline.allocatedAt <= asOf;
  countExpected(contribution, 'currency_allocation', 'allocation', site, 1, allocated ? 1 : 0);
  if (!allocated || !discharged) return;
  const onWard = ofType(versions, 'WardContactRecorded').some(({ occurredAt }) => occurredAt <= discharged.at);
  countExpected(contribution, 'currency_allocation', 'ward_contact', site, 1, onWard ? 1 : 0);
}
