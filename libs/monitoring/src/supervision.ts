import type { Instant } from '@cairn/event-sourcing';
import { Temporal } from 'temporal-polyfill';
import { countExpected } from './currency.js';
import { ALL, type Contribution, type Reader, type RowKey } from './ledger.js';
import { ofType, type RecordVersion, type VersionOf } from './record-versions.js';
import {
  type ColumnRule,
  countColumn,
  inWriting,
  shareColumn,
  siteKey,
  siteRowNames,
  siteRows,
  type TableRule,
} from './table-rule.js';
import { numberOfDay, type TrialCalendar, type TrialSetting } from './trial-setting.js';
import type { TableValue } from './trial-table.js';

const TABLE = 'supervision';
const WEEK = 7;

/** Null where it is not known when the site opened. */
const sinceOpening = (column: ColumnRule): ColumnRule => ({
  ...column,
  value: (read, row) =>
    row[0] !== ALL && read.own('@site', row, 'openedOn') === null ? null : column.value(read, row),
});

const weeksExpected = sinceOpening(
  countColumn(
    TABLE,
    'weeks_expected',
    'Whole weeks of 7 days that have passed since the day on which the site opened.',
  ),
);
const weeksWithSession = sinceOpening(
  countColumn(TABLE, 'weeks_with_session', 'Of weeks_expected: with a group session on one of their days.'),
);

/** Of the sites together the greatest. */
const greatest =
  (sites: readonly string[], column: string) =>
  (read: Reader, row: RowKey): TableValue => {
    const of = (site: string): TableValue => read.own(TABLE, [site], column);
    if (row[0] !== ALL) return of(row[0]!);
    return sites
      .map(of)
      .reduce((most, value) => (most === null || (value !== null && value > most) ? value : most), null);
  };

/** @param sites ids of the register */
export const supervisionTable = (sites: readonly string[]): TableRule => ({
  table: TABLE,
  audience: 'open',
  key: [siteKey],
  rows: siteRows,
  rowNames: siteRowNames,
  columns: [
    countColumn(TABLE, 'group', 'Group sessions held.'),
    countColumn(TABLE, 'individual', 'Individual sessions held.'),
    countColumn(TABLE, 'action_learning_set', 'Action learning sets held, at the site that recorded them.'),
    {
      name: 'last_group',
      unit: 'RFC 3339',
      definition: 'The latest group session.',
      value: (read, row) => inWriting(greatest(sites, 'last_group')(read, row)),
    },
    {
      name: 'longest_gap',
      unit: 'days',
      definition:
        'Most calendar days from the day of opening, or of a group session since, to the day of the next group session or of the cut. Null where it is not known when the site opened, or before that.',
      value: greatest(sites, 'longest_gap'),
    },
    weeksExpected,
    weeksWithSession,
    shareColumn('weeks_share', 'weeks_with_session / weeks_expected.', weeksWithSession, weeksExpected),
  ],
});

/** What a site's supervision adds. */
export function countSupervision(
  contribution: Contribution,
  site: string,
  versions: readonly RecordVersion[],
  { calendar, protocol, sites }: TrialSetting,
  asOf: Instant,
): void {
  const held = ofType(versions, 'SupervisionHeld').filter(({ occurredAt }) => occurredAt <= asOf);
  for (const { data } of held) for (const row of [[site], [ALL]]) contribution.count(TABLE, row, data.kind);
  const group = held.filter(({ data }) => data.kind === 'group');
  const last = group.reduce((latest, { occurredAt }) => Math.max(latest, occurredAt), -Infinity);
  const openedOn = sites.get(site)?.openedOn;
  const sessions = openedOn === undefined ? undefined : daysSince(openedOn, group, calendar);
  const today = openedOn === undefined ? -1 : dayNumber(openedOn, asOf, calendar);
  contribution.row(TABLE, [site], {
    last_group: last === -Infinity ? null : last,
    longest_gap: sessions === undefined || today < 0 ? null : longestGap(sessions, today),
  });
  if (sessions === undefined) return;
  const weeks = periods(sessions, today, WEEK);
  for (const row of [[site], [ALL]]) {
    contribution.count(TABLE, row, 'weeks_expected', weeks.expected);
    contribution.count(TABLE, row, 'weeks_with_session', weeks.met);
  }
  if (protocol.groupSupervisionEveryDays === undefined) return;
  const due = periods(sessions, today, protocol.groupSupervisionEveryDays);
  countExpected(contribution, 'currency', 'group_supervision', site, due.expected, due.met);
}

/** Calendar days from the day of opening to that of an instant. */
export const dayNumber = (openedOn: string, instant: Instant, calendar: TrialCalendar): number =>
  calendar.numberOf(instant) - numberOfDay(openedOn);

/** The days of sessions, counted from the day of opening, from that day on, in rising order. */
const daysSince = (
  openedOn: string,
  sessions: readonly VersionOf<'SupervisionHeld'>[],
  calendar: TrialCalendar,
): readonly number[] =>
  sessions
    .map(({ occurredAt }) => dayNumber(openedOn, occurredAt, calendar))
    .filter((day) => day >= 0)
    .sort((a, b) => a - b);

function longestGap(sessions: readonly number[], today: number): number {
  const days = [0, ...sessions, today];
  return Math.max(...days.slice(1).map((day, index) => day - days[index]!));
}

/** How many whole periods of so many days have passed before today, and in how many of them there was a session. */
function periods(sessions: readonly number[], today: number, days: number): { expected: number; met: number } {
  const expected = Math.max(0, Math.floor(today / days));
  const met = new Set(sessions.map((day) => Math.floor(day / days)).filter((period) => period < expected));
  return { expected, met: met.size };
}

/** The first instants after whole periods since opening, up to an instant. */
export function turnsOfSupervision(
  site: string,
  { calendar, protocol, sites }: TrialSetting,
  from: Instant,
  to: Instant,
): readonly Instant[] {
  const openedOn = sites.get(site)?.openedOn;
  if (openedOn === undefined) return [];
  const opened = Temporal.PlainDate.from(openedOn);
  const [first, last] = [dayNumber(openedOn, from, calendar), dayNumber(openedOn, to, calendar)];
  const turns = new Set<Instant>();
  for (const days of [WEEK, protocol.groupSupervisionEveryDays ?? WEEK]) {
    for (let period = Math.max(1, Math.floor(first / days)); period * days <= last; period++) {
      turns.add(calendar.startOf(opened.add({ days: period * days })));
    }
  }
  return [...turns];
}
