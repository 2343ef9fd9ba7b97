import type { Demand } from './demand.js';
import { limitsOf } from './limits.js';
import { type CapacityPlan, planFor } from './plan.js';
import type { UnitCosts } from './unit-costs.js';

type Row = readonly string[];

const hours = (seconds: number): string =>
  seconds >= 5_400
    ? `${figure(seconds / 3_600)} h`
    : seconds >= 90
      ? `${figure(seconds / 60)} min`
      : `${figure(seconds)} s`;
const bytes = (count: number): string => {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  return `${figure(count / 1_000 ** power)} ${units[power]}`;
};
/** Two digits: what is behind it promises no more. */
const figure = (count: number): string =>
  count >= 100
    ? Number(count.toPrecision(2)).toLocaleString('en')
    : count.toLocaleString('en', { maximumSignificantDigits: 2 });
const ms = (count: number): string => `${figure(count)} ms`;

/** A table as Markdown has it. */
const markdown = (header: Row, rows: readonly Row[]): string =>
  [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** What one of anything costs. */
export function costsTable({ cpu, postgres, bytes: size, memory, ...costs }: UnitCosts): string {
  return markdown(
    ['one', 'costs', 'where'],
    [
      ['command by GraphQL', ms(cpu.apiCommand), 'CPU of the api'],
      ['record of an import', ms(cpu.apiImported), 'CPU of the api'],
      ['event, projected', ms(cpu.projector), 'CPU of the projector'],
      ['event, signed', ms(cpu.notary), 'CPU of the projector (its notary)'],
      ['event, watched', ms(cpu.alerter), 'CPU of the alerter'],
      ['event, recorded and projected', ms(postgres.recorded), 'CPU of PostgreSQL'],
      ['event, signed and watched', ms(postgres.signed + postgres.watched), 'CPU of PostgreSQL'],
      ['alert to one who follows', ms(cpu.apiAlert), 'CPU of the api'],
      ['commit that an api only hears of', ms(cpu.apiHeard), 'CPU of each api'],
      ['event, stored', bytes(size.log), 'log'],
      ['event, stored', bytes(size.indexes), 'indexes of the log'],
      ['event, stored', bytes(size.readModels), 'read models and timers'],
      ['event, stored', bytes(size.proofs), 'tiles and checkpoints'],
      ['event, written', bytes(size.wal), "PostgreSQL's own log"],
      [
        'process with nothing to do',
        [memory.api, memory.projector, memory.alerter].map(bytes).join(', '),
        'memory of api, projector, alerter',
      ],
      ['who follows', bytes(memory.subscriber), 'memory of the api'],
      ['participant of a trial that is looked at', bytes(memory.participant), 'memory of the api'],
      ['event, in a rebuild', `${figure(costs.rebuildMicroseconds)} µs`, 'time of one projector'],
      ['tenant', `${figure(costs.appendsOfOneTenant)} events/s`, 'that its log takes'],
      ['event', `${figure(costs.alertsOfAnEvent)} alerts`, 'that follow from it'],
      ['participant', `${figure(costs.timersOfAParticipant)} timers`, 'that wait'],
      ['participant', `${figure(costs.eventsOfAParticipant)} events`, '`cairn simulate`'],
      ['busiest week of a trial', `${figure(costs.busiestWeek)} times`, 'the mean one, `cairn simulate`'],
    ],
  );
}

/** What it takes to serve each of some demands, and what breaks first. */
export function planTables(
  costs: UnitCosts,
  demands: readonly Demand[],
): { readonly plans: string; readonly limits: string } {
  const plans = demands.map((demand) => planFor(costs, demand));
  return { plans: plansTable(plans), limits: limitsTable(costs, plans) };
}

const PLAN_ROWS: readonly (readonly [title: string, cell: (plan: CapacityPlan) => string])[] = [
  ['participants', ({ flow }) => figure(flow.participants)],
  ['events a year', ({ flow }) => figure(flow.eventsPerYear)],
  ['events stored', ({ flow }) => figure(flow.stored)],
  ['events/s, mean; in a busy hour', ({ flow }) => `${figure(flow.mean)}; ${figure(flow.busiest)}`],
  ['apis', ({ instances, cores }) => `${instances.api} (${figure(cores.api)} cores)`],
  ['projectors', ({ instances, cores }) => `${instances.projector} (${figure(cores.projector)} cores)`],
  ['alerters', ({ instances, cores }) => `${instances.alerter} (${figure(cores.alerter)} cores)`],
  ['PostgreSQL', ({ cores }) => `${figure(cores.postgres)} cores`],
  [
    'memory of apis, projectors, alerters',
    ({ memory }) => [memory.api, memory.projector, memory.alerter].map(bytes).join(', '),
  ],
  ['connections, at the most', ({ connections }) => figure(connections)],
  ['disk: log and indexes', ({ disk }) => bytes(disk.log + disk.indexes)],
  ['disk: read models; proofs', ({ disk }) => `${bytes(disk.readModels)}; ${bytes(disk.proofs)}`],
  ["PostgreSQL's own log: busy hour; year", ({ wal }) => `${bytes(wal.busiest)}/s; ${bytes(wal.year)}`],
  ['rebuild by one projector', ({ rebuild }) => hours(rebuild)],
  ['Monday: imports are done after', ({ waits }) => hours(waits.imported.longest)],
  ['Monday: an event is shown after', ({ waits }) => hours(waits.shown.longest)],
  ['Monday: a timer is looked at after', ({ waits }) => hours(waits.due.longest)],
];

/** Plans beside each other. */
function plansTable(plans: readonly CapacityPlan[]): string {
  return markdown(
    ['trials', ...plans.map(({ demand }) => demand.trials.toLocaleString('en'))],
    PLAN_ROWS.map(([title, cell]) => [title, ...plans.map(cell)]),
  );
}

/** How much of each limit is used up, what breaks first in the last of the plans first. */
function limitsTable(costs: UnitCosts, plans: readonly CapacityPlan[]): string {
  const each = plans.map((plan) => new Map(limitsOf(plan, costs).map((limit) => [limit.name, limit])));
  const largest = [...(each.at(-1)?.values() ?? [])];
  return markdown(
    ['of what bears', ...plans.map(({ demand }) => `${demand.trials.toLocaleString('en')} trials`), 'what to add'],
    largest.map(({ name, bears, unit, remedy }) => [
      `${name}, ${figure(bears)}${unit === '' ? '' : ` ${unit}`}`,
      ...each.map((limits) => part(limits.get(name)!)),
      remedy,
    ]),
  );
}

function part({ load, bears }: { readonly load: number; readonly bears: number }): string {
  const percent = `${figure((load / bears) * 100)} %`;
  return load > bears ? `**${percent}**` : percent;
}
