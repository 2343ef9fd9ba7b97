import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from '../terminal.js';
import type { CapacityOptions } from './capacity-command.js';

const number =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most)) {
      throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
    }
    return value;
  };

const COSTS = [
  '--costs <file>',
  'unit costs of `cairn capacity measure` (default: those of docs/capacity.md)',
] as const;

/** The commands `capacity`; see docs/capacity.md. */
export function capacityCommands(program: Command, terminal: Terminal): void {
  const load = () => import('./capacity-command.js');
  const capacity = program
    .command('capacity')
    .description('What it takes to serve so many trials, and what breaks first.');
  capacity
    .command('plan')
    .description('Instances, cores, memory, disk and connections for a demand.')
    .requiredOption('--trials <number>', 'that run at a time', number(1, 1_000_000))
    .option('--sites <number>', 'of each trial (default: 7)', number(1, 10_000))
    .option('--participants <number>', 'of each site (default: 84)', number(1, 1_000_000))
    .option('--events-per-participant <number>', '(default: as `cairn simulate` makes them)', number(1, 10_000))
    .option('--subscribers <number>', 'of each trial, at a time (default: 5)', number(0, 100_000))
    .option('--tenants <number>', 'that have the trials (default: one for 50 trials)', number(1, 1_000_000))
    .option('--years <number>', 'of events that are stored (default: 5)', number(0.1, 100))
    .option('--seed <number>', 'of the Monday: where trials are, and which sites import', number(0, 4_294_967_295))
    .option(...COSTS)
    .action(async (options: CapacityOptions) => (await load()).capacityPlan(options, terminal));
  capacity
    .command('tables')
    .description('The tables of docs/capacity.md.')
    .option(...COSTS)
    .action(async (options: Pick<CapacityOptions, 'costs'>) => (await load()).capacityTables(options, terminal));
  capacity
    .command('measure')
    .description('Measure what one of anything costs on this machine, in a few minutes.')
    .requiredOption('--out <file>', 'a JSON file for the unit costs')
    .action(async (options: { readonly out: string }) => (await load()).capacityMeasure(options, terminal));
}
