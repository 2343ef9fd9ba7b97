import { ruleEpisodes } from '@cairn/monitoring';
import type { SignalRule } from '@cairn/signals';
import {
  type Calibration,
  type FalseAlarm,
  falseAlarms,
  type SimulationPlan,
  type SimulatedTrial,
} from '@cairn/simulation';
import { simulatedFacts } from './simulated-facts.js';

/**
 * How often each rule is expected to raise a signal where nothing is wrong, per site and month: the false alarms of trials
 * simulated by the plan's null plan. The same seed gives the same figures.
 */
export const calibrate = (
  rules: readonly SignalRule[],
  options: { readonly plan: SimulationPlan; readonly rounds: number; readonly seed: number },
): Calibration =>
  falseAlarms(
    rules.map(({ rule }) => rule),
    options,
    (trial) => signalsOf(rules, trial),
  );

function* signalsOf(rules: readonly SignalRule[], trial: SimulatedTrial): Generator<FalseAlarm> {
  const facts = simulatedFacts(trial);
  for (const rule of rules) {
    for (const { site, from } of ruleEpisodes(rule, facts)) yield { rule: rule.rule, site, from };
  }
}
