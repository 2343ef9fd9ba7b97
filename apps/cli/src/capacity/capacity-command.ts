import { readFile, writeFile } from 'node:fs/promises';
import { UsageError } from '../exit-code.js';
import type { Terminal } from '../terminal.js';
import type { Demand } from './demand.js';
import { MEASURED } from './measured.js';
import { demandOf, SIZES } from './sizes.js';
import { costsTable, planTables } from './tables.js';
import { isUnitCosts, type UnitCosts } from './unit-costs.js';

export interface CapacityOptions {
  readonly trials: number;
  readonly sites?: number;
  readonly participants?: number;
  readonly eventsPerParticipant?: number;
  readonly subscribers?: number;
  readonly tenants?: number;
  readonly years?: number;
  readonly seed?: number;
  /** Unit costs of `cairn capacity measure`. */
  readonly costs?: string;
}

/** `cairn capacity plan`: what it takes to serve a demand, and what breaks first. @throws UsageError */
export async function capacityPlan({ costs, trials, ...given }: CapacityOptions, { out }: Terminal): Promise<void> {
  const demand = [demandOf(trials, given satisfies Partial<Demand>)];
  const unit = await costsIn(costs);
  const { plans, limits } = planTables(unit, demand);
  out.write(`${plans}\n\n${limits}\n`);
}

/** `cairn capacity tables`: those of docs/capacity.md. @throws UsageError */
export async function capacityTables({ costs }: Pick<CapacityOptions, 'costs'>, { out }: Terminal): Promise<void> {
  const unit = await costsIn(costs);
  const { plans, limits } = planTables(unit, SIZES);
  out.write(`${[costsTable(unit), plans, limits].join('\n\n')}\n`);
}

/** `cairn capacity measure`: measures the unit costs on this machine and writes them down. */
export async function capacityMeasure({ out: file }: { readonly out: string }, { out, err }: Terminal): Promise<void> {
  // Loaded only here: it brings the bench along.
  const [{ openLaboratory }, { FULL_WORK, measureUnitCosts }] = await Promise.all([
    import('../bench/laboratory.js'),
    import('./measure.js'),
  ]);
  const laboratory = await openLaboratory();
  // Ended from outside, the server and its files would stay behind.
  const interrupted = (): void => void laboratory.close().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  try {
    const costs = await measureUnitCosts(laboratory, FULL_WORK, (what) => err.write(`measuring: ${what}\n`));
    await writeFile(file, `${JSON.stringify(costs, null, 2)}\n`);
    out.write(`${costsTable(costs)}\n`);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
    await laboratory.close();
  }
}

async function costsIn(file: string | undefined): Promise<UnitCosts> {
  if (file === undefined) return MEASURED;
  const read = await readFile(file, 'utf8').then(
    (text): unknown => JSON.parse(text),
    () => undefined,
  );
  if (!isUnitCosts(read, MEASURED))
    throw new UsageError(`${file} has no unit costs of this version; see cairn capacity measure`);
  return read;
}
