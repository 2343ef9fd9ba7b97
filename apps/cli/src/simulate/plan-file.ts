import { readFile } from 'node:fs/promises';
import { readPlan, type SimulationPlan } from '@cairn/simulation';
import { UsageError } from '../exit-code.js';

/** Reads a JSON file. @throws UsageError when there is none, or it is not JSON */
export async function readJsonFile(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as SyntaxError).message}`);
  }
}

/** Reads a plan of a simulation. @throws UsageError with everything that is wrong, not just the first thing */
export async function readPlanFile(file: string): Promise<SimulationPlan> {
  const reading = readPlan(await readJsonFile(file));
  if (reading.kind === 'read') return reading.plan;
  const problems = reading.problems.map(({ code, path, message }) => `  ${code} ${path || 'the plan'}: ${message}`);
  throw new UsageError(`${file} is no plan:\n${problems.join('\n')}`);
}
