import type { DeliveryEvent } from '@cairn/delivery/events';
import type { Fact, Instant, Position } from '@cairn/event-sourcing';
import { Attribution, type DiffCause, type DiffSource } from './diff-causes.js';
import { diffUnit, type DiffSpan } from './diff-unit.js';
import { cellName, Ledger, NotingReader, type RowKey } from './ledger.js';
import { type ColumnRule, keyOf, rowsInOrder, type TableRule } from './table-rule.js';
import { contributionOfSetting } from './trial-contributions.js';
import { protocolAt, type TrialRegister } from './trial-register.js';
import { TrialCalendar, trialSetting, type TrialSetting } from './trial-setting.js';
import type { TableAudience, TableRow, TableValue } from './trial-table.js';
import { tableRules } from './trial-tables.js';
import { trialUnits } from './trial-units.js';

/** From where a trial is looked at: all that was recorded up to a position, as far as it had happened before a time. */
export interface CutMoment {
  readonly position: Position;
  /** Exclusive. */
  readonly occurredBefore: Instant;
}

/** The register after one of its events. */
export interface RegisterStep {
  /** Id of the event. */
  readonly event: string;
  readonly position: Position;
  readonly register: TrialRegister;
}

export interface TrialDiffInput {
  /** Of this trial, in the order of the log, up to the higher of the two positions; those of other contexts are left out. */
  readonly events: Iterable<Fact<DeliveryEvent>>;
  /** By position, from the trial's registration, which is before both moments. */
  readonly registers: readonly RegisterStep[];
  readonly from: CutMoment;
  readonly to: CutMoment;
}

/** A value of a table that is another at the second moment. */
export interface TrialChange {
  readonly table: string;
  readonly audience: TableAudience;
  /** The columns that name the row. */
  readonly key: TableRow;
  readonly column: string;
  /** Null also where there is no such row or column. */
  readonly from: TableValue;
  readonly to: TableValue;
  /**
   * Of a count, what they added sums up to the whole change, what is null taken as 0. To leave out, before the second
   * moment, any record between the two that is no cause would leave the change as it is.
   */
  readonly causes: readonly DiffCause[];
}

/** Every value of a trial's tables that changed between two moments, with what changed it; by table, row and column. */
export function trialDiff(input: TrialDiffInput): readonly TrialChange[] {
  if (input.from.position <= input.to.position) return diffForward(input);
  // What was taken away is what was added the other way round.
  return diffForward({ ...input, from: input.to, to: input.from }).map((change) => ({
    ...change,
    from: change.to,
    to: change.from,
    causes: change.causes.map((cause) => (cause.by === undefined ? cause : { ...cause, by: 0 - cause.by })),
  }));
}

function diffForward(input: TrialDiffInput): readonly TrialChange[] {
  const span = spanOf(input);
  const { setting: before } = span.from;
  const { setting: after } = span.to;
  const attribution = new Attribution();
  const ledgers = { from: new Ledger(), to: new Ledger() };
  ledgers.from.add(contributionOfSetting(before));
  ledgers.to.add(contributionOfSetting(after));
  for (const { source, before: from, setting } of [...span.recorded, ...span.passed]) {
    attribution.step(source, contributionOfSetting(from), contributionOfSetting(setting));
  }
  for (const unit of trialUnits(input.events, after.register).values()) {
    const { from, to, attribution: ofUnit } = diffUnit(unit, span);
    ledgers.from.add(from);
    ledgers.to.add(to);
    attribution.takeIn(ofUnit);
  }
  const rules = new Map(tableRules(before).map((rule) => [rule.table, rule]));
  return tableRules(after).flatMap((rule) =>
    changesOf(
      { rule: rules.get(rule.table)!, setting: before, ledger: ledgers.from },
      { rule, setting: after, ledger: ledgers.to },
      attribution,
    ),
  );
}

function spanOf({ registers, from, to }: TrialDiffInput): DiffSpan {
  const at = ({ position, occurredBefore }: CutMoment) => {
    const step = registers.findLast((each) => each.position <= position);
    if (!step) throw new Error('The trial was not registered by then.');
    return { position, asOf: occurredBefore - 1, register: step.register };
  };
  const [start, end] = [at(from), at(to)];
  const calendars = new Map<string, TrialCalendar>();
  const settings = new Map<TrialRegister, Map<number, TrialSetting>>();
  const settingAt = (register: TrialRegister, asOf: Instant): TrialSetting => {
    const versions = settings.get(register) ?? new Map<number, TrialSetting>();
    settings.set(register, versions);
    const { version } = protocolAt(register, asOf);
    const calendar = calendars.get(register.timeZone) ?? new TrialCalendar(register.timeZone);
    calendars.set(register.timeZone, calendar);
    const setting = versions.get(version) ?? trialSetting(register, asOf, calendar);
    versions.set(version, setting);
    return setting;
  };
  const between = registers.filter(({ position }) => position > from.position && position <= to.position);
  let before = settingAt(start.register, start.asOf);
  const recorded = between.map(({ event, position, register }) => {
    const setting = settingAt(register, start.asOf);
    const step = { source: { kind: 'register', event, position } as const, before, setting };
    before = setting;
    return step;
  });
  return {
    from: { ...start, setting: settingAt(start.register, start.asOf) },
    to: { ...end, setting: settingAt(end.register, end.asOf) },
    recorded,
    passed: passedBetween(
      registers,
      end.register,
      [start.asOf, end.asOf].sort((a, b) => a - b) as [Instant, Instant],
      settingAt,
    ),
  };
}

/** The versions of the protocol that came into force after the one instant, up to the other. */
function passedBetween(
  registers: readonly RegisterStep[],
  register: TrialRegister,
  [low, high]: readonly [Instant, Instant],
  settingAt: (register: TrialRegister, asOf: Instant) => TrialSetting,
): DiffSpan['passed'] {
  const instants = register.protocols.map(({ occurredAt }) => occurredAt).filter((at) => at > low && at <= high);
  return [...new Set(instants)]
    .sort((a, b) => a - b)
    .flatMap((at) => {
      const [before, setting] = [settingAt(register, at - 1), settingAt(register, at)];
      const step = registers.find((each) => each.register.protocols.some(({ version }) => version === setting.version));
      if (before === setting || !step) return [];
      return [
        { at, before, setting, source: { kind: 'register', event: step.event, position: step.position } as const },
      ];
    });
}

interface Side {
  readonly rule: TableRule;
  readonly setting: TrialSetting;
  readonly ledger: Ledger;
}

/** The values of one table that are others on the second side. */
function changesOf(before: Side, after: Side, attribution: Attribution): readonly TrialChange[] {
  const [from, to] = [rowsOf(before), rowsOf(after)];
  const columns = (side: Side) => new Map(side.rule.columns.map((column) => [column.name, column]));
  const [fromColumns, toColumns] = [columns(before), columns(after)];
  const names = new Set([...toColumns.keys(), ...fromColumns.keys()]);
  const rows = new Map([...from, ...to]);
  return [...rows.keys()].sort(byText).flatMap((name) => {
    const row = rows.get(name)!;
    return [...names].flatMap((column): readonly TrialChange[] => {
      const fromColumn = from.has(name) ? fromColumns.get(column) : undefined;
      const toColumn = to.has(name) ? toColumns.get(column) : undefined;
      const was = valueOf(before, fromColumn, row);
      const is = valueOf(after, toColumn, row);
      if (was === is) return [];
      const made = new Set([...namesOf(before, fromColumn, row), ...namesOf(after, toColumn, row)]);
      const causes = attribution.of(made);
      const isCount = (toColumns.get(column) ?? fromColumns.get(column))!.isCount === true;
      const { table, audience } = after.rule;
      return [
        {
          table,
          audience,
          key: keyOf(after.rule, row),
          column,
          from: was,
          to: is,
          causes: isCount ? causes : causes.map(withoutAmount),
        },
      ];
    });
  });
}

const rowsOf = ({ rule, setting, ledger }: Side): ReadonlyMap<string, RowKey> =>
  new Map(rowsInOrder(rule, setting, ledger).map((row) => [row.join('\n'), row]));

const valueOf = ({ ledger }: Side, column: ColumnRule | undefined, row: RowKey): TableValue =>
  column ? column.value(ledger, row) : null;

/** The names of all that a value was made of; of a row or column that is not there, of what would say that it is. */
function namesOf({ rule, ledger }: Side, column: ColumnRule | undefined, row: RowKey): Iterable<string> {
  if (!column) return [...rule.rowNames(row), cellName('@protocol', ['protocol'], 'version')];
  const reader = new NotingReader(ledger);
  column.value(reader, row);
  return reader.read;
}

const withoutAmount = ({ by: _, ...source }: Required<DiffCause>): DiffSource => source;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
