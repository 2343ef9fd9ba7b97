import { defaultRules } from '@cairn/monitoring';
import { SignalRule } from '@cairn/signals';
import { type Calibration, type SimulationPlan, simulateTrial } from '@cairn/simulation';
import { z } from 'zod';
import { ExitCode, UsageError } from '../exit-code.js';
import { readJsonFile, readPlanFile } from '../simulate/plan-file.js';
import { grouped, tableLines, type Terminal } from '../terminal.js';
import { calibrate } from './calibrate.js';

export interface CalibrateOptions {
  readonly trialPlan: string;
  readonly rounds: number;
  readonly seed: number;
  /** A JSON file with a list of rules; absent: the shipped ones, with the plan's limits. */
  readonly rules?: string;
  readonly json: boolean;
}

/**
 * `cairn calibrate`: expected false alarms per site and month, by rule.
 * @throws UsageError
 */
export async function calibrateCommand(options: CalibrateOptions, { out }: Terminal): Promise<ExitCode> {
  const plan = await readPlanFile(options.trialPlan);
  const rules = options.rules === undefined ? shipped(plan) : await readRules(options.rules);
  const calibration = calibrate(rules, { plan, rounds: options.rounds, seed: options.seed });
  out.write(options.json ? `${JSON.stringify(calibration)}\n` : table(calibration));
  return ExitCode.done;
}

const shipped = (plan: SimulationPlan): readonly SignalRule[] => defaultRules(simulateTrial(plan).description.protocol);

async function readRules(file: string): Promise<readonly SignalRule[]> {
  const read = z
    .array(SignalRule)
    .min(1)
    .max(1_000)
    .safeParse(await readJsonFile(file));
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => `  ${path.map(String).join('.')}: ${message}`);
    throw new UsageError(`${file} is no list of rules:\n${problems.join('\n')}`);
  }
  const ids = read.data.map(({ rule }) => rule);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new UsageError(`${file} has the rule ${twice} twice`);
  return read.data;
}

function table({ rates, rounds, seed, siteMonths }: Calibration): string {
  const rows = rates.map(({ rule, alarms, perSiteAndMonth, standardError }) => [
    rule,
    grouped(alarms),
    perSiteAndMonth.toFixed(4),
    standardError === null ? '–' : standardError.toFixed(4),
  ]);
  const lines = [
    `False alarms in ${grouped(rounds)} trials in which nothing is wrong, of ${siteMonths.toFixed(1)} months of sites each; seed ${seed}`,
    '',
    ...tableLines(['rule', 'alarms', 'per site and month', 'standard error'], rows, new Set([1, 2, 3])),
  ];
  return `${lines.join('\n')}\n`;
}
